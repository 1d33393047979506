#include <fmt/format.h>

#include <boost/json.hpp>
#include <iostream>

#include "app/commands/commands.h"
#include "app/store.h"
#include "registry/api/operator/freeze_changes.h"
#include "registry/packages/store.h"

extern char** environ;

namespace imp::app {

namespace {

struct FreezeOptions {
  Flags flags;
  std::string target, reason, id;
  bool everything = false;
};

Result<Store> open(const FreezeOptions& options) {
  const auto settings = load_settings(options.flags, environ);
  if (!settings) return pass_on(settings);
  return open_store(settings->data, false);
}

audit::Record by_operator() {
  audit::Record record;
  record.at = SystemClock().now();
  record.actor = "system";
  return record;
}

Result<registry::FreezeTarget> target_of(const FreezeOptions& options) {
  if (options.everything) return registry::FreezeTarget::everything();
  return registry::is_scope(options.target) ? registry::FreezeTarget::scope(options.target)
                                            : registry::FreezeTarget::package(options.target);
}

int add(const FreezeOptions& options) {
  const auto target = target_of(options);
  if (!target) return complain(target.error());
  const auto store = open(options);
  if (!store) return complain(store.error());
  bool exists = true;
  const auto added = store->database->write([&](db::Session& session) -> Result<registry::Freeze> {
    exists = options.everything || registry::is_scope(options.target) ||
             registry::find_package(session, options.target).has_value();
    return registry::freeze(session, *target, options.reason, "system", by_operator());
  });
  if (!added) return complain(added.error());
  std::cout << "froze " << added->target.text() << "\n" << added->id << '\n';
  if (!exists) {
    // Frozen all the same: a name may be closed before anybody takes it.
    std::cerr << fmt::format("there is no package {} yet; a scope is written @acme\n",
                             options.target);
  }
  return 0;
}

int list(const FreezeOptions& options) {
  const auto store = open(options);
  if (!store) return complain(store.error());
  const auto all =
      store->database->read([](db::Session& session) -> Result<std::vector<registry::Freeze>> {
        return registry::freezes(session);
      });
  if (!all) return complain(all.error());
  for (const registry::Freeze& freeze : *all) {
    std::cout << boost::json::serialize(freeze.to_json()) << '\n';
  }
  return 0;
}

int remove(const FreezeOptions& options) {
  const auto store = open(options);
  if (!store) return complain(store.error());
  const auto removed =
      store->database->write([&](db::Session& session) -> Result<registry::Freeze> {
        return registry::unfreeze(session, options.id, by_operator());
      });
  if (!removed) return complain(removed.error());
  std::cout << "unfroze " << removed->target.text() << '\n';
  return 0;
}

}  // namespace

void add_freeze_command(CLI::App& app, Command& chosen) {
  auto* command = app.add_subcommand(
      "freeze", "Close a package, a scope or everything to publishing and changes.");
  command->require_subcommand(1);
  auto options = std::make_shared<FreezeOptions>();
  const auto subcommand = [&](const char* name, const char* help, auto run) {
    auto* added = command->add_subcommand(name, help);
    add_data_flags(*added, options->flags);
    added->callback([options, &chosen, run] { chosen = [options, run] { return run(*options); }; });
    return added;
  };
  auto* adder =
      subcommand("add", "Freeze at once; prints the freeze's id on a line of its own.", add);
  auto* what = adder->add_option_group("what");
  what->add_option("TARGET", options->target, "a package's name, or a scope such as @acme");
  what->add_flag("--everything", options->everything, "the whole registry");
  what->require_option(1);
  adder->add_option("--reason", options->reason, "what whoever is refused is told")->required();
  subcommand("list", "Print each freeze as a line of JSON.", list);
  subcommand("remove", "End a freeze.", remove)
      ->add_option("ID", options->id, "its id")
      ->required();
}

}  // namespace imp::app
