#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "ci/api/endpoint.h"
#include "ci/pipelines/pipelines.h"
#include "http/router.h"

namespace imp::ci {

/// The routes of the engine; `services` and `pipelines` outlive the router.

/// POST …/pipeline/run and GET of pipelines. Of our own: POST /api/v2/project/{slug}/pull-request
/// {"fork": <project id or slug>, "branch": <name>} runs the definitions of the project named by
/// the slug with the code and the configuration of a branch of another hosted project. Whoever
/// belongs to the fork's organisation may ask; a project that does not build forks is not found by
/// those who do not belong to its own.
void add_pipeline_routes(http::Router& router, CiServices& services, Pipelines& pipelines);
/// GET, approve, cancel and rerun of workflows.
void add_workflow_routes(http::Router& router, CiServices& services, Pipelines& pipelines);
/// GET and cancel of jobs. Of our own: GET …/job/{number}/output, see job_output.h.
void add_job_routes(http::Router& router, CiServices& services, Pipelines& pipelines);
/// The server's side of ci/runner/protocol.h. Of our own, for administrators of the server:
/// GET and POST /api/v2/runner/token {"name"}, DELETE /api/v2/runner/token/{id}.
void add_runner_routes(http::Router& router, CiServices& services, Pipelines& pipelines);
/// git over HTTP, `/git/{organization}/{project}.git`, see git_http.cpp.
void add_git_routes(http::Router& router, CiServices& services, Pipelines& pipelines);

/// All of them.
void add_engine_routes(http::Router& router, CiServices& services, Pipelines& pipelines);

/// The project with this id, when the caller belongs to its organisation; else the refusal, so that
/// what is hidden looks like what does not exist.
Result<Project> project_of(const Call& call, std::string_view project_id,
                           const Failure& when_hidden);

/// A query parameter that is a number of at most `most`; nothing when absent.
Result<std::optional<std::int64_t>> number_in_query(const http::Request& request,
                                                    std::string_view name, std::int64_t most);

/// A path parameter that is a job or pipeline number; 0, which none has, for anything else.
std::int64_t number_in_path(const Call& call, std::string_view name);

/// Members of JSON for a time and its absence.
boost::json::value json_time(const std::optional<Time>& time);

}  // namespace imp::ci
