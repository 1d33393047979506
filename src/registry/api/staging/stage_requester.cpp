#include "registry/api/staging/stage_requester.h"

#include "registry/api/refusals.h"
#include "registry/packages/refusal.h"
#include "registry/trust/refusal.h"

namespace imp::registry {

std::expected<Requester, http::Response> deciding_person(RegistryServices& services,
                                                         const http::Request& request,
                                                         std::string_view action) {
  const std::string subject = "stage:" + request.param("id");
  auto requester = Requester::identify(services, request);
  if (!requester)
    return std::unexpected(refused(services, nullptr, action, subject, requester.error()));
  if (requester->publish_token()) {
    return std::unexpected(
        refused(services, &*requester, action, subject,
                refuse(trust::TrustRefusal::publish_token_forbidden,
                       "A publish token cannot see, approve or reject staged releases: a person "
                       "has to.")
                    .error()));
  }
  if (requester->anonymous()) {
    return std::unexpected(
        refused(services, &*requester, action, subject,
                refuse(PackageRefusal::not_signed_in,
                       "You must sign in to see staged releases: run `npm login`.")
                    .error()));
  }
  return std::move(*requester);
}

}  // namespace imp::registry
