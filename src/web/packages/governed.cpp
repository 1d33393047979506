#include "web/packages/governed.h"

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
std::unexpected<Failure> not_governed(const Visit& visit, const registry::Requester& requester,
                                      std::string_view action, const std::string& subject,
                                      const Failure& failure) {
  if (!action.empty()) {
    registry::record_refusal(visit.services.registry, &requester, action, subject, failure);
  }
  return std::unexpected(failure);
}

Result<Governed> found(const Visit& visit, std::string_view action) {
  auto& services = visit.services.registry;
  auto requester = registry::Requester::identify(services, visit.request);
  if (!requester) return pass_on(requester);
  auto place = registry::addressed_place(services, *requester, visit.request);
  if (!place) return not_governed(visit, *requester, action, subject_of(visit), place.error());
  return Governed{std::move(*requester), std::move(*place)};
}

Result<GovernedTrust> found_trust(const Visit& visit, std::string_view action) {
  auto target = registry::addressed_target(visit.request);
  if (!target) return pass_on(target);
  auto& services = visit.services.registry;
  auto requester = registry::Requester::identify(services, visit.request);
  if (!requester) return pass_on(requester);
  auto place = registry::governed_place(services, *requester, *target);
  if (!place) {
    return not_governed(visit, *requester, action, registry::subject_of(*target), place.error());
  }
  return GovernedTrust{std::move(*requester), std::move(*target), std::move(*place)};
}

}  // namespace

Result<Governed> governed(const Visit& visit) { return found(visit, {}); }

Result<Governed> governed_for(const Visit& visit, std::string_view action) {
  return found(visit, action);
}

Result<GovernedTrust> governed_trust(const Visit& visit) { return found_trust(visit, {}); }

Result<GovernedTrust> governed_trust_for(const Visit& visit, std::string_view action) {
  return found_trust(visit, action);
}

std::unexpected<Failure> refused(const Visit& visit, const Governed& by, std::string_view action,
                                 const Failure& failure) {
  return not_governed(visit, by.requester, action, by.place.subject(), failure);
}

std::unexpected<Failure> refused(const Visit& visit, const GovernedTrust& by,
                                 std::string_view action, const Failure& failure) {
  return not_governed(visit, by.requester, action, registry::subject_of(by.target), failure);
}

}  // namespace imp::web
