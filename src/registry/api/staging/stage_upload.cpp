#include "registry/api/staging/stage_upload.h"

#include <boost/json.hpp>

#include "audit/log.h"
#include "registry/api/news/stage_news.h"
#include "registry/api/refusals.h"
#include "registry/api/staging/stage_decisions.h"
#include "registry/provenance/ci_identity.h"

namespace imp::registry {

Result<StagedRelease> stage_upload(db::Session& session, RegistryServices& services,
                                   const VersionUpload& upload, const PublishCandidate& candidate,
                                   const PublishOrder& order,
                                   const std::optional<BundleJudgement>& bundle, Time now,
                                   const std::string& held_reason) {
  const Requester& requester = upload.requester;
  const auto& token = requester.publish_token();
  auto release =
      stage_release(session, candidate, order, token ? token->run : boost::json::object(),
                    person_behind(session, services, requester), now, held_reason);
  if (!release) return release;
  const bool held = !held_reason.empty();
  audit::Record record =
      requester.audit_record(held ? "package.hold" : upload.action,
                             "package:" + candidate.name + "@" + candidate.version, now);
  record.organization = order.scope_owner;
  record.detail["stage"] = release->id;
  record.detail["integrity"] = candidate.tarball.integrity;
  if (held) record.detail["reason"] = held_reason;
  if (bundle) {
    record.detail["provenance"] = bundle->to_json();
    keep_staged_judgement(session, release->id, *bundle);
  }
  audit::append(session, record);
  tell_of_stage(session, *release, now);
  if (token) {
    keep_identity(session, release->id, identity_of(session, *token));
  }
  record_use(
      session, requester,
      {candidate.name, upload.action, held ? "held" : "granted", held_reason, candidate.version},
      now);
  return release;
}

}  // namespace imp::registry
