#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace imp::app {

/// What is printed for a command line that cannot be read: the command as far as it was, what is
/// wrong with the rest, what there would be instead, and whose --help says more. For
/// CLI::App::failure_message.
std::string usage_error(const CLI::App* app, const CLI::Error& error);

}  // namespace imp::app
