#pragma once

#include <CLI/CLI.hpp>
#include <iosfwd>
#include <string>

namespace imp::app {

/// What is printed for a command line that cannot be read: the command as far as it was, what is
/// wrong with the rest, what there would be instead, and whose --help says more. For
/// CLI::App::failure_message.
std::string usage_error(const CLI::App* app, const CLI::Error& error);

/// Prints what came of reading a command line that is not to be carried out, and the exit code: the
/// help or the version that was asked for on `out`, with 0, or what is wrong on `err`, with
/// cli::kUsageError.
int exit_code_of(const CLI::App& app, const CLI::Error& error, std::ostream& out,
                 std::ostream& err);

}  // namespace imp::app
