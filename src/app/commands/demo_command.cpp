#include <unistd.h>

#include <iostream>

#include "app/commands/accounts_session.h"
#include "app/commands/commands.h"
#include "app/programs.h"
#include "crypto/random.h"
#include "demo/walk.h"
#include "http/client.h"

extern char** environ;

namespace imp::app {

namespace {

constexpr std::size_t kPasswordLength = 20;

/// Works on the data directory beside the running server, like `user add` and `token create`.
class DemoOperator final : public demo::Operator {
 public:
  explicit DemoOperator(accounts::Accounts& accounts) : accounts_(accounts) {}

  demo::Outcome<bool> is_taken(const std::string& name) override {
    const auto person = accounts_.people.by_name(name);
    const auto organization = accounts_.organizations.by_name(name);
    return person.has_value() || organization.has_value();
  }

  demo::Outcome<demo::Person> add_person(const std::string& name, bool administrator) override {
    const std::string password = crypto::system_random().alphanumeric(kPasswordLength);
    const auto person = accounts_.people.create({.name = name,
                                                 .email = name + "@example.org",
                                                 .password = password,
                                                 .is_admin = administrator},
                                                accounts::Actor::system());
    if (!person) return demo::relay(person, "an account for " + name);
    accounts::NewToken token;
    token.name = "demo";
    token.kind = accounts::TokenKind::personal;
    token.reach = accounts::full_reach();
    const auto minted = accounts_.tokens.create(*person, token, accounts::Actor::system());
    if (!minted) return demo::relay(minted, "an access token for " + name);
    return demo::Person{name, person->id, password, minted->token};
  }

  demo::Outcome<void> add_member(const std::string& organization_id,
                                 const std::string& name) override {
    const auto organization = accounts_.organizations.by_id(organization_id);
    if (!organization) return demo::relay(organization, "the organisation");
    const auto person = accounts_.people.by_name(name);
    if (!person) return demo::relay(person, name);
    const auto added = accounts_.organizations.set_member(
        *organization, *person, accounts::Role::member, accounts::Actor::system());
    if (!added) return demo::relay(added, name + " becomes a member");
    return {};
  }

 private:
  accounts::Accounts& accounts_;
};

struct DemoFlags {
  Flags flags;
  std::string url, npm, image;
};

int run_demo(const DemoFlags& given) {
  const auto settings = load_settings(given.flags, environ);
  if (!settings) return complain(settings.error());
  const auto session = AccountsSession::open(given.flags, false);
  if (!session) return complain(session.error());
  demo::WalkOptions options;
  options.url = given.url.empty() ? settings->public_url : given.url;
  while (options.url.ends_with('/')) options.url.pop_back();
  options.data = settings->data;
  options.npm = given.npm;
  if (!given.image.empty()) options.image = given.image;
  options.imprimatur = own_path();
  options.token_age =
      std::chrono::duration_cast<std::chrono::seconds>(settings->identity_token_age);
  DemoOperator operator_((*session)->accounts());
  const auto client = http::make_client();
  const SystemClock clock;
  demo::Narrator say(std::cout, ::isatty(STDOUT_FILENO) == 1);
  return demo::walk(options, operator_, *client, clock, say) ? 0 : 1;
}

}  // namespace

void add_demo_command(CLI::App& app, Command& chosen) {
  auto* command = app.add_subcommand(
      "demo", "Walk the guide against a running server, with the real npm and git.");
  auto flags = std::make_shared<DemoFlags>();
  add_data_flags(*command, flags->flags);
  command->add_option("--url", flags->url, "the server (default: the settings' public URL)");
  command->add_option("--npm", flags->npm,
                      "the npm of the walk's people (default: this machine's, or one that is "
                      "installed for the walk when that is older than 11.15)");
  command->add_option("--image", flags->image,
                      "the image of the walk's jobs, cimg/node:X.Y (default: the guide's, "
                      "cimg/node:22.14)");
  command->callback([flags, &chosen] { chosen = [flags] { return run_demo(*flags); }; });
}

}  // namespace imp::app
