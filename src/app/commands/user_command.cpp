#include <iostream>

#include "app/commands/accounts_session.h"
#include "app/commands/commands.h"
#include "cli/refusal.h"

namespace imp::app {

namespace {

struct NewUser {
  Flags flags;
  accounts::NewPerson person;
  bool password_stdin = false;
};

int add_user(NewUser user) {
  // A password on the command line would be in the shell's history and in every process list.
  if (!std::getline(std::cin, user.person.password) || user.person.password.empty()) {
    return complain(
        refuse(cli::CliRefusal::unusable_input, "Send the password as one line on standard input.")
            .error());
  }
  const auto session = AccountsSession::open(user.flags, true);
  if (!session) return complain(session.error());
  const auto person = (*session)->accounts().people.create(user.person, accounts::Actor::system());
  if (!person) return complain(person.error());
  std::cout << "created " << person->name << (person->is_admin ? " (administrator)" : "") << '\n';
  return 0;
}

}  // namespace

void add_user_command(CLI::App& app, Command& chosen) {
  auto* command = app.add_subcommand("user", "People of this server.");
  command->require_subcommand(1);
  auto* add = command->add_subcommand("add", "Add a person.");
  auto user = std::make_shared<NewUser>();
  add->add_option("NAME", user->person.name, "user name")->required();
  add->add_option("--email", user->person.email, "e-mail address")->required();
  add->add_flag("--password-stdin", user->password_stdin, "read the password from standard input")
      ->required();
  add->add_flag("--admin", user->person.is_admin, "an administrator of the server");
  add_data_flags(*add, user->flags);
  add->callback([user, &chosen] { chosen = [user] { return add_user(*user); }; });
}

}  // namespace imp::app
