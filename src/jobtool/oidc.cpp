#include <cstdio>

#include "jobtool/arguments.h"
#include "jobtool/commands.h"
#include "jobtool/runner_socket.h"

namespace imp::jobtool {

int run_oidc_get(const Words& words) {
  constexpr char usage[] = "usage: circleci run oidc get [--claims JSON] [--root-issuer]\n";
  std::string problem;
  const auto arguments = read_arguments(
      words, {{"--claims"}, {"--root-issuer", false}, {"--verbose", false}, {"--help", false}},
      problem);
  if (!arguments) return usage_error(problem, usage);
  if (arguments->has("--help")) {
    std::fputs(usage, stdout);
    return 0;
  }
  if (!arguments->positional.empty()) {
    return usage_error("unexpected argument: " + arguments->positional.front(), usage);
  }
  const std::string claims = arguments->value("--claims");
  if (arguments->has("--claims") && claims.empty()) {
    return usage_error("--claims is empty: give a JSON object, such as '{\"aud\": \"…\"}'", usage);
  }
  Request request("oidc");
  request.add("claims", claims);
  request.add("root_issuer", arguments->has("--root-issuer"));
  if (arguments->has("--verbose")) {
    std::fprintf(stderr, "circleci: asking the runner for an identity token of the %s issuer\n",
                 arguments->has("--root-issuer") ? "root" : "organisation's");
  }
  const Answer answer = ask_runner(request);
  if (!answer.granted) return refusal("no identity token: " + answer.text);
  std::printf("%s\n", answer.text.c_str());
  return std::fflush(stdout) == 0 ? 0 : refusal("the token could not be written");
}

}  // namespace imp::jobtool
