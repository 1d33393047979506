#include "ci/contexts/access.h"

#include <fmt/format.h>

#include <boost/json/array.hpp>
#include <map>

#include "audit/log.h"
#include "ci/contexts/audit_record.h"
#include "ci/contexts/context_actor.h"
#include "ci/contexts/contexts.h"
#include "ci/contexts/restrictions.h"

namespace imp::ci {
namespace {

audit::Record record_of(db::Session& session, const ContextRequest& request, std::string action,
                        Time now) {
  boost::json::array names;
  for (const std::string& name : request.context_names) names.emplace_back(name);
  return audit_record(pipeline_actor(session, request.person_id), std::move(action),
                      "job:" + request.job_id, request.organization_id, now,
                      {{"contexts", std::move(names)}, {"project", request.project_id}});
}

Access decide_all(db::Session& session, const ContextRequest& request) {
  const auto actor = context_actor(session, request.organization_id, request.person_id);
  Access access{AccessOutcome::allowed, "allowed", "", {}};
  for (const std::string& context_name : request.context_names) {
    const auto context = Contexts::find_by_name(session, request.organization_id, context_name);
    if (!context) {
      return {AccessOutcome::unknown_context,
              "unknown_context",
              fmt::format("The job names the context \"{}\", which the organization does not have.",
                          context_name),
              {}};
    }
    const Decision decision = decide({.context_name = context->name,
                                      .organization_id = context->organization_id,
                                      .restrictions = Restrictions::list(session, context->id),
                                      .actor = actor,
                                      .project_id = request.project_id,
                                      .values = request.values});
    if (!decision.allowed()) {
      return {AccessOutcome::unauthorized, std::string(name(decision.denial)), decision.reason, {}};
    }
    // Listed twice, the later place counts: that is where its values win over others'.
    std::erase(access.context_ids, context->id);
    access.context_ids.push_back(context->id);
  }
  return access;
}

}  // namespace

Access ContextAccess::authorize(db::Session& session, const ContextRequest& request) const {
  Access access = decide_all(session, request);
  if (request.context_names.empty()) return access;
  audit::Record record = record_of(session, request, "workflow-job-context-request", clock_.now());
  if (access.outcome != AccessOutcome::allowed) {
    record.outcome = access.code;
    record.detail["reason"] = access.reason;
  }
  audit::append(session, record);
  metrics_.count("imprimatur_context_requests_total", {{"outcome", access.code}});
  return access;
}

Result<ContextRelease> ContextAccess::release(db::Session& session,
                                              const ContextRequest& request) const {
  ContextRelease result{authorize(session, request), {}};
  if (result.access.outcome != AccessOutcome::allowed) return result;
  std::map<std::string, std::string> merged;
  for (const std::string& id : result.access.context_ids) {
    auto opened = variables_.open_all(session, id);
    if (!opened) return pass_on(opened);
    for (SecretVariable& variable : *opened) merged[variable.name] = std::move(variable.value);
  }
  for (auto& [name, value] : merged) result.variables.push_back({name, std::move(value)});
  if (!result.access.context_ids.empty()) {
    audit::append(session, record_of(session, request, "context.secrets.accessed", clock_.now()));
  }
  return result;
}

}  // namespace imp::ci
