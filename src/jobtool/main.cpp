// The program `circleci` inside jobs: the part of CircleCI's environment CLI that jobs rely on. It
// holds no credential; the runner behind the socket speaks for the job.

#include <cstdio>

#include "jobtool/commands.h"

namespace imp::jobtool {

namespace {

constexpr char usage[] =
    "usage: circleci run oidc get [--claims JSON] [--root-issuer]\n"
    "       circleci run release plan [NAME] --target-version VERSION [flags]\n"
    "       circleci run release update [NAME] --status STATUS [flags]\n"
    "       circleci run release log --target-version VERSION [flags]\n"
    "       circleci env subst [TEXT]\n"
    "       circleci step halt\n"
    "       circleci --version [--short]\n";

struct Command {
  Words words;
  int (*run)(const Words&);
};

int help() {
  std::fputs(usage, stdout);
  return 0;
}

int version(const Words& words) {
  if (words == Words{"--help"}) return help();
  if (words.empty()) {
    std::printf("circleci (imprimatur) %s\n", IMPRIMATUR_VERSION);
  } else if (words.size() == 1 && words[0] == "--short") {
    std::printf("%s\n", IMPRIMATUR_VERSION);
  } else {
    return usage_error("unknown argument: " + words.front(), usage);
  }
  return 0;
}

bool begins(const Words& words, const Words& with) {
  if (words.size() < with.size()) return false;
  for (std::size_t i = 0; i < with.size(); ++i) {
    if (words[i] != with[i]) return false;
  }
  return true;
}

int dispatch(const Words& words) {
  const Command commands[] = {
      {{"run", "oidc", "get"}, run_oidc_get},
      {{"run", "release"}, run_release},
      {{"env", "subst"}, env_subst},
      {{"step", "halt"}, step_halt},
      {{"task", "halt"}, step_halt},
      {{"--version"}, version},
      {{"version"}, version},
      {{"internal", "launch"}, internal_launch},
  };
  for (const Command& command : commands) {
    if (begins(words, command.words)) {
      return command.run(
          Words(words.begin() + static_cast<std::ptrdiff_t>(command.words.size()), words.end()));
    }
  }
  if (words == Words{"help"}) return help();
  // Of all, or of those that begin so: `circleci run --help`.
  if (!words.empty() && words.back() == "--help") {
    const Words with(words.begin(), words.end() - 1);
    for (const Command& command : commands) {
      if (begins(command.words, with)) return help();
    }
  }
  std::string said;
  for (const auto& word : words) said += " " + word;
  return usage_error(words.empty() ? "no command given" : "unknown command:" + said, usage);
}

}  // namespace

int usage_error(const std::string& problem, const std::string& text) {
  std::fprintf(stderr, "circleci: %s\n%s", problem.c_str(), text.c_str());
  return 2;
}

int refusal(const std::string& problem) {
  std::fprintf(stderr, "circleci: %s%s", problem.c_str(), problem.ends_with('\n') ? "" : "\n");
  return 1;
}

}  // namespace imp::jobtool

int main(int count, char** values) {
  return imp::jobtool::dispatch(imp::jobtool::Words(values + (count > 0 ? 1 : 0), values + count));
}
