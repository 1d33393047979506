#include "ci/runner/run_step.h"

#include <fmt/format.h>

#include "ci/runner/job_environment.h"

namespace imp::ci::runner {

namespace {

/// "10m0s", "1h2m3s": how CircleCI writes times.
std::string duration(std::int64_t seconds) {
  if (seconds >= 3600) {
    return fmt::format("{}h{}m{}s", seconds / 3600, seconds / 60 % 60, seconds % 60);
  }
  if (seconds >= 60) return fmt::format("{}m{}s", seconds / 60, seconds % 60);
  return fmt::format("{}s", seconds);
}

}  // namespace

StepEnd step_end(const ProcessEnd& end, const Watch& watch, const JobTicket& ticket, StepLog& log) {
  switch (end.reason) {
    case EndReason::exited:
      if (end.exit_code == 0) return {StepOutcome::success, 0, false};
      log.line(fmt::format("\nExited with code exit status {}", end.exit_code));
      return {StepOutcome::failed, end.exit_code, false};
    case EndReason::no_output:
      log.line(fmt::format("\nToo long with no output (exceeded {}): the step was stopped",
                           duration(watch.no_output->count() / 1000)));
      return {StepOutcome::timedout, std::nullopt, false};
    case EndReason::deadline:
      log.line(fmt::format("\nThe job exceeded its limit of {}: the step was stopped",
                           duration(ticket.time_limit_seconds)));
      return {StepOutcome::timedout, std::nullopt, true};
    case EndReason::stopped:
      return {StepOutcome::canceled, std::nullopt, false};
  }
  return {};
}

Result<StepEnd> run_step(const JobPlace& place, const Run& run, std::uint32_t step, Watch watch,
                         StepLog& log) {
  const auto script =
      place.directories.write_control_file(fmt::format("steps/{}.sh", step), run.command + "\n");
  if (!script) return pass_on(script);
  if (!run.background) watch.no_output = std::chrono::seconds(run.no_output_seconds);

  SandboxedCommand command;
  command.arguments = shell_words(run.shell.empty() ? place.ticket.shell : run.shell);
  command.arguments.push_back(*script);
  command.environment = job_environment(place.ticket, run.environment);
  command.directory = resolve_directory(run.working_directory, working_directory(place.ticket));
  command.node = place.node;
  const auto end = run_sandboxed(place.sandbox, place.directories, command, watch,
                                 [&](std::string_view bytes) { log.write(bytes); });
  if (!end) return pass_on(end);
  return step_end(*end, watch, place.ticket, log);
}

}  // namespace imp::ci::runner
