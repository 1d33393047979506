#include "accounts/bootstrap.h"

#include "accounts/name.h"
#include "accounts/refusal.h"
#include "crypto/hash.h"
#include "crypto/password.h"

namespace imp::accounts {
namespace {

constexpr std::size_t kTokenLength = 32;

bool has_admin(db::Session& session) {
  return session.row("SELECT 1 FROM accounts_people WHERE is_admin = 1 LIMIT 1").has_value();
}

Result<void> check_in(db::Session& session, std::string_view token) {
  if (has_admin(session)) {
    return refuse(AccountRefusal::setup_finished,
                  "This server has an administrator already; sign in instead.");
  }
  const auto row = session.row("SELECT token_hash FROM accounts_setup WHERE id = 1");
  if (row &&
      crypto::equal_in_constant_time(std::string_view(row->text(0)), crypto::sha256_hex(token))) {
    return {};
  }
  return refuse(AccountRefusal::setup_token_wrong,
                "The set-up link is not the latest one that the server printed.");
}

}  // namespace

Result<std::optional<std::string>> Bootstrap::setup_token() {
  const std::string token = services_.random.alphanumeric(kTokenLength);
  return services_.database.write([&](db::Session& session) -> Result<std::optional<std::string>> {
    session.run("DELETE FROM accounts_setup");
    if (has_admin(session)) return std::nullopt;
    session.run("INSERT INTO accounts_setup (id, token_hash, created) VALUES (1, :p1, :p2)",
                {crypto::sha256_hex(token), to_milliseconds(services_.clock.now())});
    return token;
  });
}

Result<void> Bootstrap::check(std::string_view token) const {
  return services_.database.read(
      [&](db::Session& session) -> Result<void> { return check_in(session, token); });
}

Result<Person> Bootstrap::create_first_admin(std::string_view token, NewPerson person,
                                             const Actor& actor) {
  const auto refused = [&](const Failure& failure) {
    trail_.refused(actor, "setup", "", failure);
    return std::unexpected(failure);
  };
  // First, so that a stranger cannot make the server hash passwords.
  if (auto valid = check(token); !valid) return refused(valid.error());
  if (auto valid = check_name(person.name); !valid) return pass_on(valid);
  if (auto valid = check_new_password(person.password, person.name); !valid) return pass_on(valid);
  person.is_admin = true;
  const std::string hash = crypto::hash_password(person.password, services_.settings.password_cost);
  auto created = services_.database.write([&](db::Session& session) -> Result<Person> {
    if (auto valid = check_in(session, token); !valid) return pass_on(valid);
    // Of two that come with the same token, one deletes the row.
    if (session.run("DELETE FROM accounts_setup WHERE id = 1") != 1) {
      return refuse(AccountRefusal::setup_finished, "The set-up link was used at this moment.");
    }
    return insert_person(session, person, hash, actor, trail_, services_.clock.now());
  });
  if (!created) return refused(created.error());
  return created;
}

}  // namespace imp::accounts
