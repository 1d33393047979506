#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace imp::cli {

// The words of a command line that name packages and scopes. One that cannot be such a name is said
// to be none before anything is asked of a registry.

/// A package, or a scope: "@acme".
CLI::Option* add_place(CLI::App& command, std::string& name);
/// A package; with a scope, what to name instead is said.
CLI::Option* add_package(CLI::App& command, std::string& name);
/// --scope: "@acme".
CLI::Option* add_scope_option(CLI::App& command, std::string& name, const std::string& help);

}  // namespace imp::cli
