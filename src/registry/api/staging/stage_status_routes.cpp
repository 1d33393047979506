#include <algorithm>
#include <boost/json.hpp>
#include <charconv>

#include "http/response.h"
#include "registry/api/news/stage_news.h"
#include "registry/api/refusals.h"
#include "registry/api/routes.h"
#include "registry/api/staging/stage_decisions.h"
#include "registry/api/staging/stage_requester.h"
#include "registry/api/staging/stage_runs.h"

namespace imp::registry {

namespace {

constexpr std::string_view kAction = "stage.view";
constexpr std::int64_t kLongestWait = 60;

/// Seconds that the client would wait for a decision: `?wait=60`. 0 without it, and when they are
/// over.
std::int64_t wait_of(const http::Request& request) {
  const auto text = request.query("wait");
  if (!text || request.wait_expired) return 0;
  std::int64_t seconds = 0;
  std::from_chars(text->data(), text->data() + text->size(), seconds);
  return std::clamp<std::int64_t>(seconds, 0, kLongestWait);
}

/// The request is parked, without a thread, until the release is decided.
http::Response park(const std::string& id, std::int64_t seconds) {
  http::Response response;
  response.body = http::WaitFor{stage_topic(id), Milliseconds(std::chrono::seconds(seconds))};
  return response;
}

/// What a run is told of what it staged: what became of it, not by whom.
boost::json::object told_to_run(const boost::json::object& item) {
  boost::json::object told;
  for (const std::string_view member :
       {"id", "packageName", "version", "tag", "status", "expiresAt", "decidedAt", "reason"}) {
    if (const boost::json::value* value = item.if_contains(member)) told[member] = *value;
  }
  return told;
}

/// A publish token may wait for the outcome of what its own run staged.
http::Response view_by_run(RegistryServices& services, const http::Request& request,
                           const Requester& requester) {
  const std::string& id = request.param("id");
  const trust::PublishToken& token = *requester.publish_token();
  bool pending = false;
  const auto item =
      services.database.read([&](db::Session& session) -> Result<boost::json::object> {
        const auto release = find_staged(session, id);
        pending = release && staged_by_run_of(token, *release);
        if (pending) return release->to_json();
        const auto outcome = find_outcome(session, id);
        if (!outcome || !staged_by_run_of(token, *outcome)) return not_of_this_run();
        return outcome->to_json();
      });
  if (!item) return refused(services, &requester, kAction, "stage:" + id, item.error());
  const std::int64_t wait = wait_of(request);
  return pending && wait > 0 ? park(id, wait) : http::json(200, told_to_run(*item));
}

http::Response view(RegistryServices& services, const http::Request& request) {
  if (request.query("wait")) {
    const auto requester = Requester::identify(services, request);
    if (requester && requester->publish_token()) return view_by_run(services, request, *requester);
  }
  const auto requester = deciding_person(services, request, kAction);
  if (!requester) return requester.error();
  const std::string& id = request.param("id");
  const auto release = visible_release(services, *requester, id);
  if (release) {
    const std::int64_t wait = wait_of(request);
    return wait > 0 ? park(id, wait) : http::json(200, release->to_json());
  }
  const auto outcome = visible_outcome(services, *requester, id);
  return outcome ? http::json(200, outcome->to_json()) : http::failure(release.error());
}

}  // namespace

void add_stage_status_routes(http::Router& router, RegistryServices& services) {
  router.add(http::Method::get, "/-/stage/{id}",
             [&services](const http::Request& request) { return view(services, request); });
}

}  // namespace imp::registry
