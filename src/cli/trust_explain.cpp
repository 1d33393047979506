#include <boost/json.hpp>
#include <iostream>

#include "base/encoding.h"
#include "cli/commands.h"
#include "cli/comparison_text.h"

namespace imp::cli {

namespace {

struct ExplainOptions {
  RegistryOptions registry;
  std::string attempt;
};

int explain(const ExplainOptions& options) {
  Registry registry = Registry::open(options.registry, process_environment());
  if (const auto token = registry.needs_token(); !token) return complain(token.error());
  const auto answer = registry.ask("GET", "/-/trust/attempts/" + percent_encode(options.attempt));
  if (!answer) return complain(answer.error());
  if (options.registry.json) {
    std::cout << boost::json::serialize(answer->document) << '\n';
  } else {
    std::cout << attempt_text(answer->document);
  }
  return 0;
}

}  // namespace

void add_trust_explain(CLI::App& trust, Command& chosen) {
  auto options = std::make_shared<ExplainOptions>();
  auto* command = trust.add_subcommand(
      "explain", "Why an exchange or a publish was granted or refused, claim by claim.");
  command->add_option("ATTEMPT", options->attempt, "its id: refusals and the settings page have it")
      ->required();
  add_registry_flags(*command, options->registry);
  command->callback([options, &chosen] { chosen = [options] { return explain(*options); }; });
}

}  // namespace imp::cli
