#include <iostream>

#include "app/commands.h"
#include "app/store.h"
#include "ci/identity/signing_keys.h"

extern char** environ;

namespace imp::app {

namespace {

int rotate(const Flags& flags) {
  const auto settings = load_settings(flags, environ);
  if (!settings) return complain(settings.error());
  const auto store = open_store(settings->data, false);
  if (!store) return complain(store.error());
  const SystemClock clock;
  ci::SigningKeys keys(*store->database, store->sealer, clock);
  const auto kid = keys.rotate(accounts::Actor::system());
  if (!kid) return complain(kid.error());
  std::cout << "identity tokens are signed with " << *kid << " from now on\n"
            << "the key before it stays published until its last token has expired\n";
  return 0;
}

}  // namespace

void add_keys_command(CLI::App& app, Command& chosen) {
  auto* command = app.add_subcommand("keys", "The keys that sign identity tokens.");
  command->require_subcommand(1);
  auto* rotation = command->add_subcommand(
      "rotate", "Sign with a new key; the old one stays published for a while.");
  auto flags = std::make_shared<Flags>();
  add_data_flags(*rotation, *flags);
  rotation->callback([flags, &chosen] { chosen = [flags] { return rotate(*flags); }; });
}

}  // namespace imp::app
