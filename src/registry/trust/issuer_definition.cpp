#include "registry/trust/issuer_definition.h"

#include <algorithm>
#include <boost/json.hpp>

#include "registry/trust/claim_forms.h"
#include "registry/trust/key_document.h"
#include "registry/trust/refusal.h"

namespace imp::trust {

namespace {

namespace json = boost::json;

constexpr std::int64_t kLongestAge = 86'400;

std::unexpected<Failure> invalid(std::string message) {
  return refuse(TrustRefusal::invalid_issuer, "Invalid issuer: " + std::move(message));
}

bool is_id(std::string_view id) {
  return !id.empty() && id.size() <= 64 && std::ranges::all_of(id, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

bool is_base_url(std::string_view url) {
  return is_plain(url, 512) && origin_of(url) && !url.ends_with("//") &&
         url.find_first_of("?#@\\ %") == std::string_view::npos;
}

/// What a provider's documentation often names in its place.
bool is_discovery_document(std::string_view url) { return url.contains("/.well-known/"); }

bool is_open(const Provider& provider) { return provider.is_open(); }
bool tells_runners(const Provider& provider) { return provider.tells_runners(); }

Result<std::chrono::seconds> seconds_in(const json::object& request, std::string_view member,
                                        std::chrono::seconds otherwise) {
  const json::value* value = request.if_contains(member);
  if (!value) return otherwise;
  if (!value->is_int64() || value->get_int64() < 10 || value->get_int64() > kLongestAge) {
    return invalid(fmt::format("{} must be 10 to {} seconds.", member, kLongestAge));
  }
  return std::chrono::seconds(value->get_int64());
}

Result<std::vector<jose::Algorithm>> algorithms_in(const json::object& request) {
  const json::value* value = request.if_contains("algorithms");
  std::vector<jose::Algorithm> algorithms;
  if (!value) return std::vector{jose::Algorithm::rs256};
  if (value->is_array()) {
    for (const json::value& item : value->get_array()) {
      const auto known = item.is_string() ? jose::algorithm_named(item.get_string()) : std::nullopt;
      if (!known) return invalid("algorithms may be RS256, ES256 and EdDSA.");
      algorithms.push_back(*known);
    }
  }
  if (algorithms.empty()) return invalid("algorithms must be a list of at least one.");
  return algorithms;
}

Result<void> read_keys(const json::object& request, Issuer& issuer) {
  const json::value* value = request.if_contains("keys");
  if (!value) return {};
  issuer.pinned_text = json::serialize(*value);
  auto keys = jose::KeySet::parse(issuer.pinned_text);
  if (!keys || keys->empty()) {
    return invalid("keys must be a JWK set with at least one key that can verify" +
                   (keys ? std::string(".") : ": " + keys.error().message));
  }
  issuer.pinned_keys = std::make_shared<const jose::KeySet>(std::move(*keys));
  return {};
}

Result<bool> flag_in(const json::object& request, std::string_view member) {
  const json::value* value = request.if_contains(member);
  if (!value) return false;
  if (!value->is_bool()) return invalid(fmt::format("{} is true or false.", member));
  return value->get_bool();
}

/// What an operator has to say.
Result<void> check_new(const Issuer& issuer) {
  if (is_discovery_document(issuer.base_url)) {
    return invalid(
        "url is the issuer itself, as tokens name it in `iss`, and not the address of its "
        "discovery document, which is below it: leave out /.well-known/ and what follows.");
  }
  const bool open = is_open(*issuer.provider);
  if (!open && issuer.single_tenant) {
    return invalid(fmt::format("single_tenant is for issuers of kind {}.", types_of(is_open)));
  }
  if (open && issuer.tenant_claim.empty() != issuer.single_tenant) {
    return invalid(fmt::format(
        "an issuer of kind {} needs either tenant_claim (--tenant-claim), the claim "
        "that tells its customers apart, or single_tenant: true (--single-tenant), when "
        "nobody else gets tokens of it.",
        issuer.kind()));
  }
  if (issuer.pinned_keys && !issuer.keys_url.empty()) {
    return invalid("keys are pinned, or fetched from keys_url, and not both.");
  }
  const std::string& asked = issuer.keys_url.empty() ? issuer.base_url : issuer.keys_url;
  if (!issuer.private_addresses && !issuer.pinned_keys && asked.starts_with("http://")) {
    return invalid(
        "keys that are fetched over http:// are whatever somebody on the way says they are: use "
        "https://, pin the keys, or set private_addresses: true (--private-address) for an issuer "
        "of your own network.");
  }
  return {};
}

}  // namespace

Result<Issuer> stored_issuer(const json::object& request) {
  constexpr std::string_view members[] = {"id",         "kind",          "url",
                                          "algorithms", "max_age",       "max_lifetime",
                                          "keys",       "tenant_claim",  "self_hosted_runners",
                                          "default",    "single_tenant", "private_addresses",
                                          "keys_url"};
  for (const auto& member : request) {
    if (std::ranges::find(members, std::string_view(member.key())) == std::end(members)) {
      return invalid(fmt::format("there is no member \"{}\".", std::string_view(member.key())));
    }
  }
  const Provider* provider = provider_of_type(string_claim(request, "kind").value_or(""));
  if (!provider) return invalid(fmt::format("kind must be one of {}.", all_types("and")));
  Issuer issuer(*provider);
  issuer.id = string_claim(request, "id").value_or("");
  if (!is_id(issuer.id)) {
    return invalid("id must be a word of lower-case letters, digits and hyphens.");
  }
  issuer.base_url = string_claim(request, "url").value_or("");
  if (!is_base_url(issuer.base_url)) {
    return invalid(
        "url must be http:// or https:// with a host, byte for byte as tokens name it in `iss`.");
  }
  if (issuer.base_url.ends_with('/') && !provider->is_open()) {
    return invalid(
        fmt::format("url has a slash at the end, which the `iss` of {} tokens has not: it is "
                    "compared byte for byte.",
                    provider->name));
  }
  auto algorithms = algorithms_in(request);
  if (!algorithms) return pass_on(algorithms);
  issuer.algorithms = std::move(*algorithms);
  const auto age = seconds_in(request, "max_age", issuer.max_age);
  if (!age) return pass_on(age);
  const auto lifetime = seconds_in(request, "max_lifetime", issuer.max_lifetime);
  if (!lifetime) return pass_on(lifetime);
  issuer.max_age = *age;
  issuer.max_lifetime = *lifetime;
  if (auto keys = read_keys(request, issuer); !keys) return pass_on(keys);
  issuer.keys_url = string_claim(request, "keys_url").value_or("");
  if (request.contains("keys_url") &&
      (!is_base_url(issuer.keys_url) || issuer.keys_url.ends_with('/') || !provider->is_open())) {
    return invalid(
        fmt::format("keys_url is the http:// or https:// address of a JWK set, for issuers of kind "
                    "{}: the others have their keys on their own host.",
                    types_of(is_open)));
  }
  issuer.tenant_claim = string_claim(request, "tenant_claim").value_or("");
  if (request.contains("tenant_claim") &&
      (!is_plain(issuer.tenant_claim, 100) || !provider->is_open())) {
    return invalid(
        fmt::format("tenant_claim is the name of a claim, for issuers of kind {}: the others say "
                    "in their tables what a tenant is.",
                    types_of(is_open)));
  }
  if (const json::value* runners = request.if_contains("self_hosted_runners")) {
    if (!runners->is_bool() || !provider->tells_runners()) {
      return invalid(fmt::format("self_hosted_runners is true or false, for issuers of kind {}.",
                                 types_of(tells_runners)));
    }
    issuer.self_hosted_runners = runners->get_bool();
  }
  for (const auto& [member, flag] :
       {std::pair("default", &issuer.preferred), std::pair("single_tenant", &issuer.single_tenant),
        std::pair("private_addresses", &issuer.private_addresses)}) {
    const auto value = flag_in(request, member);
    if (!value) return pass_on(value);
    *flag = *value;
  }
  return issuer;
}

Result<Issuer> parse_issuer(const json::object& request) {
  auto issuer = stored_issuer(request);
  if (!issuer) return issuer;
  if (auto good = check_new(*issuer); !good) return pass_on(good);
  return issuer;
}

json::object issuer_json(const Issuer& issuer) {
  json::array algorithms;
  for (const jose::Algorithm algorithm : issuer.algorithms) {
    algorithms.emplace_back(jose::name(algorithm));
  }
  json::object item{{"id", issuer.id},
                    {"kind", issuer.kind()},
                    {"url", issuer.base_url},
                    {"algorithms", std::move(algorithms)},
                    {"max_age", issuer.max_age.count()},
                    {"max_lifetime", issuer.max_lifetime.count()}};
  if (!issuer.pinned_text.empty()) item["keys"] = json::parse(issuer.pinned_text);
  if (!issuer.keys_url.empty()) item["keys_url"] = issuer.keys_url;
  if (!issuer.tenant_claim.empty()) item["tenant_claim"] = issuer.tenant_claim;
  if (issuer.single_tenant) item["single_tenant"] = true;
  if (issuer.private_addresses) item["private_addresses"] = true;
  if (tells_runners(*issuer.provider)) {
    item["self_hosted_runners"] = issuer.self_hosted_runners;
  }
  if (issuer.preferred) item["default"] = true;
  item["frozen"] = issuer.frozen;
  item["built_in"] = issuer.built_in;
  return item;
}

}  // namespace imp::trust
