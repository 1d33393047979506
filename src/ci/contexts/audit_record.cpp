#include "ci/contexts/audit_record.h"

#include "accounts/people.h"

namespace imp::ci {
namespace {

std::string name_of(const accounts::Actor& actor) {
  if (actor.is_system()) return "system";
  if (!actor.name.empty()) return "user:" + actor.name;
  return actor.person_id.empty() ? "anonymous" : "user:" + actor.person_id;
}

}  // namespace

audit::Record audit_record(const accounts::Actor& by, std::string action, std::string subject,
                           std::string organization_id, Time at, boost::json::object detail) {
  audit::Record record;
  record.at = at;
  record.actor = name_of(by);
  record.action = std::move(action);
  record.subject = std::move(subject);
  record.outcome = "granted";
  if (!organization_id.empty()) record.organization = std::move(organization_id);
  record.request_id = by.request_id;
  record.remote_address = by.address;
  record.detail = std::move(detail);
  if (!by.via.empty()) record.detail["via"] = by.via;
  return record;
}

accounts::Actor pipeline_actor(db::Session& session, std::string_view person_id) {
  if (person_id.empty()) return accounts::Actor::system("pipeline");
  accounts::Actor actor{.person_id = std::string(person_id), .via = "pipeline"};
  if (const auto person = accounts::find_person(session, person_id)) actor.name = person->name;
  return actor;
}

}  // namespace imp::ci
