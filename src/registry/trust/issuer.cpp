#include "registry/trust/issuer.h"

#include <algorithm>

namespace imp::trust {

std::string IssuerMatch::discovery_url() const {
  constexpr std::string_view path = "/.well-known/openid-configuration";
  // OpenID Connect Discovery 1.0, section 4: a slash at the end of an issuer is not doubled.
  if (issuer->fetch_base.empty()) {
    return url.substr(0, url.size() - (url.ends_with('/') ? 1 : 0)) + std::string(path);
  }
  return issuer->fetch_base + url.substr(issuer->base_url.size()) + std::string(path);
}

Issuers::Issuers(std::vector<Issuer> built_in) : built_in_(std::move(built_in)) {
  auto rows = std::make_shared<std::vector<Row>>();
  for (Issuer& issuer : built_in_) {
    issuer.built_in = true;
    rows->push_back(std::make_shared<const Issuer>(issuer));
  }
  rows_ = std::move(rows);
}

Issuers::Rows Issuers::all() const {
  const std::lock_guard lock(mutex_);
  return rows_;
}

std::optional<IssuerMatch> Issuers::find(std::string_view iss) const {
  const Rows rows = all();
  for (const Row& issuer : *rows) {
    if (!iss.starts_with(issuer->base_url)) continue;
    const auto tenant = issuer->provider->tenant_of_path(iss.substr(issuer->base_url.size()));
    if (tenant) return IssuerMatch{issuer, std::string(iss), *tenant};
  }
  return std::nullopt;
}

Issuers::Row Issuers::by_id(std::string_view id) const {
  const Rows rows = all();
  const auto found =
      std::ranges::find_if(*rows, [&](const Row& issuer) { return issuer->id == id; });
  return found == rows->end() ? nullptr : *found;
}

bool Issuers::speaks(std::string_view id, const Provider& provider) const {
  const Row issuer = by_id(id);
  return issuer && issuer->provider == &provider;
}

std::string Issuers::first_of(const Provider& provider) const {
  const Rows rows = all();
  Row chosen;
  for (const Row& issuer : *rows) {
    if (issuer->provider != &provider) continue;
    if (!chosen || (issuer->preferred && !chosen->preferred)) chosen = issuer;
  }
  return chosen ? chosen->id : std::string();
}

}  // namespace imp::trust
