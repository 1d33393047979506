#include "registry/api/news/stage_news.h"

#include <boost/json.hpp>

#include "registry/api/news/hook_events.h"
#include "registry/staging/stage_events.h"

namespace imp::registry {

namespace {

StageEventKind kind_of(StageEnd end) {
  switch (end) {
    case StageEnd::approved:
      return StageEventKind::approved;
    case StageEnd::rejected:
      return StageEventKind::rejected;
    case StageEnd::withdrawn:
      return StageEventKind::withdrawn;
    case StageEnd::expired:
      return StageEventKind::expired;
  }
  return StageEventKind::expired;
}

}  // namespace

void tell_of_stage(db::Session& session, const StagedRelease& release, Time now) {
  const std::string& package = release.candidate.name;
  tell_hooks(session, package, "release.staged", release.to_json(), now);
  record_stage_event(session, package,
                     release.held_reason.empty() ? StageEventKind::staged : StageEventKind::held,
                     release.to_json(), now);
}

void tell_of_end(db::Session& session, const StageOutcome& outcome, Time now) {
  tell_hooks(session, outcome.package_name, fmt::format("release.{}", name(outcome.end)),
             outcome.to_json(), now);
  record_stage_event(session, outcome.package_name, kind_of(outcome.end), outcome.to_json(), now);
}

void tell_of_approval(db::Session& session, const StagedRelease& release,
                      const std::string& approver, const Approval& approval, Time now) {
  const PublishCandidate& candidate = release.candidate;
  boost::json::object data = release.to_json();
  data["tag"] = approval.tag;
  data["approvedBy"] = approver;
  data["approvals"] = boost::json::value_from(approval.approvers);
  data["needed"] = approval.needed;
  tell_hooks(session, candidate.name, "release.approved", data, now);
  record_stage_event(session, candidate.name, StageEventKind::approval, data, now);
  if (!approval.published) return;
  data["status"] = name(StageEnd::approved);
  tell_hooks(session, candidate.name, "release.published", std::move(data), now);
  tell_hooks(session, candidate.name, "version.published",
             {{"version", candidate.version},
              {"tag", approval.tag},
              {"integrity", candidate.tarball.integrity},
              {"publishedBy", npm_user(release.publisher)}},
             now);
  if (const auto outcome = find_outcome(session, release.id)) {
    record_stage_event(session, candidate.name, kind_of(outcome->end), outcome->to_json(), now);
  }
}

}  // namespace imp::registry
