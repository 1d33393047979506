#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "demo/working_copy.h"

namespace imp::demo {

/// The package as it is committed: manifest, lock file, .npmrc with the registry, code, test, and
/// the script that gives a token to the exchange by hand.
std::vector<ProjectFile> package_files(std::string_view package, std::string_view version,
                                       std::string_view registry_url);

/// One job of a configuration. Each begins as the guide's does: the image, checkout, npm ci, npm
/// test, npm run build --if-present.
struct RecipeJob {
  std::string name = "publish";
  std::string steps;      ///< further steps, made with run_step()
  bool guarded = true;    ///< uses the context trusted-publishing-guard
  bool main_only = true;  ///< the filter pipeline.git.branch == "main"
};

/// .circleci/config.yml
ProjectFile config_file(std::string_view image, const std::vector<RecipeJob>& jobs);

/// A `run` step with these lines of shell.
std::string run_step(std::string_view name, const std::vector<std::string>& lines);

/// The guide's way to publish: fetches an identity token for the registry's host into NPM_ID_TOKEN
/// and runs `npm <arguments>`.
std::string publish_step(std::string_view name, std::string_view host, std::string_view arguments);

/// A step that shows everything that could hold an npm token.
std::string holdings_step();

/// A step that fetches an identity token, keeps it for that many seconds, and gives it to the
/// exchange so many times.
std::string exchange_step(std::string_view name, std::string_view host, std::string_view package,
                          int times, int held_seconds);

inline constexpr std::string_view guide_image = "cimg/node:22.14";
inline constexpr std::string_view guard_context = "trusted-publishing-guard";
inline constexpr std::string_view guard_expression =
    "pipeline.git.branch == \"main\" and not job.ssh.enabled";
inline constexpr std::string_view holdings_name = "What this job holds";
inline constexpr std::string_view no_token_found = "no npm token in any variable or file";

}  // namespace imp::demo
