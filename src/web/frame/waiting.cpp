#include "web/frame/waiting.h"

namespace imp::web {

namespace {

Result<registry::Caller> rights_of(const Visit& visit) {
  const auto memberships = visit.services.accounts.organizations.of_person(visit.person().id);
  if (!memberships) return pass_on(memberships);
  registry::Caller rights{.person = visit.person().name, .organizations = {}, .only_package = {}};
  for (const accounts::Membership& membership : *memberships) {
    rights.organizations.push_back(
        {membership.organization.id, membership.role == accounts::Role::admin});
  }
  return rights;
}

}  // namespace

Result<registry::StagedPage> waiting_releases(const Visit& visit, std::int64_t page,
                                              std::int64_t per_page) {
  if (!visit.signed_in()) return registry::StagedPage{};
  const auto rights = rights_of(visit);
  if (!rights) return pass_on(rights);
  return visit.services.registry.database.read(
      [&](db::Session& session) -> Result<registry::StagedPage> {
        return registry::staged_releases(session, *rights, std::nullopt, page, per_page);
      });
}

Result<std::int64_t> count_waiting(const Visit& visit, std::int64_t most) {
  if (!visit.signed_in()) return 0;
  const auto rights = rights_of(visit);
  if (!rights) return pass_on(rights);
  return visit.services.registry.database.read([&](db::Session& session) -> Result<std::int64_t> {
    return registry::count_staged(session, *rights, most);
  });
}

}  // namespace imp::web
