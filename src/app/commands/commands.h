#pragma once

#include <CLI/CLI.hpp>

#include "app/settings.h"
#include "cli/commands.h"

namespace imp::app {

/// What every command shares: it runs after parsing, prints to standard output, and returns the
/// exit code. A refusal goes to standard error as one sentence.
using cli::Command;
using cli::complain;

/// Each adds one command (with its subcommands) and leaves what to run in `chosen`.
void add_serve_command(CLI::App& app, Command& chosen);
void add_user_command(CLI::App& app, Command& chosen);
void add_token_command(CLI::App& app, Command& chosen);
void add_audit_command(CLI::App& app, Command& chosen);
void add_issuer_command(CLI::App& app, Command& chosen);
void add_freeze_command(CLI::App& app, Command& chosen);
void add_mail_command(CLI::App& app, Command& chosen);
void add_keys_command(CLI::App& app, Command& chosen);
void add_config_command(CLI::App& app, Command& chosen);
void add_runner_command(CLI::App& app, Command& chosen);
void add_test_issuer_command(CLI::App& app, Command& chosen);
void add_demo_command(CLI::App& app, Command& chosen);

/// Those of `audit` that are about checkpoints and proofs, below it.
void add_audit_tree_commands(CLI::App& audit, Command& chosen);

/// --data and --config, which every command that opens the data directory takes.
void add_data_flags(CLI::App& command, Flags& flags);

}  // namespace imp::app
