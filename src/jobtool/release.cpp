#include <cstdio>
#include <utility>

#include "jobtool/arguments.h"
#include "jobtool/commands.h"
#include "jobtool/runner_socket.h"

namespace imp::jobtool {

namespace {

constexpr char usage[] =
    "usage: circleci run release plan [NAME] --target-version VERSION [--environment-name E]\n"
    "                [--component-name C] [--namespace N] [--release-strategy S] [--rollback]\n"
    "       circleci run release update [NAME] --status RUNNING|SUCCESS|FAILED|CANCELED\n"
    "                [--failure-reason TEXT] [--keep-target-version-live]\n"
    "       circleci run release log --target-version VERSION [the flags of plan]\n";

std::vector<Flag> flags_of(const std::string& action) {
  if (action == "update") {
    return {{"--status"},
            {"--failure-reason"},
            {"--keep-target-version-live", false},
            {"--help", false}};
  }
  return {{"--target-version"},   {"--environment-name"}, {"--component-name"}, {"--namespace"},
          {"--release-strategy"}, {"--rollback", false},  {"--help", false}};
}

std::string missing_flag(const std::string& action, const Arguments& arguments) {
  const std::string needed = action == "update" ? "--status" : "--target-version";
  if (!arguments.value(needed).empty()) return {};
  return "required flag is missing or empty: " + needed;
}

}  // namespace

int run_release(const Words& words) {
  if (words.empty()) return usage_error("which of plan, update and log?", usage);
  const std::string& action = words.front();
  if (action == "--help") {
    std::fputs(usage, stdout);
    return 0;
  }
  if (action != "plan" && action != "update" && action != "log") {
    return usage_error("unknown command: run release " + action, usage);
  }
  std::string problem;
  const auto arguments =
      read_arguments(Words(words.begin() + 1, words.end()), flags_of(action), problem);
  if (!arguments) return usage_error(problem, usage);
  if (arguments->has("--help")) {
    std::fputs(usage, stdout);
    return 0;
  }
  const std::size_t names = action == "log" ? 0 : 1;
  if (arguments->positional.size() > names) {
    return usage_error("unexpected argument: " + arguments->positional[names], usage);
  }
  if (problem = missing_flag(action, *arguments); !problem.empty()) {
    return usage_error(problem, usage);
  }

  Request request("release");
  request.add("action", action);
  request.add("deploy_name",
              arguments->positional.empty() ? std::string() : arguments->positional.front());
  for (const auto& [key, flag] : std::initializer_list<std::pair<const char*, const char*>>{
           {"target_version", "--target-version"},
           {"environment_name", "--environment-name"},
           {"component_name", "--component-name"},
           {"namespace", "--namespace"},
           {"release_strategy", "--release-strategy"},
           {"status", "--status"},
           {"failure_reason", "--failure-reason"}}) {
    request.add(key, arguments->value(flag));
  }
  request.add("rollback", arguments->has("--rollback"));
  request.add("keep_target_version_live", arguments->has("--keep-target-version-live"));
  const Answer answer = ask_runner(request);
  if (!answer.granted) return refusal(answer.text);
  if (!answer.text.empty()) std::printf("%s\n", answer.text.c_str());
  return 0;
}

}  // namespace imp::jobtool
