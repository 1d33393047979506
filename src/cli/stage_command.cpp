#include <algorithm>
#include <boost/json.hpp>
#include <iostream>
#include <thread>

#include "base/encoding.h"
#include "base/printable.h"
#include "cli/commands.h"
#include "cli/comparison_text.h"
#include "cli/stage_watch.h"

namespace imp::cli {

namespace {

/// The exit code of a wait whose time is over.
constexpr int kNotDecided = 3;

struct StageOptions {
  RegistryOptions registry;
  std::string id;
  std::string tag;                                      ///< approve
  std::string reason;                                   ///< reject
  std::int64_t timeout = std::int64_t{14} * 24 * 3600;  ///< wait: seconds

  std::string path(std::string_view rest = {}) const {
    return "/-/stage/" + percent_encode(id) + std::string(rest);
  }
};

int review(Registry& registry, const StageOptions& options) {
  const std::string_view form = options.registry.json ? "application/json" : "text/plain";
  const auto answer = registry.send({.headers = {{"accept", std::string(form)}},
                                     .timeout = std::chrono::minutes(2),
                                     .body_limit = 64UL << 20},
                                    options.path("/review"));
  if (!answer) return complain(answer.error());
  std::cout << (options.registry.json ? answer->body : printable(answer->body, "\n\t"));
  if (!answer->body.ends_with('\n')) std::cout << '\n';
  return 0;
}

boost::json::value body_with(std::string_view key, const std::string& value) {
  return value.empty() ? boost::json::value()
                       : boost::json::value(boost::json::object{{key, value}});
}

int approve(Registry& registry, const StageOptions& options) {
  const auto answer = registry.ask("POST", options.path("/approve"), body_with("tag", options.tag));
  if (!answer) return complain(answer.error());
  const std::string message = printable(text_of(answer->document, "message"));
  std::cout << (message.empty() ? "Approved." : message) << '\n';
  return 0;
}

int reject(Registry& registry, const StageOptions& options) {
  const auto answer = registry.ask("DELETE", options.path(), body_with("reason", options.reason));
  if (!answer) return complain(answer.error());
  std::cout << "Rejected: nothing was published, and the version number is free again.\n";
  return 0;
}

int withdraw(Registry& registry, const StageOptions& options) {
  const auto answer = registry.ask("POST", options.path("/withdraw"));
  if (!answer) return complain(answer.error());
  std::cout << "Withdrawn: nothing was published, and the version number is free again.\n";
  return 0;
}

/// "rejected by alice: the reason"
std::string outcome_text(const boost::json::value& item) {
  std::string out = text_of(item, "status");
  if (const std::string by = text_of(item, "decidedBy"); !by.empty()) out += " by " + by;
  if (const std::string reason = text_of(item, "reason"); !reason.empty()) out += ": " + reason;
  return printable(out);
}

/// Asks again until it is decided: 0 when it was approved, 1 when it ended otherwise or may not be
/// looked at, 2 when the time is over first.
int wait(Registry& registry, const StageOptions& options) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(options.timeout);
  while (true) {
    const auto left =
        std::chrono::duration_cast<std::chrono::seconds>(end - std::chrono::steady_clock::now());
    const auto seconds = std::clamp<std::int64_t>(left.count(), 1, 60);
    const auto answer = registry.ask("GET", options.path(fmt::format("?wait={}", seconds)), nullptr,
                                     std::chrono::seconds(seconds + 15));
    if (answer) {
      const std::string status = text_of(answer->document, "status");
      if (!status.empty() && status != "pending") {
        std::cout << (options.registry.json ? boost::json::serialize(answer->document)
                                            : outcome_text(answer->document))
                  << '\n';
        return status == "approved" ? 0 : 1;
      }
    } else if (!may_pass(answer.error())) {
      return complain(answer.error());
    }
    if (std::chrono::steady_clock::now() >= end) {
      std::cerr << "imprimatur: not decided yet\n";
      if (!answer) complain(answer.error());
      return kNotDecided;
    }
    // The release outlives a registry that is away.
    if (!answer) std::this_thread::sleep_for(std::chrono::seconds(1));
  }
}

int watch(const RegistryOptions& options, WatchOptions watched) {
  const Registry registry = Registry::open(options, process_environment());
  if (const auto token = registry.needs_token(); !token) return complain(token.error());
  watched.json = options.json;
  watched.away = [](const Failure& failure) {
    complain(failure);
    std::cerr << "  asking again until it answers\n";
  };
  StageWatch watching(registry, std::move(watched), std::cout, [](Milliseconds pause) {
    std::this_thread::sleep_for(pause);
    return true;
  });
  return complain(watching.run());
}

void add_watch(CLI::App& stage, Command& chosen) {
  const auto options = std::make_shared<RegistryOptions>();
  const auto watched = std::make_shared<WatchOptions>();
  auto* command = stage.add_subcommand(
      "watch",
      "Print what happens to staged releases that you may decide, as it happens, until it is "
      "interrupted. Goes on after the last event when the connection breaks.");
  auto* package = command->add_option("--package", watched->package, "of this package alone");
  command->add_option("--scope", watched->scope, "of this scope alone, like @acme")
      ->excludes(package);
  command->add_option("--after", watched->after,
                      "begin after the event of this id, at most seven days ago; without it, now");
  add_address_flag(*command, *options);
  command->add_flag("--json", options->json,
                    "print each event as a line of JSON: {\"id\", \"event\", \"data\"}");
  command->callback([options, watched, &chosen] {
    chosen = [options, watched] { return watch(*options, *watched); };
  });
}

}  // namespace

void add_stage_command(CLI::App& app, Command& chosen) {
  auto* command = app.add_subcommand("stage",
                                     "Staged releases of a registry. Needs a token in "
                                     "IMPRIMATUR_TOKEN or in npm's configuration.");
  command->require_subcommand(1);
  const auto options = std::make_shared<StageOptions>();
  const auto add = [&](const std::string& name, const std::string& what,
                       int (*run)(Registry&, const StageOptions&)) {
    auto* one = command->add_subcommand(name, what);
    one->add_option("ID", options->id, "of the staged release; `npm stage list` shows it")
        ->required();
    add_address_flag(*one, options->registry);
    one->callback([options, run, &chosen] {
      chosen = [options, run] {
        Registry registry = Registry::open(options->registry, process_environment());
        const auto token = registry.needs_token();
        return token ? run(registry, *options) : complain(token.error());
      };
    });
    return one;
  };
  const auto confirmed = [&](CLI::App* one) {
    add_code_flag(*one, options->registry);
    return one;
  };
  add("review", "Compare a staged release with the last one.", review)
      ->add_flag("--json", options->registry.json, "print the review as JSON");
  confirmed(add("approve", "Approve a staged release.", approve))
      ->add_option("--tag", options->tag,
                   "dist-tag to publish it under; without it, the one it was staged with");
  confirmed(add("reject", "Reject a staged release.", reject))
      ->add_option("--reason", options->reason, "for whoever staged it");
  add("withdraw", "Take back a release that you staged, or this publish token's run did.",
      withdraw);
  command->footer(
      "Examples, with an ID of `npm stage list`:\n"
      "  imprimatur stage review 5b0ce1a4-2f7e-4e0b-8a1b-0a6f5c1d9b27\n"
      "  imprimatur stage approve 5b0ce1a4-2f7e-4e0b-8a1b-0a6f5c1d9b27 --otp 123456\n"
      "  imprimatur stage watch --scope @acme");
  auto* waiter = add("wait",
                     "Wait until a staged release is decided: exits with 0 when it is published, "
                     "with 1 when it was rejected, withdrawn or has expired, with 3 when --timeout "
                     "is over first.",
                     wait);
  waiter->add_option("--timeout", options->timeout, "seconds to wait; 14 days without it")
      ->check(CLI::Range(std::int64_t{1}, options->timeout));
  waiter->add_flag("--json", options->registry.json, "print what became of it as JSON");
  add_watch(*command, chosen);
  add_stage_policy(*command, chosen);
}

}  // namespace imp::cli
