#include <boost/json.hpp>
#include <iostream>

#include "base/encoding.h"
#include "cli/commands.h"
#include "cli/comparison_text.h"
#include "cli/plan_text.h"
#include "cli/trust_file.h"

namespace imp::cli {

namespace {

struct PlanOptions {
  RegistryOptions registry;
  std::string file = "trust.yaml", scope;
  bool prune = false;
};

int put(const PlanOptions& options, bool dry_run) {
  const auto text = read_input(options.file);
  if (!text) return complain(text.error());
  const auto file = TrustFile::parse(*text, options.file);
  if (!file) return complain(file.error());
  boost::json::array scopes, packages;
  for (const TrustFile::Entry& scope : file->scopes()) {
    scopes.push_back({{"scope", scope.name}, {"publishers", scope.publishers}});
  }
  for (const TrustFile::Entry& package : file->packages()) {
    packages.push_back({{"package", package.name}, {"publishers", package.publishers}});
  }
  Registry registry = Registry::open(options.registry, process_environment());
  if (const auto token = registry.needs_token(); !token) return complain(token.error());
  const auto answer = registry.ask("PUT", "/-/trust/publishers",
                                   boost::json::object{{"scopes", std::move(scopes)},
                                                       {"packages", std::move(packages)},
                                                       {"dryRun", dry_run},
                                                       {"prune", options.prune}});
  if (!answer) return complain(answer.error());
  const PlanText plan = plan_text(answer->document, *file);
  std::cout << (options.registry.json ? boost::json::serialize(answer->document) + "\n"
                                      : plan.text);
  return plan.refused == 0 ? 0 : 1;
}

int export_all(const PlanOptions& options) {
  Registry registry = Registry::open(options.registry, process_environment());
  if (const auto token = registry.needs_token(); !token) return complain(token.error());
  std::string path = "/-/trust/publishers";
  if (!options.scope.empty()) path += "?scope=" + percent_encode(options.scope);
  const auto answer = registry.ask("GET", path);
  if (!answer) return complain(answer.error());
  std::cout << (options.registry.json ? boost::json::serialize(answer->document) + "\n"
                                      : trust_file_text(answer->document));
  return 0;
}

}  // namespace

void add_trust_plan(CLI::App& trust, Command& chosen) {
  const auto subcommand = [&](const char* name, const char* help, auto run) {
    auto options = std::make_shared<PlanOptions>();
    auto* command = trust.add_subcommand(name, help);
    add_registry_flags(*command, options->registry);
    command->callback(
        [options, &chosen, run] { chosen = [options, run] { return run(*options); }; });
    return std::pair(command, options);
  };
  const auto with_file = [&](const auto& made) {
    const auto& [command, options] = made;
    command->add_option("--file", options->file, "the trust file; - is standard input")
        ->capture_default_str();
    command->add_flag(
        "--prune", options->prune,
        "remove publishers that the file does not name, of packages and scopes that it "
        "does");
  };
  with_file(subcommand("plan", "Print what a trust file would change.",
                       [](const PlanOptions& options) { return put(options, true); }));
  with_file(subcommand("apply",
                       "Change what a trust file says. Needs a second factor, once; run it again "
                       "after a failure.",
                       [](const PlanOptions& options) { return put(options, false); }));
  const auto [exporter, exported] =
      subcommand("export", "Print the publishers of all your packages and scopes as a trust file.",
                 export_all);
  exporter->add_option("--scope", exported->scope, "only of this scope and its packages: @acme");
}

}  // namespace imp::cli
