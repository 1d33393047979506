#include "registry/api/staging/stage_news.h"

#include <boost/json.hpp>

#include "registry/api/operator/hook_events.h"

namespace imp::registry {

void tell_of_stage(db::Session& session, const StagedRelease& release, Time now) {
  tell_hooks(session, release.candidate.name, "release.staged", release.to_json(), now);
}

void tell_of_end(db::Session& session, const StageOutcome& outcome, Time now) {
  tell_hooks(session, outcome.package_name, fmt::format("release.{}", name(outcome.end)),
             outcome.to_json(), now);
}

void tell_of_approval(db::Session& session, const StagedRelease& release,
                      const std::string& approver, const Approval& approval, Time now) {
  const PublishCandidate& candidate = release.candidate;
  boost::json::object data = release.to_json();
  data["tag"] = approval.tag;
  data["approvedBy"] = approver;
  data["approvals"] = boost::json::value_from(approval.approvers);
  data["needed"] = approval.policy.approvals;
  tell_hooks(session, candidate.name, "release.approved", data, now);
  if (!approval.published) return;
  data["status"] = name(StageEnd::approved);
  tell_hooks(session, candidate.name, "release.published", std::move(data), now);
  tell_hooks(session, candidate.name, "version.published",
             {{"version", candidate.version},
              {"tag", approval.tag},
              {"integrity", candidate.tarball.integrity},
              {"publishedBy", npm_user(release.publisher)}},
             now);
}

std::string stage_topic(std::string_view id) { return fmt::format("stage/{}", id); }

}  // namespace imp::registry
