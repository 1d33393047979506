#include <cstdlib>
#include <iostream>

#include "app/commands.h"
#include "app/refusal.h"
#include "base/encoding.h"
#include "http/client.h"

namespace imp::app {

namespace {

struct ReviewOptions {
  std::string id;
  std::string registry = "http://localhost:4873";
  bool json = false;
};

int review(const ReviewOptions& options) {
  const char* token = std::getenv("IMPRIMATUR_TOKEN");
  if (token == nullptr || *token == '\0') {
    return complain(
        refuse(AppRefusal::unusable_input,
               "Set IMPRIMATUR_TOKEN to an access token of yours: `npm login` keeps one "
               "in ~/.npmrc, and the account page makes others.")
            .error());
  }
  std::string registry = options.registry;
  while (registry.ends_with('/')) registry.pop_back();
  const auto answer = http::make_client()->fetch(
      {.url = registry + "/-/stage/" + percent_encode(options.id) + "/review",
       .headers = {{"authorization", std::string("Bearer ") + token},
                   {"accept", options.json ? "application/json" : "text/plain"}},
       .timeout = std::chrono::minutes(2),
       .body_limit = 64UL << 20});
  if (!answer) return complain(answer.error());
  if (answer->status != 200) {
    std::cerr << "imprimatur: the registry answered " << answer->status << ": " << answer->body
              << '\n';
    return 1;
  }
  std::cout << answer->body;
  if (!answer->body.ends_with('\n')) std::cout << '\n';
  return 0;
}

}  // namespace

void add_stage_command(CLI::App& app, Command& chosen) {
  auto* command = app.add_subcommand("stage", "Staged releases of a registry.");
  command->require_subcommand(1);
  auto options = std::make_shared<ReviewOptions>();
  auto* reviewer = command->add_subcommand(
      "review", "Compare a staged release with the last one. Needs a token in IMPRIMATUR_TOKEN.");
  reviewer->add_option("id", options->id, "of the staged release; `npm stage list` shows it")
      ->required();
  reviewer->add_option("--registry", options->registry, "the registry's address")
      ->capture_default_str();
  reviewer->add_flag("--json", options->json, "print the review as JSON");
  reviewer->callback([options, &chosen] { chosen = [options] { return review(*options); }; });
}

}  // namespace imp::app
