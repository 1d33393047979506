#include <algorithm>
#include <boost/json.hpp>
#include <iostream>
#include <thread>

#include "app/commands.h"
#include "app/refusal.h"
#include "app/registry_client.h"
#include "base/encoding.h"

namespace imp::app {

namespace {

struct StageOptions {
  RegistryClient client;
  std::string id;
  bool json = false;                                    ///< review, wait
  std::string tag;                                      ///< approve
  std::string reason;                                   ///< reject
  std::int64_t timeout = std::int64_t{14} * 24 * 3600;  ///< wait: seconds

  std::string path(std::string_view rest = {}) const {
    return "/-/stage/" + percent_encode(id) + std::string(rest);
  }
};

/// What became of a release, as the registry tells it.
struct Status {
  std::string word = "pending", by, reason;

  std::string text() const {
    std::string out = word;
    if (!by.empty()) out += " by " + by;
    if (!reason.empty()) out += ": " + reason;
    return out;
  }
};

Status status_of(const std::string& body) {
  Status status;
  boost::system::error_code error;
  const boost::json::value document = boost::json::parse(body, error);
  const auto* object = error ? nullptr : document.if_object();
  if (!object) return status;
  const auto read = [&](std::string_view member, std::string& into) {
    const auto* value = object->if_contains(member);
    if (value && value->is_string()) into = value->get_string();
  };
  read("status", status.word);
  read("decidedBy", status.by);
  read("reason", status.reason);
  return status;
}

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

/// The registry is away for a moment, or stops.
bool may_pass(const Failure& failure) {
  return failure.code() == reason(AppRefusal::registry_unavailable).code ||
         failure.code() == reason(http::FetchRefusal::unreachable).code ||
         failure.code() == reason(http::FetchRefusal::timed_out).code ||
         failure.code() == reason(http::FetchRefusal::answer_invalid).code;
}

/// Asks again until it is decided: 0 when it was approved, 1 when it ended otherwise or may not be
/// looked at, 2 when the time is over first.
int wait(const StageOptions& options) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(options.timeout);
  while (true) {
    const auto left =
        std::chrono::duration_cast<std::chrono::seconds>(end - std::chrono::steady_clock::now());
    const auto seconds = std::clamp<std::int64_t>(left.count(), 1, 60);
    const auto answer = options.client.ask({.timeout = std::chrono::seconds(seconds + 15)},
                                           options.path(fmt::format("?wait={}", seconds)));
    if (answer) {
      const Status status = status_of(answer->body);
      if (status.word != "pending") {
        std::cout << (options.json ? answer->body : status.text()) << '\n';
        return status.word == "approved" ? 0 : 1;
      }
    } else if (!may_pass(answer.error())) {
      return complain(answer.error());
    }
    if (std::chrono::steady_clock::now() >= end) {
      std::cerr << "imprimatur: not decided yet\n";
      return 2;
    }
    // The release outlives a registry that is away.
    if (!answer) std::this_thread::sleep_for(std::chrono::seconds(1));
  }
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
  auto* waiter = add("wait",
                     "Wait until a staged release is decided: exits with 0 when it is published, "
                     "with 1 when it was rejected, withdrawn or has expired, with 2 when --timeout "
                     "is over first.",
                     wait, false);
  waiter->add_option("--timeout", options->timeout, "seconds to wait; 14 days without it")
      ->check(CLI::Range(std::int64_t{1}, options->timeout));
  waiter->add_flag("--json", options->json, "print what became of it as JSON");
}

}  // namespace imp::app
