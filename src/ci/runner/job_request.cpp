#include "ci/runner/job_request.h"

#include <boost/json.hpp>

#include "ci/runner/json_members.h"
#include "ci/runner/refusals.h"

namespace imp::ci::runner {

namespace json = boost::json;

Result<JobRequest> parse_job_request(std::string_view line) {
  auto parsed = parse_json(line);
  if (!parsed) return pass_on(parsed);
  json::object* object = parsed->if_object();
  const json::value* found = object == nullptr ? nullptr : object->if_contains("request");
  const json::string* what = found == nullptr ? nullptr : found->if_string();
  if (what == nullptr) {
    return refuse(RunnerRefusal::malformed_message, "The request does not say what is asked for.");
  }
  if (*what == "halt") {
    Members members(*parsed, "");
    members.member("request");
    return members.finish(JobRequest(HaltRequest{}));
  }
  const bool token = *what == "oidc";
  if (!token && *what != "release") {
    return refuse(RunnerRefusal::malformed_message, "The request is not one that jobs can make.");
  }
  // The rest is the runner's own message to the server, which names a lease: a job must not.
  if (object->contains("lease")) {
    return refuse(RunnerRefusal::malformed_message, "A job cannot name a lease.");
  }
  object->erase("request");
  (*object)["lease"] = "-";
  const std::string text = json::serialize(*object);
  if (token) {
    auto request = decode<TokenRequest>(text);
    if (!request) return pass_on(request);
    request->lease.clear();
    return JobRequest(std::move(*request));
  }
  auto request = decode<ReleaseRequest>(text);
  if (!request) return pass_on(request);
  request->lease.clear();
  return JobRequest(std::move(*request));
}

}  // namespace imp::ci::runner
