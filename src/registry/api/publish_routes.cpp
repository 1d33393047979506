#include <boost/json.hpp>

#include "audit/log.h"
#include "http/response.h"
#include "registry/api/attest.h"
#include "registry/api/hook_events.h"
#include "registry/api/refusals.h"
#include "registry/api/requester.h"
#include "registry/api/routes.h"
#include "registry/api/version_upload.h"
#include "registry/publish/commit.h"
#include "registry/publish/deprecation.h"
#include "registry/trust/refusal.h"

namespace imp::registry {

namespace {

boost::json::object published_event(const PublishCandidate& candidate, const PublishOrder& order) {
  return {{"version", candidate.version},
          {"tag", candidate.tag},
          {"integrity", candidate.tarball.integrity},
          {"publishedBy", npm_user(order.publisher)}};
}

http::Response publish_version(RegistryServices& services, const VersionUpload& upload,
                               const PublishCandidate& candidate) {
  const Requester& requester = upload.requester;
  const auto published = services.database.write([&](db::Session& session) -> Result<Published> {
    const Time now = services.clock.now();
    auto order = upload.order(session, now);
    if (!order) return pass_on(order);
    order->may_be_retry =
        !services.recent_publishes.was_answered(candidate.name, candidate.version);
    auto done = publish(session, candidate, *order, services.key, now);
    if (!done || done->repeated) return done;
    audit::Record record = requester.audit_record(
        upload.action, "package:" + candidate.name + "@" + candidate.version, now);
    record.organization = done->package.owner;
    record.detail["integrity"] = candidate.tarball.integrity;
    record.detail["tag"] = candidate.tag;
    const audit::Placed placed = audit::append(session, record);
    tell_hooks(session, candidate.name, "version.published", published_event(candidate, *order),
               now);
    if (requester.publish_token()) {
      attest(session, services, candidate, *done,
             {.identity = identity_of(session, *requester.publish_token())}, placed, now);
      record_use(session, requester, upload.action, "granted", "", now);
    }
    return done;
  });
  if (!published) return upload.refused(services, published.error());
  services.cache.invalidate(candidate.name, published->package.revision);
  services.recent_publishes.answered(candidate.name, candidate.version);
  services.metrics.count("registry_publishes_total");
  return http::json(201, boost::json::object{{"ok", true},
                                             {"success", true},
                                             {"id", candidate.name},
                                             {"rev", couch_rev(published->package)}});
}

/// A document without attachments comes from `npm deprecate`.
http::Response change_deprecations(RegistryServices& services, const VersionUpload& upload,
                                   const boost::json::object& packument) {
  const Requester& requester = upload.requester;
  if (requester.publish_token()) {
    return upload.refused(services,
                          refuse(trust::TrustRefusal::publish_token_forbidden,
                                 "A publish token cannot deprecate versions. Sign in as a person.")
                              .error());
  }
  const auto plan = services.database.read([&](db::Session& session) -> Result<DeprecationPlan> {
    return plan_deprecation(session, upload.name, packument, requester.rights());
  });
  if (!plan) return upload.refused(services, plan.error());
  const auto changed = services.database.write([&](db::Session& session) -> Result<Changed> {
    const Time now = services.clock.now();
    const auto rights = requester.rights_now(session, now);
    if (!rights) return pass_on(rights);
    auto done = deprecate(session, upload.name, *plan, *rights, now);
    if (done && done->changed) {
      audit::Record record =
          requester.audit_record("package.deprecate", "package:" + upload.name.text(), now);
      record.organization = done->package.owner;
      for (const auto& member : done->detail) record.detail[member.key()] = member.value();
      audit::append(session, record);
    }
    return done;
  });
  if (!changed) return upload.refused(services, changed.error());
  services.cache.invalidate(upload.name.text(), changed->package.revision);
  return http::json(201, boost::json::object{{"ok", true}, {"rev", couch_rev(changed->package)}});
}

}  // namespace

void add_publish_routes(http::Router& router, RegistryServices& services) {
  const UploadRule rule{"package.publish", trust::PublishAction::publish, true};
  add_upload_route(router, services, http::Method::put, "/{package}", rule,
                   [&services](const VersionUpload& upload, const ReceivedDocument& received) {
                     return received.candidate
                                ? publish_version(services, upload, *received.candidate)
                                : change_deprecations(services, upload, received.metadata);
                   });
}

}  // namespace imp::registry
