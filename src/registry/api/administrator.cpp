#include "registry/api/administrator.h"

#include "registry/api/refusals.h"
#include "registry/packages/refusal.h"

namespace imp::registry {

namespace {

Result<void> administers(const Requester& requester) {
  if (const auto governs = requester.may_govern(); !governs) return governs;
  if (requester.account().person->is_admin) return {};
  return refuse(PackageRefusal::not_permitted,
                "Only an administrator of the server may see or change this.");
}

}  // namespace

std::expected<Requester, http::Response> administrator(RegistryServices& services,
                                                       const http::Request& request,
                                                       const std::string& action,
                                                       const std::string& subject) {
  auto requester = Requester::identify(services, request);
  if (!requester) {
    return std::unexpected(refused(services, nullptr, action, subject, requester.error()));
  }
  if (const auto may = administers(*requester); !may) {
    return std::unexpected(refused(services, &*requester, action, subject, may.error()));
  }
  if (auto challenge =
          second_factor(services, request, *requester, action, subject, Without::refuse)) {
    return std::unexpected(std::move(*challenge));
  }
  return std::move(*requester);
}

}  // namespace imp::registry
