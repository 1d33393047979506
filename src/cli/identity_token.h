#pragma once

#include <functional>
#include <string>

#include "base/failure.h"
#include "cli/npm_config.h"
#include "http/client.h"

namespace imp::cli {

/// Runs a command line in a shell and gives its output, or why it failed.
using RunCommand = std::function<Result<std::string>(const std::string& command_line)>;
Result<std::string> run_in_shell(const std::string& command_line);

/// The audience that npm asks for at a registry: "npm:<host>". `unusable_argument` for an address
/// without a host.
Result<std::string> audience_of(const std::string& registry_address);

/// A fresh identity token of the CI job that this process runs in, for an audience:
///  - CircleCI and this server's own pipelines: by `circleci run oidc get`;
///  - GitHub Actions: of the address that jobs with `id-token: write` are given
///    (ACTIONS_ID_TOKEN_REQUEST_URL and _TOKEN).
/// GitLab gives none out while a job runs: NPM_ID_TOKEN, which `id_tokens` of the job fills, is it.
/// `no_identity_token` says what the job lacks, or that this is no job.
Result<std::string> fetch_identity_token(const Environment& environment, http::Client& client,
                                         const RunCommand& run, const std::string& audience);

}  // namespace imp::cli
