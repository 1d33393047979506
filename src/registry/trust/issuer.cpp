#include "registry/trust/issuer.h"

#include <algorithm>

#include "base/uuid.h"

namespace imp::trust {

namespace {

/// A UUID exactly as issuers write it: upper case would be another issuer.
bool is_lower_uuid(std::string_view text) {
  return is_uuid(text) && std::ranges::none_of(text, [](char c) { return c >= 'A' && c <= 'F'; });
}

}  // namespace

std::string_view name(IssuerKind kind) {
  switch (kind) {
    case IssuerKind::circleci:
      return "circleci";
    case IssuerKind::imprimatur:
      return "imprimatur";
  }
  return "";
}

std::string IssuerMatch::discovery_url() const {
  constexpr std::string_view path = "/.well-known/openid-configuration";
  if (issuer->fetch_base.empty()) return url + std::string(path);
  return issuer->fetch_base + url.substr(issuer->base_url.size()) + std::string(path);
}

std::optional<IssuerMatch> Issuers::find(std::string_view iss) const {
  for (const Issuer& issuer : issuers_) {
    if (!iss.starts_with(issuer.base_url)) continue;
    std::string_view rest = iss.substr(issuer.base_url.size());
    if (rest.empty()) return IssuerMatch{&issuer, std::string(iss), std::nullopt};
    constexpr std::string_view organization = "/org/";
    if (!rest.starts_with(organization)) continue;
    rest.remove_prefix(organization.size());
    if (is_lower_uuid(rest)) return IssuerMatch{&issuer, std::string(iss), std::string(rest)};
  }
  return std::nullopt;
}

const Issuer* Issuers::by_id(std::string_view id) const {
  const auto found = std::ranges::find(issuers_, id, &Issuer::id);
  return found == issuers_.end() ? nullptr : &*found;
}

}  // namespace imp::trust
