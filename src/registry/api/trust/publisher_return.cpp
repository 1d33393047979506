#include "registry/api/trust/publisher_return.h"

#include <algorithm>
#include <boost/json.hpp>
#include <utility>

#include "audit/log.h"
#include "registry/api/news/publisher_news.h"
#include "registry/api/news/told_people.h"
#include "registry/api/trust/trust_changes.h"
#include "registry/trust/refusal.h"

namespace imp::registry {

namespace {

std::unexpected<Failure> not_found() {
  return refuse(trust::TrustRefusal::publisher_not_found,
                "Trusted publisher configuration not found for the package: none has this id. "
                "`imprimatur trust list`, with --ended for those that ended, shows the ids.");
}

}  // namespace

std::vector<trust::EndedPublisher> ended_at(db::Session& session, const TrustPlace& place,
                                            const Caller& caller) {
  auto ended = trust::ended_of_place(session, place.place);
  if (!place.every_maker) {
    std::erase_if(ended, [&](const trust::EndedPublisher& one) {
      return one.publisher.created_by != caller.person;
    });
  }
  return ended;
}

Result<trust::TrustedPublisher> keep_publisher(RegistryServices& services,
                                               const Requester& requester,
                                               const TrustTarget& target, std::string_view id) {
  return services.database.write([&](db::Session& session) -> Result<trust::TrustedPublisher> {
    const Time now = services.clock.now();
    const auto rights = requester.rights_now(session, now);
    if (!rights) return pass_on(rights);
    const auto place = governed_place(session, *rights, target);
    if (!place) return pass_on(place);
    if (place->kind == trust::PlaceKind::pending) {
      return refuse(trust::TrustRefusal::invalid_publisher,
                    "What waits for a package that does not exist is its maker's alone. Prepare "
                    "one of your own.");
    }
    auto publishers = publishers_at(session, *place, *rights);
    const auto found = std::ranges::find(publishers, id, &trust::TrustedPublisher::id);
    if (found == publishers.end()) return not_found();
    audit::Record record = requester.audit_record("trust.keep", subject_of(target), now);
    record.organization = place->organization;
    record.detail["publisher"] = found->to_json(services.issuers);
    const std::string maker = std::exchange(found->created_by, rights->person);
    record.detail["made_by"] = maker;
    trust::keep_publisher(session, found->id, found->created_by);
    audit::append(session, record);
    tell_governors(session, record, {maker});
    tell_publisher_hooks(session, services.issuers, *found, "publisher.kept",
                         {{"by", record.actor}}, now);
    return std::move(*found);
  });
}

Result<trust::TrustedPublisher> restore_publisher(RegistryServices& services,
                                                  const Requester& requester,
                                                  const TrustTarget& target, std::string_view id) {
  const auto found = services.database.read(
      [&](db::Session& session) -> Result<std::optional<trust::EndedPublisher>> {
        const auto place = governed_place(session, requester.rights(), target);
        if (!place) return pass_on(place);
        for (trust::EndedPublisher& one : ended_at(session, *place, requester.rights())) {
          if (one.publisher.id == id) return std::move(one);
        }
        return std::nullopt;
      });
  if (!found) return pass_on(found);
  if (!*found) return not_found();
  const trust::TrustedPublisher& ended = (*found)->publisher;
  if (const auto refreshed = refresh_issuers(services); !refreshed) return pass_on(refreshed);
  if (!services.issuers.by_id(ended.issuer_id)) {
    return refuse(trust::TrustRefusal::invalid_publisher,
                  "The issuer that it trusted is not configured on this registry any more.");
  }
  auto added = add_publishers(services, requester, target,
                              {{ended.claims, ended.permissions, ended.issuer_id}});
  if (!added) return pass_on(added);
  return std::move(added->front());
}

}  // namespace imp::registry
