#include "app/commands/commands.h"
#include "app/commands/usage_error.h"
#include "cli/commands.h"

int main(int argc, char** argv) {
  CLI::App app(
      "Imprimatur: an npm registry in which CI publishes without secrets, and the CI to go with "
      "it.",
      "imprimatur");
  app.set_version_flag("--version", "imprimatur 0.1.0");
  app.require_subcommand(1);
  app.failure_message(imp::app::usage_error);
  imp::app::Command chosen;
  imp::app::add_serve_command(app, chosen);
  imp::app::add_user_command(app, chosen);
  imp::app::add_token_command(app, chosen);
  imp::app::add_audit_command(app, chosen);
  imp::app::add_issuer_command(app, chosen);
  imp::app::add_freeze_command(app, chosen);
  imp::app::add_mail_command(app, chosen);
  imp::app::add_keys_command(app, chosen);
  imp::app::add_config_command(app, chosen);
  imp::app::add_runner_command(app, chosen);
  imp::app::add_test_issuer_command(app, chosen);
  imp::app::add_demo_command(app, chosen);
  imp::cli::add_stage_command(app, chosen);
  imp::cli::add_verify_command(app, chosen);
  imp::cli::add_trust_command(app, chosen);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return imp::app::exit_code_of(app, error, std::cout, std::cerr);
  }
  return chosen ? chosen() : imp::cli::kUsageError;
}
