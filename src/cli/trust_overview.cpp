#include <boost/json.hpp>
#include <iostream>

#include "base/encoding.h"
#include "base/printable.h"
#include "cli/commands.h"
#include "cli/comparison_text.h"
#include "cli/names.h"
#include "cli/publisher_text.h"
#include "cli/refusal.h"
#include "cli/switches_text.h"

namespace imp::cli {

namespace {

struct OverviewOptions {
  RegistryOptions registry;
  std::string name;
  std::vector<std::string> on, relax;
  int limit = 20;
};

/// Asks with the caller's token, and prints: the answer, or what `text` makes of it.
int ask(const OverviewOptions& options, std::string_view method, const std::string& path,
        const boost::json::value& body,
        const std::function<std::string(const boost::json::value&)>& text) {
  Registry registry = Registry::open(options.registry, process_environment());
  if (const auto token = registry.needs_token(); !token) return complain(token.error());
  const auto answer = registry.ask(method, path, body);
  if (!answer) return complain(answer.error());
  std::cout << (options.registry.json ? boost::json::serialize(answer->document) + "\n"
                                      : text(answer->document));
  return 0;
}

int pending(const OverviewOptions& options) {
  return ask(options, "GET", "/-/trust/pending", nullptr, [](const boost::json::value& document) {
    std::string out;
    for (const char* part : {"pending", "ended"}) {
      for (const boost::json::value& one : array_of(document, part)) {
        out += printable(text_of(one, "package")) + "\n" + publisher_text(one, "  ");
      }
    }
    return out.empty() ? "nothing waits for a package that does not exist\n" : out;
  });
}

int switches(const OverviewOptions& options) {
  const std::string path = place_path(options.name) + "/publish-switches";
  boost::json::object wishes;
  for (const std::string& name : options.on) wishes[name] = true;
  for (const std::string& name : options.relax) {
    if (wishes.contains(name)) {
      return complain(refuse(CliRefusal::unusable_argument,
                             fmt::format("{} cannot be turned on and relaxed at once.", name))
                          .error());
    }
    wishes[name] = false;
  }
  if (wishes.empty()) return ask(options, "GET", path, nullptr, switches_text);
  return ask(options, "PUT", path, wishes, switches_text);
}

int attempts(const OverviewOptions& options) {
  return ask(options, "GET",
             fmt::format("{}/attempts?limit={}", trust_path(options.name), options.limit), nullptr,
             [](const boost::json::value& document) {
               std::string out;
               if (const auto* list = document.if_array()) {
                 for (const boost::json::value& one : *list) out += attempt_line(one);
               }
               return out.empty() ? "no attempts yet\n" : out;
             });
}

}  // namespace

void add_trust_overview(CLI::App& trust, Command& chosen) {
  const auto subcommand = [&](const char* name, const char* help, auto run) {
    auto options = std::make_shared<OverviewOptions>();
    auto* command = trust.add_subcommand(name, help);
    add_registry_flags(*command, options->registry);
    command->callback(
        [options, &chosen, run] { chosen = [options, run] { return run(*options); }; });
    return std::pair(command, options);
  };
  subcommand("pending", "What you prepared for packages that do not exist, and what ended of it.",
             pending);
  const auto [switcher, switched] = subcommand(
      "switches", "What a package or a scope insists on. Changes need a second factor.", switches);
  add_place(*switcher, switched->name);
  add_code_flag(*switcher, switched->registry);
  switcher->footer("Example: imprimatur trust switches @acme/widget --on trustedOnly --otp 123456");
  const CLI::IsMember known({"trustedOnly", "stagedOnly", "secondFactor"});
  switcher->add_option("--on", switched->on, "turn on: trustedOnly, stagedOnly or secondFactor")
      ->check(known);
  switcher->add_option("--relax", switched->relax, "relax it, after the registry's cool-down")
      ->check(known);
  const auto [teller, told] =
      subcommand("attempts", "The last publish attempts of a package, newest first.", attempts);
  add_package(*teller, told->name);
  teller->add_option("--limit", told->limit, "how many")
      ->check(CLI::Range(1, 120))
      ->capture_default_str();
}

}  // namespace imp::cli
