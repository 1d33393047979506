#include <boost/json.hpp>
#include <iostream>

#include "app/commands.h"
#include "app/registry_client.h"
#include "base/encoding.h"

namespace imp::app {

namespace {

struct StageOptions {
  RegistryClient client;
  std::string id;
  bool json = false;   ///< review
  std::string tag;     ///< approve
  std::string reason;  ///< reject

  std::string path(std::string_view rest = {}) const {
    return "/-/stage/" + percent_encode(id) + std::string(rest);
  }
};

int review(const StageOptions& options) {
  const auto answer =
      options.client.ask({.headers = {{"accept", options.json ? "application/json" : "text/plain"}},
                          .timeout = std::chrono::minutes(2),
                          .body_limit = 64UL << 20},
                         options.path("/review"));
  if (!answer) return complain(answer.error());
  std::cout << answer->body;
  if (!answer->body.ends_with('\n')) std::cout << '\n';
  return 0;
}

std::string body_with(std::string_view key, const std::string& value) {
  return value.empty() ? std::string() : boost::json::serialize(boost::json::object{{key, value}});
}

int approve(const StageOptions& options) {
  const auto answer = options.client.ask(
      {.method = "POST", .body = body_with("tag", options.tag), .timeout = std::chrono::minutes(1)},
      options.path("/approve"));
  if (!answer) return complain(answer.error());
  boost::system::error_code error;
  const boost::json::value document = boost::json::parse(answer->body, error);
  const auto* object = error ? nullptr : document.if_object();
  const auto* message = object ? object->if_contains("message") : nullptr;
  std::cout << (message && message->is_string() ? std::string_view(message->get_string())
                                                : std::string_view("Approved."))
            << '\n';
  return 0;
}

int reject(const StageOptions& options) {
  const auto answer = options.client.ask(
      {.method = "DELETE", .body = body_with("reason", options.reason)}, options.path());
  if (!answer) return complain(answer.error());
  std::cout << "Rejected: nothing was published, and the version number is free again.\n";
  return 0;
}

int withdraw(const StageOptions& options) {
  const auto answer = options.client.ask({.method = "POST"}, options.path("/withdraw"));
  if (!answer) return complain(answer.error());
  std::cout << "Withdrawn: nothing was published, and the version number is free again.\n";
  return 0;
}

}  // namespace

void add_stage_command(CLI::App& app, Command& chosen) {
  auto* command = app.add_subcommand(
      "stage", "Staged releases of a registry. Needs a token in IMPRIMATUR_TOKEN.");
  command->require_subcommand(1);
  const auto options = std::make_shared<StageOptions>();
  const auto add = [&](const std::string& name, const std::string& what,
                       int (*run)(const StageOptions&), bool needs_factor) {
    auto* one = command->add_subcommand(name, what);
    one->add_option("id", options->id, "of the staged release; `npm stage list` shows it")
        ->required();
    options->client.add_flags(*one, needs_factor);
    one->callback([options, run, &chosen] { chosen = [options, run] { return run(*options); }; });
    return one;
  };
  add("review", "Compare a staged release with the last one.", review, false)
      ->add_flag("--json", options->json, "print the review as JSON");
  add("approve", "Approve a staged release.", approve, true)
      ->add_option("--tag", options->tag,
                   "dist-tag to publish it under; without it, the one it was staged with");
  add("reject", "Reject a staged release.", reject, true)
      ->add_option("--reason", options->reason, "for whoever staged it");
  add("withdraw", "Take back a release that you staged, or this publish token's run did.", withdraw,
      false);
}

}  // namespace imp::app
