#include <cstdio>

#include "jobtool/commands.h"
#include "jobtool/runner_socket.h"

namespace imp::jobtool {

namespace {

constexpr char usage[] = "usage: circleci step halt\n";

}  // namespace

int step_halt(const Words& words) {
  if (words == Words{"--help"}) {
    std::fputs(usage, stdout);
    return 0;
  }
  if (!words.empty()) return usage_error("unexpected argument: " + words.front(), usage);
  const Answer answer = ask_runner(Request("halt"));
  return answer.granted ? 0 : refusal(answer.text);
}

}  // namespace imp::jobtool
