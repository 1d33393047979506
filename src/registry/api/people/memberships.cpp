#include "registry/api/people/memberships.h"

#include <boost/json.hpp>

#include "audit/log.h"
#include "registry/api/trust/departures.h"
#include "registry/api/trust/pending_publishers.h"
#include "registry/publish/ownership.h"

namespace imp::registry {

namespace {

audit::Record record_of(const Package& package, const accounts::Organization& organization,
                        const accounts::Person& person, const accounts::Actor& actor, Time now) {
  audit::Record record;
  record.at = now;
  record.actor = actor.is_system() ? "system" : "user:" + actor.name;
  record.action = "package.owners";
  record.subject = "package:" + package.name;
  record.outcome = "granted";
  record.organization = organization.id;
  record.request_id = actor.request_id;
  record.remote_address = actor.address;
  record.detail = {{"removed", person.name}, {"because", "organization.member_remove"}};
  return record;
}

}  // namespace

void follow_memberships(RegistryServices& services) {
  services.accounts.organizations.on_admin_demoted(
      [&services](db::Session& session, const accounts::Organization& organization,
                  const accounts::Person& person, const accounts::Actor& actor) {
        settle_demotion(session, services, organization, person, actor, services.clock.now());
      });
  services.accounts.organizations.on_member_removed(
      [&services](db::Session& session, const accounts::Organization& organization,
                  const accounts::Person& person,
                  const accounts::Actor& actor) -> Result<accounts::AfterRemoval> {
        const Time now = services.clock.now();
        auto packages = leave_packages_of(session, organization.id, person.name, now);
        for (const Package& package : packages) {
          audit::append(session, record_of(package, organization, person, actor, now));
        }
        end_pending_of_member(session, services, organization, person, actor, now);
        settle_departure(session, services, organization, person, actor, now);
        return [&services, packages = std::move(packages)] {
          for (const Package& package : packages) {
            services.cache.invalidate(package.name, package.revision);
          }
        };
      });
}

}  // namespace imp::registry
