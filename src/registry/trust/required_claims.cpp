#include "registry/trust/required_claims.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <boost/json.hpp>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clean_text.h"
#include "registry/trust/refusal.h"

namespace imp::trust {

namespace {

namespace json = boost::json;
using Part = ClaimRule::Part;

constexpr std::size_t kLongestShown = 512;  // of what a token had, in records and answers

std::unexpected<Failure> invalid(std::string_view member, std::string_view what) {
  return refuse(
      TrustRefusal::invalid_publisher,
      fmt::format("Invalid trusted publisher configuration: claims[\"{}\"] {}.", member, what));
}

constexpr std::size_t kMostOpenClaims = 20;
bool is_identifier(const json::value& value) { return kIdentifier.normal(&value).has_value(); }

bool is_learnt(const Provider& provider, std::string_view name) {
  return std::ranges::find(provider.learnt, name, &LearntClaim::name) != provider.learnt.end();
}

bool may_be_named(const Provider& provider, std::string_view name) {
  const auto rule = std::ranges::find(provider.claims, name, &ClaimRule::name);
  return rule == provider.claims.end() ? is_learnt(provider, name) : !rule->derived;
}

/// "repository, workflow_ref, environment, …": all that may be named.
std::string claims_of(const Provider& provider) {
  std::vector<std::string_view> names;
  for (const ClaimRule& rule : provider.claims) {
    if (!rule.derived) names.push_back(rule.name);
  }
  for (const LearntClaim& learnt : provider.learnt) names.push_back(learnt.name);
  return fmt::format("{}", fmt::join(names, ", "));
}

bool is_empty_list(const json::value& value) {
  return value.is_array() && value.get_array().empty();
}

}  // namespace

Result<RequiredClaims> RequiredClaims::parse(const Provider& provider, const json::object& claims) {
  if (provider.is_open()) return parse_open(provider, claims);
  for (const auto& member : claims) {
    const std::string_view key = member.key();
    if (!may_be_named(provider, key)) {
      return invalid(key,
                     fmt::format("is not a claim that a {} publisher can require; those are {}",
                                 provider.name, claims_of(provider)));
    }
  }
  RequiredClaims parsed(&provider);
  for (const ClaimRule& rule : provider.claims) {
    if (rule.derived) continue;
    const json::value* given = claims.if_contains(rule.name);
    if (!given && !rule.required) continue;
    auto normal = rule.form->normal(given);
    if (!normal) return invalid(rule.name, normal.error());
    if (!is_empty_list(*normal)) parsed.values_[rule.name] = std::move(*normal);
  }
  for (const LearntClaim& learnt : provider.learnt) {
    const json::value* given = claims.if_contains(learnt.name);
    if (!given) continue;
    auto normal = kIdentifier.normal(given);
    if (!normal) return invalid(learnt.name, normal.error());
    parsed.learnt_[learnt.name] = std::move(*normal);
  }
  parsed.derive();
  return parsed;
}

Result<RequiredClaims> RequiredClaims::parse_open(const Provider& provider,
                                                  const json::object& claims) {
  // Those are the same for all tokens, or different for each.
  constexpr std::string_view registered[] = {"iss", "aud", "exp", "iat", "nbf", "jti"};
  if (claims.empty() || claims.size() > kMostOpenClaims) {
    return refuse(TrustRefusal::invalid_publisher,
                  fmt::format("Invalid trusted publisher configuration: claims must name 1 to {} "
                              "claims, each with the value that it must have.",
                              kMostOpenClaims));
  }
  RequiredClaims parsed(&provider);
  bool binds_version = false;
  for (const auto& member : claims) {
    const std::string_view key = member.key();
    if (!is_plain(key, 100) || std::ranges::find(registered, key) != std::end(registered)) {
      return invalid(key, "is not a claim that tells one publisher from another");
    }
    const ClaimForm& form = provider.form_of_open_claim(key);
    auto normal = form.normal(&member.value());
    if (!normal) return invalid(key, normal.error());
    const auto text = shown_text(*normal);
    if (text && form.version && text->contains("{{version}}") &&
        std::exchange(binds_version, true)) {
      return invalid(key, "must not bind the version as well: one claim may");
    }
    parsed.values_[key] = std::move(*normal);
  }
  return parsed;
}

Result<void> RequiredClaims::guard(std::string_view tenant_claim) {
  if (tenant_claim.empty()) return {};
  const std::string tenant = text(tenant_claim);
  if (tenant.empty() || tenant.find_first_of("*{") != std::string::npos) {
    return invalid(tenant_claim,
                   "is required, with an exact value: the issuer has other tenants, and their jobs "
                   "could have all the rest in common");
  }
  tenant_claim_ = tenant_claim;
  return {};
}

std::vector<Requirement> RequiredClaims::requirements() const {
  std::vector<Requirement> all;
  if (!provider_) return all;
  for (const ClaimRule& rule : provider_->claims) {
    all.push_back(
        {rule.name, rule.label, rule.form, rule.part, rule.required, rule.derived != nullptr});
  }
  if (!provider_->is_open()) return all;
  for (const auto& member : values_) {
    // Which of them is the project nobody knows; so all are, and none is told to others.
    const std::string_view name = member.key();
    all.push_back({name, name, &provider_->form_of_open_claim(name),
                   name == tenant_claim_ ? Part::tenant : Part::project});
  }
  return all;
}

void RequiredClaims::derive() {
  for (const ClaimRule& rule : provider_->claims) {
    if (rule.derived) derived_[rule.name] = rule.derived(values_);
  }
}

const json::value* RequiredClaims::value(std::string_view claim) const {
  if (const json::value* found = values_.if_contains(claim)) return found;
  return derived_.if_contains(claim);
}

void RequiredClaims::remember(const json::object& learnt) {
  if (!provider_) return;
  for (const LearntClaim& claim : provider_->learnt) {
    if (const json::value* known = learnt.if_contains(claim.name)) learnt_[claim.name] = *known;
  }
}

bool RequiredClaims::learn_from(const json::object& token) {
  bool anything = false;
  if (!provider_) return anything;
  for (const LearntClaim& claim : provider_->learnt) {
    const json::value* received = token.if_contains(claim.name);
    if (learnt_.contains(claim.name) || !received || !is_identifier(*received)) continue;
    learnt_[claim.name] = *received;
    anything = true;
  }
  return anything;
}

std::string RequiredClaims::text(std::string_view claim) const {
  const json::value* found = value(claim);
  return found && found->is_string() ? std::string(found->get_string()) : std::string();
}

std::vector<std::string> RequiredClaims::list(std::string_view claim) const {
  std::vector<std::string> out;
  const json::value* found = value(claim);
  if (!found || !found->is_array()) return out;
  for (const json::value& item : found->get_array()) out.emplace_back(item.as_string());
  return out;
}

std::string RequiredClaims::tenant() const {
  if (!provider_) return {};
  if (provider_->is_open()) return tenant_claim_.empty() ? std::string() : text(tenant_claim_);
  const auto rule = std::ranges::find(provider_->claims, Part::tenant, &ClaimRule::part);
  return rule == provider_->claims.end() ? std::string() : text(rule->name);
}

std::string RequiredClaims::bound_version(const json::object& token) const {
  for (const Requirement& rule : requirements()) {
    const json::value* wanted = value(rule.name);
    const json::value* received = token.if_contains(rule.name);
    if (!wanted || !received || !rule.form->version) continue;
    if (auto version = rule.form->version(*wanted, *received); !version.empty()) return version;
  }
  return {};
}

std::size_t RequiredClaims::specificity() const {
  std::size_t total = 0;
  if (!provider_) return total;
  if (provider_->is_open()) return values_.size();
  for (const ClaimRule& rule : provider_->claims) {
    const json::value* wanted = value(rule.name);
    if (rule.required || !wanted) continue;
    total += wanted->is_array() ? wanted->get_array().size() : 1;
  }
  return total;
}

bool Comparison::agreed() const { return !rows.empty() && first_mismatch() == nullptr; }

const ClaimRow* Comparison::first_mismatch() const {
  const auto found = std::ranges::find(rows, false, &ClaimRow::agreed);
  return found == rows.end() ? nullptr : &*found;
}

bool Comparison::same_project() const {
  return same_tenant() && std::ranges::all_of(rows, [](const ClaimRow& row) {
           return row.agreed || row.part == Part::job;
         });
}

bool Comparison::same_tenant() const {
  const auto of_tenant = [](const ClaimRow& row) { return row.part == Part::tenant; };
  return std::ranges::any_of(rows, of_tenant) &&
         std::ranges::all_of(rows,
                             [&](const ClaimRow& row) { return row.agreed || !of_tenant(row); });
}

bool Comparison::resurrected() const {
  return std::ranges::any_of(rows, [](const ClaimRow& row) { return row.learnt && !row.agreed; }) &&
         std::ranges::all_of(rows, [](const ClaimRow& row) {
           return row.agreed || row.learnt || row.part == Part::job;
         });
}

std::vector<UnaskedClaim> unasked(const RequiredClaims& expected, const json::object& token) {
  std::vector<UnaskedClaim> claims;
  if (!expected.provider()) return claims;
  for (const ClaimRule& rule : expected.provider()->claims) {
    const json::value* received = token.if_contains(rule.name);
    if (!rule.narrows || expected.value(rule.name) || !received || is_empty_list(*received)) {
      continue;
    }
    const std::string shown = rule.form->shown(*received).value_or("");
    if (!shown.empty()) {
      claims.push_back({std::string(rule.name), clean_text(shown, kLongestShown)});
    }
  }
  return claims;
}

Comparison compare(const RequiredClaims& expected, const json::object& token) {
  Comparison comparison;
  if (!expected.provider()) return comparison;
  for (const Requirement& rule : expected.requirements()) {
    const json::value* wanted = expected.value(rule.name);
    if (!wanted && !rule.required) continue;
    const json::value* received = token.if_contains(rule.name);
    const auto shown = received ? rule.form->shown(*received) : std::nullopt;
    comparison.rows.push_back(
        {.claim = std::string(rule.name),
         .expected = wanted ? rule.form->shown(*wanted).value_or("") : std::string(),
         .received = clean_text(shown.value_or("(absent)"), kLongestShown),
         .agreed = wanted && shown && rule.form->satisfied(*wanted, *received, token),
         .present = shown.has_value(),
         .part = rule.part});
  }
  for (const LearntClaim& learnt : expected.provider()->learnt) {
    const json::value* wanted = expected.learnt().if_contains(learnt.name);
    if (!wanted) continue;
    const auto received = string_claim(token, learnt.name);
    comparison.rows.push_back({.claim = std::string(learnt.name),
                               .expected = shown_text(*wanted).value_or(""),
                               .received = clean_text(received.value_or("(absent)"), kLongestShown),
                               .agreed = received && shown_text(*wanted) == *received,
                               .present = received.has_value(),
                               .part = learnt.part,
                               .learnt = true});
  }
  return comparison;
}

}  // namespace imp::trust
