#include "registry/api/trust/publisher_subject.h"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "registry/api/change_subject.h"

namespace imp::registry {

namespace {

std::string text_of(const boost::json::value& value) {
  return value.is_string() ? std::string(value.get_string()) : boost::json::serialize(value);
}

void add(std::string& out, const boost::json::object& claims) {
  for (const auto& [name, value] : claims) {
    out += fmt::format(", {} {}", std::string_view(name), text_of(value));
  }
}

/// "github at https://… may createPackage, repository acme/widget, …": what cannot be made longer
/// by who asks comes first.
std::string described(const trust::RequiredClaims& claims, const trust::Permissions& permissions,
                      const std::string& issuer_id, const trust::Issuers& issuers) {
  const trust::Provider* provider = claims.provider();
  const auto issuer = issuers.by_id(issuer_id);
  std::string out = fmt::format("{} at {}", provider ? provider->type : std::string_view("?"),
                                issuer ? issuer->base_url : issuer_id);
  out += " may";
  for (const boost::json::value& permission : permissions.to_json()) {
    out += " " + text_of(permission);
  }
  add(out, claims.to_json());
  return out;
}

std::optional<trust::TrustedPublisher> found(db::Session& session, std::string_view id) {
  if (auto publisher = trust::publisher_by_id(session, id)) return publisher;
  auto ended = trust::ended_by_id(session, id);
  return ended ? std::optional(std::move(ended->publisher)) : std::nullopt;
}

}  // namespace

std::string publishers_subject(const TrustTarget& target,
                               const std::vector<trust::PublisherRequest>& requests,
                               const trust::Issuers& issuers) {
  std::string change = requests.size() == 1 ? "" : fmt::format("{} publishers: ", requests.size());
  for (const trust::PublisherRequest& one : requests) {
    if (&one != &requests.front()) change += "; ";
    change += described(one.claims, one.permissions, one.issuer_id, issuers);
    // Those that are pinned. Later ones come of tokens.
    add(change, one.claims.learnt());
  }
  return change_subject(text_of(target), change);
}

std::string publisher_subject(const TrustTarget& target, const trust::TrustedPublisher& publisher,
                              const trust::Issuers& issuers) {
  return change_subject(
      text_of(target),
      fmt::format("{} ({})",
                  described(publisher.claims, publisher.permissions, publisher.issuer_id, issuers),
                  publisher.id));
}

Result<std::string> publisher_subject(RegistryServices& services, const TrustTarget& target,
                                      const TrustPlace& place, const Caller& caller,
                                      std::string_view id) {
  return services.database.read([&](db::Session& session) -> Result<std::string> {
    const auto publisher = found(session, id);
    if (publisher && publisher->package_id == place.place && sees(place, caller, *publisher)) {
      return publisher_subject(target, *publisher, services.issuers);
    }
    return change_subject(text_of(target), id);
  });
}

}  // namespace imp::registry
