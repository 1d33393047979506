#include "registry/trust/issuer.h"

#include <algorithm>
#include <cstdlib>

#include "registry/trust/circleci.h"
#include "registry/trust/github.h"
#include "registry/trust/gitlab.h"

namespace imp::trust {

const Provider& provider_of(IssuerKind kind) {
  switch (kind) {
    case IssuerKind::circleci:
    case IssuerKind::imprimatur:
      return circleci();
    case IssuerKind::github:
      return github();
    case IssuerKind::gitlab:
      return gitlab();
  }
  std::abort();  // every kind has its provider
}

std::string IssuerMatch::discovery_url() const {
  constexpr std::string_view path = "/.well-known/openid-configuration";
  if (issuer->fetch_base.empty()) return url + std::string(path);
  return issuer->fetch_base + url.substr(issuer->base_url.size()) + std::string(path);
}

std::optional<IssuerMatch> Issuers::find(std::string_view iss) const {
  for (const Issuer& issuer : issuers_) {
    if (!iss.starts_with(issuer.base_url)) continue;
    const auto tenant = provider_of(issuer.kind).tenant_of_path(iss.substr(issuer.base_url.size()));
    if (tenant) return IssuerMatch{&issuer, std::string(iss), *tenant};
  }
  return std::nullopt;
}

std::string Issuers::first_of(const Provider& provider) const {
  const auto found = std::ranges::find_if(
      issuers_, [&](const Issuer& issuer) { return &provider_of(issuer.kind) == &provider; });
  return found == issuers_.end() ? std::string() : found->id;
}

const Issuer* Issuers::by_id(std::string_view id) const {
  const auto found = std::ranges::find(issuers_, id, &Issuer::id);
  return found == issuers_.end() ? nullptr : &*found;
}

}  // namespace imp::trust
