#include "registry/staging/stage_decision.h"

#include <algorithm>

#include "registry/brakes/freeze.h"
#include "registry/packages/store.h"

namespace imp::registry {

namespace {

Ended end(db::Session& session, const StagedRelease& release, const Ending& ending, Time now) {
  forget_staged(session, release);
  return {release, record_outcome(session, release, ending, now)};
}

/// The approved bytes under the tag that was approved.
Result<Published> make_public(db::Session& session, const StagedRelease& release,
                              const ApprovalRequest& request, const std::string& tag,
                              const RegistryKey& key, Time now) {
  PublishOrder order;
  order.caller = request.caller;
  order.publisher = release.publisher;
  order.publisher.approver = request.approver;
  order.may_create = false;
  order.may_change_access = !release.automation;
  order.stage_id = release.id;
  PublishCandidate candidate = release.candidate;
  candidate.tag = tag;
  return publish(session, candidate, order, key, now);
}

}  // namespace

std::int64_t Approval::missing() const {
  return std::max<std::int64_t>(0, needed - static_cast<std::int64_t>(approvers.size()));
}

std::vector<std::string> counted_approvals(db::Session& session, const StagedRelease& release,
                                           const StagePolicy& policy, const ApprovalRights& rights,
                                           const std::string& tag) {
  std::vector<std::string> counted;
  for (RecordedApproval& approval : approvals_of(session, release.id)) {
    const std::string& approved = approval.tag.empty() ? release.candidate.tag : approval.tag;
    if (approved == tag &&
        may_decide(session, release.candidate.name, rights.caller(approval.person)) &&
        may_approve(policy, release.behind, approval, rights)) {
      counted.push_back(std::move(approval.person));
    }
  }
  return counted;
}

Result<Approval> approve_staged(db::Session& session, std::string_view id,
                                const ApprovalRequest& request, const ApprovalRights& rights,
                                const RegistryKey& key, Time now) {
  const auto release = find_staged_for(session, id, request.caller);
  if (!release) return pass_on(release);
  if (now >= release->expires) return no_staged_release();
  const auto package = find_package(session, release->candidate.name);
  if (const auto open = not_frozen(session, release->candidate.package()); !open) {
    return pass_on(open);
  }
  const StagePolicy policy =
      package ? binding_policy_since(session, *package, release->waiting_since(), now)
              : StagePolicy();
  Approval approval;
  approval.needed = approvals_needed(policy, release->behind);
  approval.tag = request.tag.empty() ? release->candidate.tag : request.tag;
  const std::string& person = request.approver.name;
  const RecordedApproval given{person, approval.tag, request.by_passkey};
  const auto may = may_approve(policy, release->behind, given, rights);
  if (!may) return pass_on(may);
  const bool is_new = add_approval(session, release->id, given, now);
  approval.approvers = counted_approvals(session, *release, policy, rights, approval.tag);
  if (approval.missing() > 0) {
    if (is_new) return approval;
    return refuse(StageRefusal::approved_already,
                  fmt::format("You approved this release already; {} more must, and each has to be "
                              "another person.",
                              approval.missing()));
  }
  auto published = make_public(session, *release, request, approval.tag, key, now);
  if (!published) return pass_on(published);
  // The version is published by now: it is not given back.
  end(session, *release, {.end = StageEnd::approved, .by = person, .tag = approval.tag}, now);
  approval.published = std::move(*published);
  return approval;
}

Result<Ended> reject_staged(db::Session& session, std::string_view id, const Caller& caller,
                            const std::string& person, const std::string& reason, Time now) {
  const auto release = find_staged_for(session, id, caller);
  if (!release) return pass_on(release);
  const StageEnd how = release->behind == person ? StageEnd::withdrawn : StageEnd::rejected;
  return end(session, *release, {.end = how, .by = person, .reason = reason}, now);
}

Ended withdraw_staged(db::Session& session, const StagedRelease& release, const std::string& by,
                      Time now) {
  return end(session, release, {.end = StageEnd::withdrawn, .by = by}, now);
}

Result<std::vector<StagedRelease>> take_expired(db::Session& session, Time now, std::int64_t limit,
                                                Log& log) {
  std::vector<StagedRelease> taken;
  for (const db::Row& row :
       session.rows("SELECT id, package_name, version FROM staged_release WHERE expires_at <= :p1 "
                    "ORDER BY expires_at LIMIT :p2",
                    {to_milliseconds(now), limit})) {
    auto release = find_staged(session, row.text(0));
    if (!release) {
      // It is over all the same, and must not keep the others.
      log.error("an expired staged release could not be read",
                {{"id", row.text(0)}, {"reason", release.error().detail}});
      release = StagedRelease{};
      release->id = row.text(0);
      release->candidate.name = row.text(1);
      release->candidate.version = row.text(2);
    }
    forget_staged(session, *release);
    record_outcome(session, *release, {.end = StageEnd::expired}, now);
    taken.push_back(std::move(*release));
  }
  return taken;
}

bool any_expired(db::Session& session, Time now) {
  return session
      .row("SELECT 1 FROM staged_release WHERE expires_at <= :p1 LIMIT 1", {to_milliseconds(now)})
      .has_value();
}

}  // namespace imp::registry
