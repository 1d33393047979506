#include "web/trust/publisher_model.h"

#include <algorithm>
#include <boost/json.hpp>
#include <sstream>

#include "registry/trust/publisher_place.h"
#include "registry/trust/refusal.h"
#include "web/frame/model.h"

namespace imp::web {

namespace {

constexpr std::string_view kPinned = "Pinned when it is given, else learnt from the first token.";

boost::json::object fact(std::string_view label, const boost::json::value& value,
                         const trust::ClaimForm& form) {
  boost::json::array texts;
  if (const auto* list = value.if_array()) {
    for (const boost::json::value& item : *list) texts.push_back(item);
  } else {
    texts.emplace_back(form.shown(value).value_or(""));
  }
  return {{"label", label}, {"texts", std::move(texts)}};
}

std::string title_of(const trust::RequiredClaims& claims) {
  if (!claims.provider()) return {};
  if (!claims.provider()->is_open()) return claims.text(claims.provider()->title_claim);
  // Of an issuer with one tenant, what its tokens are of.
  return claims.tenant().empty() ? claims.text("sub") : claims.tenant();
}

/// What the publisher requires, in the order and the words of its provider's table.
boost::json::array facts_model(const trust::RequiredClaims& claims) {
  boost::json::array facts;
  for (const trust::Requirement& rule : claims.requirements()) {
    const boost::json::value* value = claims.value(rule.name);
    if (value && !rule.derived) facts.push_back(fact(rule.label, *value, *rule.form));
  }
  if (!claims.provider()) return facts;
  for (const trust::LearntClaim& learnt : claims.provider()->learnt) {
    const boost::json::value* known = claims.learnt().if_contains(learnt.name);
    if (known) facts.push_back(fact(learnt.label, *known, trust::kIdentifier));
  }
  return facts;
}

/// Claims that a token had and the publisher does not require.
boost::json::array unasked_model(const boost::json::object& comparison) {
  boost::json::array items;
  const auto* claims = comparison.if_contains("unasked");
  if (!claims || !claims->is_array()) return items;
  for (const boost::json::value& claim : claims->get_array()) {
    if (!claim.is_object()) continue;
    items.push_back(
        {{"claim", trust::string_claim(claim.get_object(), "claim").value_or("")},
         {"received", trust::string_claim(claim.get_object(), "received").value_or("")}});
  }
  return items;
}

boost::json::array permission_names(const trust::Permissions& permissions) {
  boost::json::array names;
  if (permissions.create_package) names.emplace_back("publish");
  if (permissions.create_staged_package) names.emplace_back("stage");
  if (permissions.manage_dist_tags) names.emplace_back("dist-tags");
  return names;
}

}  // namespace

std::expected<boost::json::object, std::string> claims_in_lines(const std::string& text) {
  boost::json::object claims;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const auto trimmed = [](std::string_view part) {
      const std::size_t from = part.find_first_not_of(" \t\r");
      return from == std::string_view::npos
                 ? std::string_view()
                 : part.substr(from, part.find_last_not_of(" \t\r") + 1 - from);
    };
    const std::size_t equals = std::min(line.find('='), line.size());
    const std::string_view name = trimmed(std::string_view(line).substr(0, equals));
    if (trimmed(line).empty()) continue;
    if (claims.contains(name)) return std::unexpected(std::string(name));
    claims[name] = trimmed(std::string_view(line).substr(std::min(equals + 1, line.size())));
  }
  return claims;
}

void add_unasked(boost::json::array& publishers, const std::vector<trust::Attempt>& attempts) {
  for (boost::json::value& item : publishers) {
    boost::json::object& publisher = item.as_object();
    const std::string id(publisher.at("id").as_string());
    auto claims = unasked_model({{"unasked", trust::last_unasked(attempts, id)}});
    publisher["has_unasked"] = !claims.empty();
    publisher["unasked"] = std::move(claims);
  }
}

// No claim's object in any other shape than the page knows.
boost::json::array comparison_model(const boost::json::array& comparison) {
  const auto text = [](const boost::json::object& object, std::string_view key) {
    const boost::json::value* value = object.if_contains(key);
    return value && value->is_string() ? std::string(value->get_string()) : std::string();
  };
  boost::json::array items;
  for (const boost::json::value& element : comparison) {
    const auto* publisher = element.if_object();
    const auto* claims = publisher ? publisher->if_contains("claims") : nullptr;
    if (!claims || !claims->is_array()) continue;
    boost::json::array rows;
    for (const boost::json::value& row : claims->get_array()) {
      const auto* claim = row.if_object();
      if (!claim) continue;
      const auto* agreed = claim->if_contains("agreed");
      rows.push_back({{"claim", text(*claim, "claim")},
                      {"expected", text(*claim, "expected")},
                      {"received", text(*claim, "received")},
                      {"differs", !(agreed && agreed->is_bool() && agreed->get_bool())}});
    }
    items.push_back({{"publisher", text(*publisher, "publisher")},
                     {"claims", std::move(rows)},
                     {"unasked", unasked_model(*publisher)}});
  }
  return items;
}

boost::json::object publisher_line(const trust::TrustedPublisher& publisher) {
  const trust::Provider* provider = publisher.claims.provider();
  return {{"provider", provider ? provider->name : std::string_view(publisher.type)},
          {"title", title_of(publisher.claims)}};
}

boost::json::array publishers_model(const std::vector<trust::TrustedPublisher>& publishers,
                                    const trust::Issuers& issuers, Time now) {
  boost::json::array items;
  for (const trust::TrustedPublisher& publisher : publishers) {
    const auto issuer = issuers.by_id(publisher.issuer_id);
    const bool cools = publisher.usable_from && now < *publisher.usable_from;
    boost::json::object item = publisher_line(publisher);
    item["id"] = publisher.id;
    item["issuer"] = issuer ? issuer->base_url : publisher.issuer_id;
    item["facts"] = facts_model(publisher.claims);
    item["permissions"] = permission_names(publisher.permissions);
    item["created_by"] = publisher.created_by;
    item["created"] = time_model(publisher.created_at, now);
    item["last_used"] = time_model(publisher.last_used_at, now);
    item["pending"] = trust::place_kind(publisher.package_id) == trust::PlaceKind::pending;
    item["cools"] = cools ? time_model(publisher.usable_from, now) : boost::json::value(false);
    item["ends"] = time_model(publisher.ends_at, now);
    item["left_until"] = time_model(publisher.left_until, now);
    items.push_back(std::move(item));
  }
  return items;
}

boost::json::array ended_model(const std::vector<trust::EndedPublisher>& ended, Time now) {
  boost::json::array items;
  for (const trust::EndedPublisher& one : ended) {
    boost::json::object item = publisher_line(one.publisher);
    item["id"] = one.publisher.id;
    item["facts"] = facts_model(one.publisher.claims);
    item["permissions"] = permission_names(one.publisher.permissions);
    item["created_by"] = one.publisher.created_by;
    item["reason"] = trust::text(one.reason);
    item["when"] = time_model(one.ended_at, now);
    items.push_back(std::move(item));
  }
  return items;
}

boost::json::array attempts_model(const std::vector<trust::Attempt>& attempts, Time now) {
  boost::json::array items;
  for (const trust::Attempt& attempt : attempts) {
    auto comparison = comparison_model(attempt.comparison);
    items.push_back({{"when", time_model(attempt.at, now)},
                     {"id", attempt.id},
                     {"action", attempt.action},
                     {"version", attempt.version},
                     {"actor", attempt.actor},
                     {"runner", attempt.runner},
                     {"address", attempt.remote_address},
                     {"outcome", attempt.outcome},
                     {"tone", attempt.outcome == "granted" ? "good"
                              : attempt.outcome == "held"  ? "waiting"
                                                           : "bad"},
                     {"refused", attempt.outcome != "granted" && attempt.outcome != "held" &&
                                     attempt.outcome != "suppressed"},
                     {"message", attempt.message},
                     {"issuer", attempt.issuer},
                     {"proved", attempt.proved},
                     {"nameless", attempt.action == "exchange" && attempt.issuer.empty()},
                     {"has_comparison", !comparison.empty()},
                     {"comparison", std::move(comparison)}});
  }
  return items;
}

const trust::Provider& chosen_provider(const Visit& visit) {
  const std::string typed = visit.field("type");
  const auto* provider = trust::provider_of_type(typed.empty() ? visit.query("type") : typed);
  return provider ? *provider : *trust::providers().front();
}

bool speaks_own_pipelines(const Visit& visit, const trust::Provider& provider) {
  const auto& services = visit.services.registry;
  return services.issuers.speaks(services.own_issuer, provider);
}

boost::json::array provider_choices(const trust::Provider& chosen) {
  boost::json::array choices;
  for (const trust::Provider* provider : trust::providers()) {
    choices.push_back(
        {{"type", provider->type}, {"name", provider->name}, {"current", provider == &chosen}});
  }
  return choices;
}

boost::json::array form_fields(const Visit& visit, const trust::Provider& provider,
                               const boost::json::object& filled_in) {
  boost::json::array fields;
  for (const trust::ClaimRule& rule : provider.claims) {
    if (rule.derived) continue;
    const boost::json::value* filled = filled_in.if_contains(rule.form_field());
    fields.push_back(
        {{"field", rule.form_field()},
         {"label", rule.label},
         {"hint", rule.hint},
         {"required", rule.required},
         {"lines", rule.form->lines},
         {"value", filled ? *filled : boost::json::value(visit.field(rule.form_field()))}});
  }
  for (const trust::LearntClaim& learnt : provider.learnt) {
    fields.push_back({{"field", learnt.name},
                      {"label", learnt.label},
                      {"hint", fmt::format("{} {}", learnt.hint, kPinned)},
                      {"required", false},
                      {"lines", false},
                      {"value", visit.field(learnt.name)}});
  }
  if (provider.is_open()) {
    fields.push_back(
        {{"field", "claims"},
         {"label", "Claims"},
         {"hint",
          "One a line: name = value. * stands for anything but a slash in a claim that "
          "is a ref, a branch or a tag."},
         {"required", true},
         {"lines", true},
         {"value", visit.field("claims")}});
  }
  return fields;
}

Result<boost::json::array> publisher_request(const Visit& visit) {
  const std::string type = visit.field("type");
  const trust::Provider& provider = chosen_provider(visit);
  boost::json::object claims;
  if (provider.is_open()) {
    auto named = claims_in_lines(visit.field("claims"));
    if (!named) {
      return refuse(trust::TrustRefusal::invalid_publisher,
                    fmt::format("Invalid trusted publisher configuration: claims[\"{}\"] is on two "
                                "lines, and can have one value.",
                                named.error()));
    }
    claims = std::move(*named);
  }
  for (const trust::ClaimRule& rule : provider.claims) {
    if (rule.derived) continue;
    auto value = rule.form->typed(visit.field(rule.form_field()));
    if (!value.is_null()) claims[rule.name] = std::move(value);
  }
  for (const trust::LearntClaim& learnt : provider.learnt) {
    auto value = trust::kIdentifier.typed(visit.field(learnt.name));
    if (!value.is_null()) claims[learnt.name] = std::move(value);
  }
  boost::json::array permissions;
  for (const std::string& permission : visit.request.form_all("permission")) {
    permissions.emplace_back(permission);
  }
  boost::json::object request{{"type", type.empty() ? std::string(provider.type) : type},
                              {"claims", std::move(claims)},
                              {"permissions", std::move(permissions)}};
  if (const std::string issuer = visit.field("issuer"); !issuer.empty()) {
    request["issuer"] = issuer;
  }
  return boost::json::array{std::move(request)};
}

}  // namespace imp::web
