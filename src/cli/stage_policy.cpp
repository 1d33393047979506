#include <boost/json.hpp>
#include <iostream>
#include <optional>

#include "cli/commands.h"
#include "cli/names.h"
#include "cli/policy_text.h"
#include "cli/refusal.h"

namespace imp::cli {

namespace {

struct PolicyOptions {
  RegistryOptions registry;
  std::string name;
  // Of `set`: what is named.
  std::optional<std::int64_t> approvals;
  bool different_person = false;
  bool passkeys_only = false;
  std::string group, expires_after;
};

int ask(const PolicyOptions& options, std::string_view method,
        const boost::json::value& body = nullptr) {
  const Registry registry = Registry::open(options.registry, process_environment());
  if (const auto token = registry.needs_token(); !token) return complain(token.error());
  const auto answer = registry.ask(method, place_path(options.name) + "/stage-policy", body);
  if (!answer) return complain(answer.error());
  std::cout << (options.registry.json ? boost::json::serialize(answer->document) + "\n"
                                      : policy_text(answer->document));
  return 0;
}

int show(const PolicyOptions& options) { return ask(options, "GET"); }
int clear(const PolicyOptions& options) { return ask(options, "DELETE"); }

int set(const PolicyOptions& options) {
  boost::json::object policy;
  if (options.approvals) policy["approvals"] = *options.approvals;
  if (options.different_person) policy["differentPerson"] = true;
  if (!options.group.empty()) policy["group"] = options.group;
  if (options.passkeys_only) policy["passkeysOnly"] = true;
  if (!options.expires_after.empty()) policy["expiresAfter"] = options.expires_after;
  // It would ask for nothing, which nobody should do by leaving something out.
  if (policy.empty()) {
    return complain(
        refuse(
            CliRefusal::unusable_argument,
            fmt::format("Say what the policy asks for: --approvals, --different-person, --group, "
                        "--passkeys-only or --expires-after. To take it back: imprimatur stage "
                        "policy clear {}",
                        options.name))
            .error());
  }
  return ask(options, "PUT", policy);
}

}  // namespace

void add_stage_policy(CLI::App& stage, Command& chosen) {
  auto* policy = stage.add_subcommand(
      "policy", "Who approves the staged releases of a package, or of all packages of a scope.");
  policy->require_subcommand(1);
  const auto add = [&](const char* name, const char* help, int (*run)(const PolicyOptions&)) {
    auto options = std::make_shared<PolicyOptions>();
    auto* command = policy->add_subcommand(name, help);
    add_place(*command, options->name);
    add_registry_flags(*command, options->registry);
    command->callback(
        [options, &chosen, run] { chosen = [options, run] { return run(*options); }; });
    return std::pair(command, options);
  };
  add("show", "What binds now, what it comes of, and what is to come.", show);
  const auto [setter, set_to] =
      add("set",
          "Set the whole policy: what is not named is as without one. A stricter policy binds at "
          "once, a looser one after the registry's cool-down. Needs a second factor.",
          set);
  add_code_flag(*setter, set_to->registry);
  setter->footer(
      "Example: imprimatur stage policy set @acme/widget --approvals 2 --different-person "
      "--expires-after 36h --otp 123456");
  setter->add_option("--approvals", set_to->approvals, "so many different people; 1 without it");
  setter->add_flag("--different-person", set_to->different_person,
                   "none of them the person behind the release; one more where nobody here knows "
                   "who that is");
  setter->add_option("--group", set_to->group,
                     "only members of this group of the organisation that owns the scope");
  setter->add_flag("--passkeys-only", set_to->passkeys_only,
                   "each confirmed with a passkey; codes do not count");
  setter->add_option("--expires-after", set_to->expires_after,
                     "decided within that time, from 1h to 90d; 14d without it");
  const auto [clearer, cleared] = add(
      "clear",
      "Take the policy back: a package then has its organisation's, and a scope has none. Where "
      "that asks for less it waits for the cool-down. Needs a second factor.",
      clear);
  add_code_flag(*clearer, cleared->registry);
}

}  // namespace imp::cli
