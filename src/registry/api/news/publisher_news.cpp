#include "registry/api/news/publisher_news.h"

#include <boost/json.hpp>

#include "registry/api/news/hook_events.h"
#include "registry/packages/store.h"
#include "registry/trust/publisher_place.h"

namespace imp::registry {

void tell_publisher_hooks(db::Session& session, const RegistryServices& services,
                          const trust::TrustedPublisher& publisher, std::string_view type,
                          boost::json::object data, Time now) {
  const std::string_view place = publisher.package_id;
  data["publisher"] = publisher.to_json(services.issuers);
  switch (trust::place_kind(place)) {
    case trust::PlaceKind::pending:
      return;
    case trust::PlaceKind::scope:
      tell_scope_hooks(session, place.substr(trust::scope_place("").size()), type, std::move(data),
                       now);
      return;
    case trust::PlaceKind::package:
      if (const auto package = find_package_by_id(session, place)) {
        tell_hooks(session, package->name, type, std::move(data), now);
      }
      return;
  }
}

}  // namespace imp::registry
