#include <iostream>

#include "app/commands/accounts_session.h"
#include "app/commands/commands.h"

namespace imp::app {

namespace {

int create_token(const Flags& flags, const std::string& user) {
  const auto session = AccountsSession::open(flags, false);
  if (!session) return complain(session.error());
  accounts::Accounts& accounts = (*session)->accounts();
  const auto person = accounts.people.by_name(user);
  if (!person) return complain(person.error());
  accounts::NewToken token;
  token.name = "command line";
  token.kind = accounts::TokenKind::personal;
  token.reach = accounts::full_reach();
  const auto minted = accounts.tokens.create(*person, token, accounts::Actor::system());
  if (!minted) return complain(minted.error());
  std::cout << minted->token << '\n';
  return 0;
}

}  // namespace

void add_token_command(CLI::App& app, Command& chosen) {
  auto* command = app.add_subcommand("token", "Access tokens.");
  command->require_subcommand(1);
  auto* create = command->add_subcommand("create", "Create a personal token and print it alone.");
  auto flags = std::make_shared<Flags>();
  auto user = std::make_shared<std::string>();
  create->add_option("--user", *user, "whose token it is")->required();
  add_data_flags(*create, *flags);
  create->callback(
      [flags, user, &chosen] { chosen = [flags, user] { return create_token(*flags, *user); }; });
}

}  // namespace imp::app
