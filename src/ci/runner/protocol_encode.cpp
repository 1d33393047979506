#include <boost/json.hpp>

#include "base/encoding.h"
#include "ci/runner/protocol.h"

namespace imp::ci::runner {

namespace json = boost::json;

namespace {

template <class... Visitors>
struct Overloaded : Visitors... {
  using Visitors::operator()...;
};

json::array strings(const std::vector<std::string>& values) {
  return json::array(values.begin(), values.end());
}

json::object encode_step(const Step& step) {
  json::object out{{"name", step.name}, {"when", name(step.when)}};
  std::visit(Overloaded{[&](const Checkout& checkout) {
                          out["checkout"] = {{"path", checkout.path},
                                             {"fetch_url", checkout.fetch_url},
                                             {"authorization", checkout.authorization},
                                             {"repository_url", checkout.repository_url},
                                             {"revision", checkout.revision},
                                             {"branch", checkout.branch},
                                             {"tag", checkout.tag},
                                             {"ref", checkout.ref}};
                        },
                        [&](const Run& run) {
                          json::array environment;
                          for (const auto& variable : run.environment) {
                            environment.push_back(
                                json::object{{"name", variable.name}, {"value", variable.value}});
                          }
                          out["run"] = {{"command", run.command},
                                        {"shell", run.shell},
                                        {"working_directory", run.working_directory},
                                        {"environment", std::move(environment)},
                                        {"background", run.background},
                                        {"no_output_seconds", run.no_output_seconds}};
                        }},
             step.action);
  return out;
}

json::object encode_event(const Event& event) {
  json::object out{{"sequence", event.sequence}, {"at", event.at}};
  std::visit(Overloaded{[&](const StepStarted& started) {
                          out["step_started"] = {{"step", started.step}, {"name", started.name}};
                        },
                        [&](const StepOutput& output) {
                          out["step_output"] = {{"step", output.step},
                                                {"bytes", base64(bytes_of(output.bytes))}};
                        },
                        [&](const StepFinished& finished) {
                          json::value exit_code;
                          if (finished.exit_code) exit_code = *finished.exit_code;
                          out["step_finished"] = {{"step", finished.step},
                                                  {"outcome", name(finished.outcome)},
                                                  {"exit_code", std::move(exit_code)}};
                        },
                        [&](const JobFinished& finished) {
                          out["job_finished"] = {{"outcome", name(finished.outcome)},
                                                 {"halted", finished.halted},
                                                 {"message", finished.message}};
                        }},
             event.what);
  return out;
}

}  // namespace

std::string encode(const ClaimRequest& message) {
  return json::serialize(json::object{{"claim_id", message.claim_id},
                                      {"runner_name", message.runner_name},
                                      {"labels", strings(message.labels)},
                                      {"wait_seconds", message.wait_seconds}});
}

std::string encode(const GiveBackRequest& message) {
  return json::serialize(json::object{{"claim_id", message.claim_id}});
}

std::string encode(const JobTicket& message) {
  json::array environment;
  for (const auto& variable : message.environment) {
    environment.push_back(json::object{
        {"source", name(variable.source)}, {"name", variable.name}, {"value", variable.value}});
  }
  json::array steps;
  for (const auto& step : message.steps) steps.push_back(encode_step(step));
  return json::serialize(json::object{{"job_id", message.job_id},
                                      {"lease", message.lease},
                                      {"lease_seconds", message.lease_seconds},
                                      {"job_name", message.job_name},
                                      {"image", message.image},
                                      {"shell", message.shell},
                                      {"working_directory", message.working_directory},
                                      {"time_limit_seconds", message.time_limit_seconds},
                                      {"environment", std::move(environment)},
                                      {"secrets", strings(message.secrets)},
                                      {"steps", std::move(steps)}});
}

std::string encode(const HeartbeatRequest& message) {
  return json::serialize(json::object{{"lease", message.lease}});
}

std::string encode(const HeartbeatReply& message) {
  return json::serialize(json::object{{"cancel", message.cancel}});
}

std::string encode(const EventBatch& message) {
  json::array events;
  for (const auto& event : message.events) events.push_back(encode_event(event));
  return json::serialize(json::object{{"lease", message.lease}, {"events", std::move(events)}});
}

std::string encode(const EventReply& message) {
  return json::serialize(json::object{{"accepted", message.accepted}, {"cancel", message.cancel}});
}

std::string encode(const TokenRequest& message) {
  return json::serialize(json::object{
      {"lease", message.lease}, {"claims", message.claims}, {"root_issuer", message.root_issuer}});
}

std::string encode(const TokenReply& message) {
  return json::serialize(json::object{{"token", message.token}});
}

std::string encode(const ReleaseRequest& message) {
  return json::serialize(
      json::object{{"lease", message.lease},
                   {"action", name(message.action)},
                   {"deploy_name", message.deploy_name},
                   {"target_version", message.target_version},
                   {"environment_name", message.environment_name},
                   {"component_name", message.component_name},
                   {"namespace", message.name_space},
                   {"release_strategy", message.release_strategy},
                   {"rollback", message.rollback},
                   {"status", message.status},
                   {"failure_reason", message.failure_reason},
                   {"keep_target_version_live", message.keep_target_version_live}});
}

std::string encode(const ReleaseReply& message) {
  return json::serialize(json::object{{"message", message.message}});
}

}  // namespace imp::ci::runner
