#include <functional>
#include <iostream>
#include <string>

#include "app/commands/commands.h"
#include "app/store.h"
#include "ci/identity/signing_keys.h"

extern char** environ;

namespace imp::app {

namespace {

/// Opens the data directory's keys for `action`, which returns the exit code.
int with_keys(const Flags& flags, const std::function<int(ci::SigningKeys&, Time)>& action) {
  const auto settings = load_settings(flags, environ);
  if (!settings) return complain(settings.error());
  const auto store = open_store(settings->data, false);
  if (!store) return complain(store.error());
  const SystemClock clock;
  ci::SigningKeys keys(*store->database, store->sealer, clock);
  return action(keys, clock.now());
}

int rotate(ci::SigningKeys& keys, Time now) {
  const auto rotation = keys.rotate(accounts::Actor::system());
  if (!rotation) return complain(rotation.error());
  if (rotation->signs_from <= now) {
    std::cout << "identity tokens are signed with " << rotation->kid << " from now on\n";
    return 0;
  }
  std::cout << "identity tokens are signed with " << rotation->kid << " from "
            << time_text(rotation->signs_from) << " on; it is published already\n"
            << "the key before it signs until then, and stays published until its last token has "
               "expired\n";
  return 0;
}

int list(ci::SigningKeys& keys, Time now) {
  const auto published = keys.published();
  if (!published) return complain(published.error());
  bool signs = true;  // newest first: the first key whose time has come
  for (const ci::IssuerKey& key : *published) {
    std::cout << key.kid << "  made " << time_text(key.created) << "  ";
    if (key.signs_from > now) {
      std::cout << "will sign from " << time_text(key.signs_from);
    } else {
      std::cout << (signs ? "signs" : "replaced");
      signs = false;
    }
    if (key.published_until) std::cout << ", published until " << time_text(*key.published_until);
    std::cout << "\n";
  }
  return 0;
}

int withdraw(ci::SigningKeys& keys, const std::string& kid) {
  const auto done = keys.withdraw(kid, accounts::Actor::system());
  if (!done) return complain(done.error());
  std::cout << kid << " is no longer published, and nothing signs with it\n"
            << "identity tokens are signed with " << done->signs
            << (done->signed_tokens ? " from now on\n" : ", as before\n");
  return 0;
}

}  // namespace

void add_keys_command(CLI::App& app, Command& chosen) {
  auto* command = app.add_subcommand("keys", "The keys that sign identity tokens.");
  command->require_subcommand(1);
  auto flags = std::make_shared<Flags>();
  auto* rotation = command->add_subcommand(
      "rotate",
      "Publish a new key, which signs in ten minutes; the old one stays published for a while.");
  add_data_flags(*rotation, *flags);
  rotation->callback([flags, &chosen] { chosen = [flags] { return with_keys(*flags, rotate); }; });

  auto* listing = command->add_subcommand("list", "The published keys: which one signs, and when.");
  add_data_flags(*listing, *flags);
  listing->callback([flags, &chosen] { chosen = [flags] { return with_keys(*flags, list); }; });

  auto kid = std::make_shared<std::string>();
  auto* withdrawal = command->add_subcommand(
      "withdraw", "Publish a key no longer, at once, and sign with another: it may be known.");
  withdrawal
      ->add_option("KID", *kid,
                   "The key, as \"keys list\" shows it; after -- if it begins with a dash.")
      ->required();
  add_data_flags(*withdrawal, *flags);
  withdrawal->callback([flags, kid, &chosen] {
    chosen = [flags, kid] {
      return with_keys(*flags, [&](ci::SigningKeys& keys, Time) { return withdraw(keys, *kid); });
    };
  });
}

}  // namespace imp::app
