#include "registry/api/operator/administrator.h"

#include "accounts/people.h"
#include "registry/api/refusals.h"
#include "registry/packages/refusal.h"

namespace imp::registry {

namespace {

std::unexpected<Failure> administrators_only() {
  return refuse(PackageRefusal::not_permitted,
                "Only an administrator of the server may see or change this.");
}

Result<void> administers(const Requester& requester) {
  if (const auto governs = requester.may_govern(); !governs) return governs;
  if (requester.account().person->is_admin) return {};
  return administrators_only();
}

}  // namespace

std::expected<Requester, http::Response> administrator(RegistryServices& services,
                                                       const http::Request& request,
                                                       const std::string& action,
                                                       const std::string& subject,
                                                       const std::string& confirms) {
  auto requester = Requester::identify(services, request);
  if (!requester) {
    return std::unexpected(refused(services, nullptr, action, subject, requester.error()));
  }
  if (const auto may = administers(*requester); !may) {
    return std::unexpected(refused(services, &*requester, action, subject, may.error()));
  }
  if (auto challenge = second_factor(services, request, *requester, action,
                                     confirms.empty() ? subject : confirms, Without::refuse)) {
    return std::unexpected(std::move(*challenge));
  }
  return std::move(*requester);
}

Result<void> still_administers(db::Session& session, const Requester& requester, Time now) {
  if (const auto rights = requester.rights_now(session, now); !rights) return pass_on(rights);
  const auto person = accounts::find_person(session, requester.account().person->id);
  if (person && person->is_admin) return {};
  return administrators_only();
}

}  // namespace imp::registry
