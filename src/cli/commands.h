#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <memory>
#include <string>

#include "base/failure.h"
#include "cli/registry.h"

namespace imp::cli {

/// What runs after parsing; its exit code.
using Command = std::function<int()>;

/// `imprimatur trust`: trusted publishers of a registry, from anywhere.
void add_trust_command(CLI::App& app, Command& chosen);
/// `imprimatur stage`: staged releases.
void add_stage_command(CLI::App& app, Command& chosen);
/// `imprimatur verify`: a published version, checked from the outside.
void add_verify_command(CLI::App& app, Command& chosen);

/// `imprimatur stage policy`: show, set, clear.
void add_stage_policy(CLI::App& stage, Command& chosen);

/// The exit code of a command line that cannot be used. Nothing was done then.
inline constexpr int kUsageError = 2;

/// "imprimatur: <sentence>" on standard error. The exit code: kUsageError for words that cannot be
/// used (`unusable_argument`), 1 for everything else.
int complain(const Failure& failure);
/// --registry.
void add_address_flag(CLI::App& command, RegistryOptions& options);
/// --registry and --json.
void add_registry_flags(CLI::App& command, RegistryOptions& options);
/// --otp, where the registry asks for a second factor.
void add_code_flag(CLI::App& command, RegistryOptions& options);
/// The bytes of a file, or of standard input for "-"; `unusable_input` says why there are none.
Result<std::string> read_input(const std::string& path);

// Each adds one subcommand of `trust`.
void add_trust_publishers(CLI::App& trust, Command& chosen);  ///< list, add, revoke
void add_trust_check(CLI::App& trust, Command& chosen);
void add_trust_explain(CLI::App& trust, Command& chosen);
void add_trust_overview(CLI::App& trust, Command& chosen);  ///< pending, switches, attempts
void add_trust_plan(CLI::App& trust, Command& chosen);      ///< plan, apply, export

}  // namespace imp::cli
