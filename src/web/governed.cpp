#include "web/governed.h"

#include "registry/api/refusals.h"

namespace imp::web {

namespace {

std::string subject_of(const Visit& visit) {
  if (const auto name = registry::addressed_package(visit.request); name) {
    return "package:" + name->text();
  }
  return "organization:" + visit.param("organization");
}

/// With an action, who may not is written down.
Result<Governed> found(const Visit& visit, std::string_view action) {
  auto& services = visit.services.registry;
  auto requester = registry::Requester::identify(services, visit.request);
  if (!requester) return pass_on(requester);
  auto place = registry::addressed_place(services, *requester, visit.request);
  if (!place) {
    if (!action.empty()) {
      registry::record_refusal(services, &*requester, action, subject_of(visit), place.error());
    }
    return pass_on(place);
  }
  return Governed{std::move(*requester), std::move(*place)};
}

}  // namespace

Result<Governed> governed(const Visit& visit) { return found(visit, {}); }

Result<Governed> governed_for(const Visit& visit, std::string_view action) {
  return found(visit, action);
}

std::unexpected<Failure> refused(const Visit& visit, const Governed& by, std::string_view action,
                                 const Failure& failure) {
  registry::record_refusal(visit.services.registry, &by.requester, action, by.place.subject(),
                           failure);
  return std::unexpected(failure);
}

}  // namespace imp::web
