#include "cli/commands.h"

namespace imp::cli {

void add_trust_command(CLI::App& app, Command& chosen) {
  auto* trust =
      app.add_subcommand("trust",
                         "Who may publish without a secret, at a registry. Needs a token in "
                         "IMPRIMATUR_TOKEN or in npm's configuration.");
  trust->require_subcommand(1);
  add_trust_publishers(*trust, chosen);
  add_trust_check(*trust, chosen);
  add_trust_explain(*trust, chosen);
  add_trust_overview(*trust, chosen);
  add_trust_plan(*trust, chosen);
}

}  // namespace imp::cli
