#include <boost/json.hpp>

#include "ci/api/engine_routes.h"
#include "ci/runner/protocol.h"

namespace imp::ci {
namespace {

namespace json = boost::json;

/// "below 1 MiB encoded", and the JSON around it.
constexpr std::size_t batch_limit = 2 << 20;
constexpr std::size_t release_limit = 256 << 10;

template <class T>
http::Response answer(const Result<T>& result) {
  if (!result) return http::failure(result.error());
  return http::json_text(200, runner::encode(*result));
}

/// A handler for one action on a job: recognises the runner, decodes, calls, encodes.
template <class Message, class Call>
http::Handler on_job(Pipelines& pipelines, Call call) {
  return [&pipelines, call](const http::Request& request) {
    const auto runner = pipelines.runner_tokens.verify(request.bearer());
    if (!runner) return http::failure(runner.error());
    const auto message = runner::decode<Message>(request.body);
    if (!message) return http::failure(message.error());
    return answer(call(pipelines.running, *runner, request.param("job_id"), *message));
  };
}

http::Response claim(Pipelines& pipelines, const http::Request& request) {
  const auto runner = pipelines.runner_tokens.verify(request.bearer());
  if (!runner) return http::failure(runner.error());
  const auto message = runner::decode<runner::ClaimRequest>(request.body);
  if (!message) return http::failure(message.error());
  const auto ticket = pipelines.dispatch.claim(*runner, *message);
  if (!ticket) return http::failure(ticket.error());
  if (*ticket) return http::json_text(200, runner::encode(**ticket));
  if (request.wait_expired || message->wait_seconds == 0) return http::no_content();
  http::Response response;
  response.body = http::WaitFor{std::string(queue_topic),
                                Milliseconds(std::chrono::seconds(message->wait_seconds))};
  return response;
}

http::Response give_back(Pipelines& pipelines, const http::Request& request) {
  const auto runner = pipelines.runner_tokens.verify(request.bearer());
  if (!runner) return http::failure(runner.error());
  const auto message = runner::decode<runner::GiveBackRequest>(request.body);
  if (!message) return http::failure(message.error());
  const auto done = pipelines.dispatch.give_back(*runner, *message);
  return done ? http::no_content() : http::failure(done.error());
}

Result<void> require_administrator(const Call& call) {
  if (call.person().is_admin) return {};
  return refuse(ApiRefusal::not_permitted, "Only administrators of the server manage runners.");
}

Result<http::Response> create_token(const Call& call, Pipelines& pipelines) {
  if (auto allowed = require_administrator(call); !allowed) return pass_on(allowed);
  const auto body = body_of(call);
  if (!body) return pass_on(body);
  const auto name = required_text(*body, "name");
  if (!name) return pass_on(name);
  const auto token = pipelines.runner_tokens.create(*name, call.caller.actor());
  if (!token) return pass_on(token);
  return http::json(201, json::object{{"name", *name}, {"token", *token}});
}

Result<http::Response> list_tokens(const Call& call, Pipelines& pipelines) {
  if (auto allowed = require_administrator(call); !allowed) return pass_on(allowed);
  const auto runners = pipelines.runner_tokens.list();
  if (!runners) return pass_on(runners);
  json::array items;
  for (const RunnerIdentity& runner : *runners) {
    items.push_back(json::object{
        {"id", runner.id}, {"name", runner.name}, {"created_at", iso8601(runner.created)}});
  }
  return http::json(200, json::object{{"items", std::move(items)}, {"next_page_token", nullptr}});
}

Result<http::Response> revoke_token(const Call& call, Pipelines& pipelines) {
  if (auto allowed = require_administrator(call); !allowed) return pass_on(allowed);
  const auto done = pipelines.runner_tokens.revoke(call.param("id"), call.caller.actor());
  if (!done) return pass_on(done);
  return http::json(200, json::object{{"message", "Runner token revoked."}});
}

}  // namespace

void add_runner_routes(http::Router& router, CiServices& services, Pipelines& pipelines) {
  using http::Method;
  const std::string job = "/runner/v1/jobs/{job_id}";
  router.add(Method::post, runner::claim_path,
             [&pipelines](const http::Request& request) { return claim(pipelines, request); });
  router.add(Method::post, runner::give_back_path,
             [&pipelines](const http::Request& request) { return give_back(pipelines, request); });
  router.add(
      Method::post, job + "/heartbeat",
      on_job<runner::HeartbeatRequest>(
          pipelines, [](RunningJobs& running, const auto& runner, const auto& id,
                        const auto& message) { return running.heartbeat(runner, id, message); }));
  router.add(Method::post, job + "/events",
             on_job<runner::EventBatch>(
                 pipelines, [](RunningJobs& running, const auto& runner, const auto& id,
                               const auto& message) { return running.apply(runner, id, message); }),
             {.body_limit = batch_limit});
  router.add(Method::post, job + "/identity-token",
             on_job<runner::TokenRequest>(pipelines, [](RunningJobs& running, const auto& runner,
                                                        const auto& id, const auto& message) {
               return running.identity_token(runner, id, message);
             }));
  router.add(
      Method::post, job + "/release",
      on_job<runner::ReleaseRequest>(
          pipelines, [](RunningJobs& running, const auto& runner, const auto& id,
                        const auto& message) { return running.release(runner, id, message); }),
      {.body_limit = release_limit});
  const auto with = [&pipelines](auto endpoint) {
    return [&pipelines, endpoint](const Call& call) { return endpoint(call, pipelines); };
  };
  add_endpoint(router, services, Method::get, "/api/v2/runner/token", with(list_tokens));
  add_endpoint(router, services, Method::post, "/api/v2/runner/token", with(create_token));
  add_endpoint(router, services, Method::del, "/api/v2/runner/token/{id}", with(revoke_token));
}

}  // namespace imp::ci
