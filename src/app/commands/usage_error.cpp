#include "app/commands/usage_error.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <vector>

#include "base/printable.h"
#include "cli/commands.h"

namespace imp::app {

namespace {

/// "list, add or revoke": the subcommands that have a name (a group of options is one without).
std::string subcommands_of(const CLI::App& command) {
  std::vector<std::string> names;
  for (const CLI::App* one : command.get_subcommands({})) {
    if (!one->get_name().empty()) names.push_back(one->get_name());
  }
  if (names.size() < 2) return names.empty() ? std::string() : names.front();
  const std::string last = names.back();
  names.pop_back();
  return fmt::format("{} or {}", fmt::join(names, ", "), last);
}

/// What is wrong with `command`, of which `rest` was not understood.
std::string fault_of(const CLI::App& command, const std::vector<std::string>& rest,
                     const CLI::Error& error) {
  const auto option =
      std::ranges::find_if(rest, [](const std::string& word) { return word.starts_with('-'); });
  // Also where something is missing besides: it may be what was mistyped.
  if (option != rest.end()) return fmt::format("there is no option {}", *option);
  if (command.get_subcommands().size() < command.get_require_subcommand_min()) {
    const std::string choice = subcommands_of(command);
    return rest.empty() ? fmt::format("say what to do: {}", choice)
                        : fmt::format("there is no \"{}\"; there is {}", rest.front(), choice);
  }
  if (rest.empty() || error.get_exit_code() != static_cast<int>(CLI::ExitCodes::ExtrasError))
    return error.what();
  return fmt::format("\"{}\" is one word too many", rest.front());
}

}  // namespace

std::string usage_error(const CLI::App* app, const CLI::Error& error) {
  const CLI::App* command = app;
  std::string path = app->get_name();
  while (true) {
    const auto below = command->get_subcommands();
    const auto named =
        std::ranges::find_if(below, [](const CLI::App* one) { return !one->get_name().empty(); });
    if (named == below.end()) break;
    command = *named;
    path += " " + command->get_name();
  }
  return fmt::format("{}: {}\n  see {} --help\n", path,
                     printable(fault_of(*command, command->remaining(), error)), path);
}

int exit_code_of(const CLI::App& app, const CLI::Error& error, std::ostream& out,
                 std::ostream& err) {
  // Those of CLI11 tell its exceptions apart, from 100 on.
  return app.exit(error, out, err) == 0 ? 0 : cli::kUsageError;
}

}  // namespace imp::app
