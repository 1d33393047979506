#include "jobtool/commands.h"
#include "jobtool/runner_socket.h"

namespace imp::jobtool {

int step_halt(const Words& words) {
  if (!words.empty()) {
    return usage_error("unexpected argument: " + words.front(), "usage: circleci step halt\n");
  }
  const Answer answer = ask_runner(Request("halt"));
  return answer.granted ? 0 : refusal(answer.text);
}

}  // namespace imp::jobtool
