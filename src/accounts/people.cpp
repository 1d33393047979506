#include "accounts/people.h"

#include <fmt/format.h>
#include <algorithm>

#include "accounts/name.h"
#include "accounts/refusal.h"
#include "base/encoding.h"
#include "base/uuid.h"
#include "crypto/password.h"

namespace imp::accounts {
namespace {

constexpr std::size_t kShortestPassword = 10;
constexpr std::size_t kLongestPassword = 1024;
constexpr std::size_t kLongestEmail = 254;
constexpr std::size_t kLongestProfileField = 500;

constexpr std::string_view kColumns =
    "id, name, email, is_admin, fullname, homepage, github, created, updated";

Person person_from(const db::Row& row) {
  return {.id = row.text(0),
          .name = row.text(1),
          .email = row.text(2),
          .is_admin = row.flag(3),
          .fullname = row.text(4),
          .homepage = row.text(5),
          .github = row.text(6),
          .created = from_milliseconds(row.integer(7)),
          .updated = from_milliseconds(row.integer(8))};
}

bool has_control_characters(std::string_view text) {
  return std::ranges::any_of(text, [](unsigned char c) { return c < 0x20 || c == 0x7f; });
}

/// Enough to keep a mail program from misreading it; whether it exists only a mail can tell.
Result<void> check_email(std::string_view email) {
  const std::size_t at = email.find('@');
  const bool shape = at != std::string_view::npos && at > 0 && at + 1 < email.size() &&
                     email.find('@', at + 1) == std::string_view::npos;
  if (shape && email.size() <= kLongestEmail && is_utf8(email) && !has_control_characters(email) &&
      email.find_first_of(" ,;<>\"") == std::string_view::npos) {
    return {};
  }
  return refuse(AccountRefusal::email_invalid,
                "The e-mail address must have the form name@host, at most 254 characters.");
}

Result<void> check_profile_field(std::string_view field, std::string_view value) {
  if (value.size() <= kLongestProfileField && is_utf8(value) && !has_control_characters(value)) {
    return {};
  }
  return refuse(
      AccountRefusal::profile_invalid,
      "The profile's " + std::string(field) + " must be one line of text of at most 500 bytes.");
}

Result<void> check_profile(const ProfileChange& change) {
  if (change.email) {
    if (auto valid = check_email(*change.email); !valid) return valid;
  }
  const std::pair<std::string_view, const std::optional<std::string>*> fields[] = {
      {"fullname", &change.fullname}, {"homepage", &change.homepage}, {"github", &change.github}};
  for (const auto& [field, value] : fields) {
    if (!*value) continue;
    if (auto valid = check_profile_field(field, **value); !valid) return valid;
  }
  // The homepage becomes a link on pages: no other scheme may hide behind it.
  if (change.homepage && !change.homepage->empty() && !change.homepage->starts_with("https://") &&
      !change.homepage->starts_with("http://")) {
    return refuse(AccountRefusal::profile_invalid,
                  "The profile's homepage must start with https:// or http://.");
  }
  return {};
}

Result<void> require_self_or_administrator(const Person& person, const Actor& actor) {
  if (auto full = require_full_credential(actor); !full) return full;
  if (actor.is_admin || actor.person_id == person.id) return {};
  return refuse(AccountRefusal::administrator_only,
                "Only the person themselves or an administrator may change this account.");
}

std::unexpected<Failure> no_such_person(std::string_view which) {
  return refuse(AccountRefusal::person_not_found,
                "There is no user \"" + std::string(which) + "\".");
}

}  // namespace

std::optional<Person> find_person(db::Session& session, std::string_view id) {
  const auto row = session.row(
      fmt::format("SELECT {} FROM accounts_people WHERE id = :p1", kColumns), {std::string(id)});
  if (!row) return std::nullopt;
  return person_from(*row);
}

std::optional<Person> find_person_by_name(db::Session& session, std::string_view name) {
  const auto row =
      session.row(fmt::format("SELECT {} FROM accounts_people WHERE name = :p1", kColumns),
                  {std::string(name)});
  if (!row) return std::nullopt;
  return person_from(*row);
}

Result<void> check_new_password(std::string_view password, std::string_view name) {
  if (password.size() > kLongestPassword) {
    return refuse(AccountRefusal::password_too_long,
                  "The password is longer than 1024 bytes; choose a shorter one.");
  }
  if (password.size() < kShortestPassword) {
    return refuse(AccountRefusal::password_too_weak,
                  "The password is shorter than 10 characters; choose a longer one.");
  }
  if (password == name) {
    return refuse(AccountRefusal::password_too_weak, "The password is the user name itself.");
  }
  return {};
}

Result<Person> insert_person(db::Session& session, const NewPerson& person,
                             const std::string& password_hash, const Actor& actor, Trail& trail,
                             Time now) {
  Person created{.id = new_uuid(),
                 .name = person.name,
                 .email = person.email,
                 .is_admin = person.is_admin,
                 .fullname = person.fullname,
                 .created = now,
                 .updated = now};
  if (auto valid = check_profile({.email = person.email, .fullname = person.fullname}); !valid) {
    return pass_on(valid);
  }
  if (auto claimed = claim_name(session, person.name, NameKind::person, created.id); !claimed) {
    return pass_on(claimed);
  }
  session.run(
      "INSERT INTO accounts_people (id, name, email, password_hash, is_admin, fullname, homepage, "
      "github, created, updated) VALUES (:p1, :p2, :p3, :p4, :p5, :p6, '', '', :p7, :p8)",
      {created.id, created.name, created.email, password_hash, std::int64_t{created.is_admin},
       created.fullname, to_milliseconds(now), to_milliseconds(now)});
  trail.append(session, actor, "account.create", "user:" + created.name,
               created.is_admin ? "administrator" : "");
  return created;
}

Result<Person> People::create(const NewPerson& person, const Actor& actor) {
  if (person.is_admin && !actor.is_admin) {
    return refuse(AccountRefusal::administrator_only,
                  "Only an administrator may create another administrator.");
  }
  if (auto valid = check_name(person.name); !valid) return pass_on(valid);
  if (auto valid = check_new_password(person.password, person.name); !valid) return pass_on(valid);
  const std::string hash = crypto::hash_password(person.password, services_.settings.password_cost);
  return services_.database.write([&](db::Session& session) -> Result<Person> {
    return insert_person(session, person, hash, actor, trail_, services_.clock.now());
  });
}

Result<Person> People::by_id(std::string_view id) const {
  return services_.database.read([&](db::Session& session) -> Result<Person> {
    if (auto found = find_person(session, id)) return *found;
    return no_such_person(id);
  });
}

Result<Person> People::by_name(std::string_view name) const {
  return services_.database.read([&](db::Session& session) -> Result<Person> {
    if (auto found = find_person_by_name(session, name)) return *found;
    return no_such_person(name);
  });
}

Result<std::vector<Person>> People::list(std::string_view after, int limit) const {
  return services_.database.read([&](db::Session& session) -> Result<std::vector<Person>> {
    std::vector<Person> people;
    const auto rows = session.rows(
        fmt::format("SELECT {} FROM accounts_people WHERE name > :p1 ORDER BY name LIMIT :p2",
                    kColumns),
        {std::string(after), std::int64_t{limit}});
    people.reserve(rows.size());
    for (const db::Row& row : rows) people.push_back(person_from(row));
    return people;
  });
}

Result<Person> People::change_profile(const Person& person, const ProfileChange& change,
                                      const Actor& actor) {
  if (auto allowed = require_self_or_administrator(person, actor); !allowed)
    return pass_on(allowed);
  if (auto valid = check_profile(change); !valid) return pass_on(valid);
  auto changed = services_.database.write([&](db::Session& session) -> Result<Person> {
    auto current = find_person(session, person.id);
    if (!current) return no_such_person(person.name);
    const std::string old_email = current->email;
    std::string what;
    const auto apply = [&](std::string_view field, std::string& to,
                           const std::optional<std::string>& from) {
      if (!from || *from == to) return;
      to = *from;
      what += what.empty() ? "" : ", ";
      what += field;
    };
    apply("email", current->email, change.email);
    apply("fullname", current->fullname, change.fullname);
    apply("homepage", current->homepage, change.homepage);
    apply("github", current->github, change.github);
    if (what.empty()) return *current;
    current->updated = services_.clock.now();
    session.run(
        "UPDATE accounts_people SET email = :p1, fullname = :p2, homepage = :p3, github = :p4, "
        "updated = :p5 WHERE id = :p6",
        {current->email, current->fullname, current->homepage, current->github,
         to_milliseconds(current->updated), current->id});
    const std::string subject = "user:" + current->name;
    if (current->email == old_email) {
      trail_.append(session, actor, "account.update", subject, what);
    } else {
      trail_.append_and_tell(session, actor, *current, "account.update", subject, what, old_email);
    }
    return *current;
  });
  tokens_.forget_cached();
  return changed;
}

Result<void> People::set_password(const Person& person, std::string_view password,
                                  const Actor& actor, std::string_view keep_session_id) {
  if (auto allowed = require_self_or_administrator(person, actor); !allowed) return allowed;
  if (auto valid = check_new_password(password, person.name); !valid) return valid;
  const std::string hash = crypto::hash_password(password, services_.settings.password_cost);
  auto done = services_.database.write([&](db::Session& session) -> Result<void> {
    const std::int64_t rows =
        session.run("UPDATE accounts_people SET password_hash = :p1, updated = :p2 WHERE id = :p3",
                    {hash, to_milliseconds(services_.clock.now()), person.id});
    if (rows == 0) return no_such_person(person.name);
    session.run("DELETE FROM accounts_sessions WHERE person_id = :p1 AND id <> :p2",
                {person.id, std::string(keep_session_id)});
    session.run("DELETE FROM accounts_tokens WHERE person_id = :p1 AND kind = 'login'",
                {person.id});
    trail_.append_and_tell(session, actor, person, "account.password", "user:" + person.name);
    return {};
  });
  tokens_.forget_cached();
  return done;
}

Result<void> People::set_admin(const Person& person, bool is_admin, const Actor& actor) {
  if (!actor.is_admin) {
    return refuse(AccountRefusal::administrator_only,
                  "Only an administrator of this server may change who administers it.");
  }
  auto done = services_.database.write([&](db::Session& session) -> Result<void> {
    // Takes the row locks, so that two demotions at once cannot both see another administrator
    // left.
    session.run("UPDATE accounts_people SET is_admin = 1 WHERE is_admin = 1");
    const auto others = session.row(
        "SELECT COUNT(*) FROM accounts_people WHERE is_admin = 1 AND id <> :p1", {person.id});
    if (!is_admin && others->integer(0) == 0) {
      return refuse(AccountRefusal::last_admin,
                    "This is the last administrator of the server; appoint another one first.");
    }
    const std::int64_t rows =
        session.run("UPDATE accounts_people SET is_admin = :p1, updated = :p2 WHERE id = :p3",
                    {std::int64_t{is_admin}, to_milliseconds(services_.clock.now()), person.id});
    if (rows == 0) return no_such_person(person.name);
    trail_.append(session, actor, is_admin ? "account.promote" : "account.demote",
                  "user:" + person.name);
    return {};
  });
  tokens_.forget_cached();
  return done;
}

}  // namespace imp::accounts
