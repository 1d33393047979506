#include "registry/api/guarded_change.h"

#include <boost/json.hpp>

#include "audit/log.h"
#include "registry/api/change_subject.h"
#include "registry/api/refusals.h"
#include "registry/trust/refusal.h"

namespace imp::registry {

Result<void> credential_may_change(const Requester& requester, const ChangeRule& rule,
                                   const PackageName& name) {
  if (rule.needs == ChangeRule::Needs::governing_person) return requester.may_govern();
  if (requester.publish_token() && rule.needs != ChangeRule::Needs::publish_token_or_person) {
    return refuse(trust::TrustRefusal::publish_token_forbidden,
                  "A publish token can publish its own package, stage it or set its dist-tags, as "
                  "its trusted "
                  "publisher allows, and nothing else. Sign in as a person.");
  }
  return requester.may(rule.use, name);
}

http::Response change_package(RegistryServices& services, const http::Request& request,
                              const ChangeRule& rule,
                              const std::function<Result<Changed>(db::Session&, const PackageName&,
                                                                  const Caller&, Time)>& change) {
  const auto name = addressed_package(request);
  if (!name) return http::failure(name.error());
  const std::string subject = "package:" + name->text();
  const auto requester = Requester::identify(services, request);
  if (!requester) return refused(services, nullptr, rule.action, subject, requester.error());
  const auto denied = [&](const Failure& failure) {
    return refused(services, &*requester, rule.action, subject, failure);
  };
  if (const auto may = credential_may_change(*requester, rule, *name); !may) {
    return denied(may.error());
  }
  const std::string confirms =
      rule.change.empty() ? name->text() : change_subject(name->text(), rule.change);
  if (auto challenge =
          second_factor(services, request, *requester, rule.action, confirms, Without::allow)) {
    return std::move(*challenge);
  }
  const auto changed = services.database.write([&](db::Session& session) -> Result<Changed> {
    const Time now = services.clock.now();
    const auto rights = requester->rights_now(session, now);
    if (!rights) return pass_on(rights);
    auto done = change(session, *name, *rights, now);
    if (done && done->changed) {
      audit::Record record = requester->audit_record(rule.action, subject, now);
      record.organization = done->package.owner;
      for (const auto& member : rule.detail) record.detail[member.key()] = member.value();
      for (const auto& member : done->detail) record.detail[member.key()] = member.value();
      audit::append(session, record);
      if (rule.then) rule.then(session, *requester, done->package, now);
      if (requester->publish_token()) {
        record_use(session, *requester, {name->text(), rule.action, "granted", {}, {}}, now);
      }
    }
    return done;
  });
  if (!changed) return denied(changed.error());
  services.cache.invalidate(name->text(), changed->package.revision);
  return http::json(rule.status,
                    boost::json::object{{"ok", true}, {"rev", couch_rev(changed->package)}});
}

}  // namespace imp::registry
