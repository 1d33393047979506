#include "registry/api/packages/publish_source.h"

#include "registry/trust/publisher.h"

namespace imp::registry {

PublishSource source_of(db::Session& session, const Requester& requester) {
  PublishSource source{requester.audit_actor(), {}};
  if (!requester.publish_token()) return source;
  const auto publisher = trust::publisher_by_id(session, requester.publish_token()->publisher_id);
  if (!publisher) return source;
  std::string project;
  for (const trust::Requirement& claim : publisher->claims.requirements()) {
    if (claim.part != trust::ClaimRule::Part::project) continue;
    if (!project.empty()) project += ' ';
    project += publisher->claims.text(claim.name);
  }
  if (project.empty()) return source;
  source.repository =
      "project:" + publisher->issuer_id + "/" + publisher->claims.tenant() + "/" + project;
  source.repository_name = project;
  return source;
}

}  // namespace imp::registry
