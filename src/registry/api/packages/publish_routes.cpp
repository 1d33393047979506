#include <boost/json.hpp>

#include "audit/log.h"
#include "http/response.h"
#include "registry/api/news/hook_events.h"
#include "registry/api/news/publisher_news.h"
#include "registry/api/packages/attest.h"
#include "registry/api/packages/provenance.h"
#include "registry/api/packages/publish_source.h"
#include "registry/api/packages/version_upload.h"
#include "registry/api/refusals.h"
#include "registry/api/requester.h"
#include "registry/api/routes.h"
#include "registry/api/staging/stage_upload.h"
#include "registry/publish/commit.h"
#include "registry/publish/deprecation.h"
#include "registry/staging/held_release.h"
#include "registry/trust/refusal.h"

namespace imp::registry {

namespace {

boost::json::object published_event(const PublishCandidate& candidate, const PublishOrder& order) {
  return {{"version", candidate.version},
          {"tag", candidate.tag},
          {"integrity", candidate.tarball.integrity},
          {"publishedBy", npm_user(order.publisher)}};
}

/// What became of a publish: a version, or a staged release with the reason.
struct PublishOutcome {
  std::optional<Published> published;
  HeldRelease held;
};

/// May be repeated (db::Repeat).
Result<PublishOutcome> commit(db::Session& session, RegistryServices& services,
                              const VersionUpload& upload, const PublishCandidate& candidate,
                              const std::optional<BundleJudgement>& bundle) {
  const Requester& requester = upload.requester;
  const Time now = services.clock.now();
  auto order = upload.order(services, session, candidate.version, now);
  if (!order) return pass_on(order);
  order->may_be_retry = !services.recent_publishes.was_answered(candidate.name, candidate.version);
  const PublishLimits& limits = services.publish_limits;
  PublishSource source;
  if (limits.any()) {
    source = source_of(session, requester);
    if (auto before = held_before(session, candidate, order->publisher, now)) {
      return PublishOutcome{std::nullopt, std::move(*before)};
    }
    const auto reason = is_repetition(session, candidate, *order, now)
                            ? std::nullopt
                            : excess(session, limits, source, now);
    if (reason) {
      // Whether the publisher may stage is not asked: it may do more.
      const auto held =
          stage_upload(session, services, upload, candidate, *order, bundle, now, *reason);
      if (!held) return pass_on(held);
      return PublishOutcome{std::nullopt, {held->id, *reason}};
    }
  }
  auto done = publish(session, candidate, *order, services.key, now);
  if (!done) return pass_on(done);
  if (done->repeated) return PublishOutcome{std::move(*done), {}};
  count_publish(session, limits, source, now);
  audit::Record record = requester.audit_record(
      upload.action, "package:" + candidate.name + "@" + candidate.version, now);
  record.organization = done->package.owner;
  record.detail["integrity"] = candidate.tarball.integrity;
  record.detail["tag"] = candidate.tag;
  if (bundle) {
    record.detail["provenance"] = bundle->to_json();
    keep_judgement(session, done->package.id, candidate.version, *bundle);
  }
  const audit::Placed placed = audit::append(session, record);
  tell_hooks(session, done->package, "version.published", published_event(candidate, *order), now);
  if (requester.publish_token()) {
    attest(session, services, candidate, *done,
           {.identity = identity_of(session, *requester.publish_token())}, placed, now);
  } else {
    tell_of_publish_past_publishers(session, done->package, candidate.version, record);
  }
  record_use(session, requester, {candidate.name, upload.action, "granted", {}, candidate.version},
             now);
  return PublishOutcome{std::move(*done), {}};
}

/// npm takes any 2xx for published and says so; the notice, which it prints, is what tells
/// otherwise.
http::Response held_response(const PublishCandidate& candidate, const HeldRelease& held) {
  const std::string text = fmt::format(
      "{}@{} is not published: it is held as a staged release. {} A person decides: npm stage "
      "approve {}",
      candidate.name, candidate.version, held.reason, held.stage_id);
  http::Response response = http::json(202, boost::json::object{{"ok", true},
                                                                {"success", true},
                                                                {"id", candidate.name},
                                                                {"held", true},
                                                                {"stageId", held.stage_id},
                                                                {"message", text}});
  accounts::add_notice(response, text);
  return response;
}

/// A version on its way into the database.
struct Publishing {
  VersionUpload upload;
  ReceivedDocument received;
  std::optional<BundleJudgement> bundle;
};

http::Response response_to(RegistryServices& services, const Publishing& work,
                           const PublishOutcome& outcome) {
  const PublishCandidate& candidate = *work.received.candidate;
  if (!outcome.published) {
    services.stage_feed->changed(services.waiters, candidate.name);
    services.metrics.count("registry_held_publishes_total");
    return held_response(candidate, outcome.held);
  }
  const Package& package = outcome.published->package;
  services.cache.invalidate(candidate.name, package.revision);
  services.recent_publishes.answered(candidate.name, candidate.version);
  services.metrics.count("registry_publishes_total");
  return http::json(201, boost::json::object{{"ok", true},
                                             {"success", true},
                                             {"id", candidate.name},
                                             {"attempt", work.upload.requester.attempt_id()},
                                             {"rev", couch_rev(package)}});
}

http::Response publish_version(RegistryServices& services, VersionUpload upload,
                               ReceivedDocument received) {
  auto bundle = judged(services, *received.candidate, upload.requester);
  if (!bundle) return upload.refused(services, bundle.error());
  const auto work = std::make_shared<const Publishing>(std::move(upload), std::move(received),
                                                       std::move(*bundle));
  // No thread waits for the commit, as with exchanges.
  return http::later([&services, work](http::Reply reply) {
    services.database.write_later(
        [&services, work](db::Session& session) -> Result<PublishOutcome> {
          session.before_commit(work->received.make_durable);
          return commit(session, services, work->upload, *work->received.candidate, work->bundle);
        },
        [&services, work, reply = std::move(reply)](const Result<PublishOutcome>& outcome) mutable {
          if (outcome) return reply(response_to(services, *work, *outcome));
          refused_later(services, {work, &work->upload}, outcome.error(), std::move(reply));
        },
        db::Repeat::allowed);
  });
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
                   [&services](VersionUpload upload, ReceivedDocument received) {
                     return received.candidate
                                ? publish_version(services, std::move(upload), std::move(received))
                                : change_deprecations(services, upload, received.metadata);
                   });
}

}  // namespace imp::registry
