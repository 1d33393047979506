#include <boost/json.hpp>
#include <iostream>

#include "base/encoding.h"
#include "cli/commands.h"
#include "cli/comparison_text.h"
#include "cli/names.h"
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
  auto text = read_input(options.file);
  if (!text) {
    text.error().detail =
        "--file names the trust file; `imprimatur trust export` prints one of what there is";
    return complain(text.error());
  }
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
  // What is written to a file should not look right when a scope was mistyped.
  if (array_of(answer->document, "scopes").empty() &&
      array_of(answer->document, "packages").empty()) {
    std::cerr << "imprimatur: you govern no package or scope "
              << (options.scope.empty() ? "" : "of " + options.scope + " ")
              << "that has trusted publishers\n";
  }
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
  const auto applied =
      subcommand("apply",
                 "Change what a trust file says. Needs a second factor, once; run it again "
                 "after a failure.",
                 [](const PlanOptions& options) { return put(options, false); });
  with_file(applied);
  add_code_flag(*applied.first, applied.second->registry);
  applied.first->footer("Example: imprimatur trust apply --file trust.yaml --otp 123456");
  const auto [exporter, exported] =
      subcommand("export", "Print the publishers of all your packages and scopes as a trust file.",
                 export_all);
  exporter->footer("Example: imprimatur trust export --scope @acme > trust.yaml");
  add_scope_option(*exporter, exported->scope, "only of this scope and its packages: @acme");
}

}  // namespace imp::cli
