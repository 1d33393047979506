#include <gmock/gmock.h>

#include "fixture.h"

namespace imp::accounts {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::Not;

class PeopleTest : public AccountsTest {};

TEST_F(PeopleTest, CreatedPeopleAreFoundByIdAndName) {
  const Person alice = person("alice");
  EXPECT_EQ(accounts_->people.by_id(alice.id)->name, "alice");
  EXPECT_EQ(accounts_->people.by_name("alice")->email, "alice@example.test");
  EXPECT_EQ(code_of(accounts_->people.by_name("bob")), "person_not_found");
  EXPECT_EQ(code_of(accounts_->people.by_id("' OR 1=1 --")), "person_not_found");
  EXPECT_THAT(audited(), ElementsAre("account.create"));
}

TEST_F(PeopleTest, RefusesBadAccounts) {
  person("alice");
  organization("acme", person("founder"));
  const struct {
    NewPerson person;
    std::string_view code;
  } cases[] = {
      {{.name = "Bob", .email = "b@x", .password = "0123456789"}, "name_invalid"},
      {{.name = "alice", .email = "b@x", .password = "0123456789"}, "name_taken"},
      // "@acme" is the organisation's scope; a person of that name would own it as well.
      {{.name = "acme", .email = "b@x", .password = "0123456789"}, "name_taken"},
      {{.name = "bob", .email = "bx", .password = "0123456789"}, "email_invalid"},
      {{.name = "bob", .email = "b@x@y", .password = "0123456789"}, "email_invalid"},
      {{.name = "bob", .email = "b@x\r\nBcc: c@x", .password = "0123456789"}, "email_invalid"},
      {{.name = "bob", .email = "<b@x>", .password = "0123456789"}, "email_invalid"},
      {{.name = "bob", .email = "b@" + std::string(300, 'x'), .password = "0123456789"},
       "email_invalid"},
      {{.name = "bob", .email = "b@x", .password = "123456789"}, "password_too_weak"},
      {{.name = "bobbobbobbob", .email = "b@x", .password = "bobbobbobbob"}, "password_too_weak"},
      // Argon2id would read all of it.
      {{.name = "bob", .email = "b@x", .password = std::string(1025, 'x')}, "password_too_long"},
      {{.name = "bob", .email = "b@x", .password = "0123456789", .fullname = "a\nb"},
       "profile_invalid"},
  };
  for (const auto& [bad, code] : cases) {
    EXPECT_EQ(code_of(accounts_->people.create(bad, Actor::system())), code) << bad.name;
  }
  EXPECT_EQ(count("SELECT COUNT(*) FROM accounts_people"), 2);
  // A name that was claimed by an account that then failed is free again.
  EXPECT_TRUE(accounts_->people.create({.name = "bob", .email = "b@x", .password = "0123456789"},
                                       Actor::system()));
}

TEST_F(PeopleTest, OnlyAdministratorsMakeAdministrators) {
  const Person alice = person("alice");
  const NewPerson mallory{
      .name = "mallory", .email = "m@x", .password = "0123456789", .is_admin = true};
  EXPECT_EQ(code_of(accounts_->people.create(mallory, actor(alice))), "administrator_only");
  EXPECT_EQ(code_of(accounts_->people.create(mallory, Actor::anonymous("192.0.2.9"))),
            "administrator_only");
  EXPECT_EQ(code_of(accounts_->people.set_admin(alice, true, actor(alice))), "administrator_only");
  const Person root = person("root", true);
  EXPECT_TRUE(accounts_->people.set_admin(alice, true, actor(root)));
  EXPECT_TRUE(accounts_->people.by_name("alice")->is_admin);
}

TEST_F(PeopleTest, TheLastAdministratorStays) {
  const Person root = person("root", true);
  EXPECT_EQ(code_of(accounts_->people.set_admin(root, false, actor(root))), "last_admin");
  const Person alice = person("alice", true);
  EXPECT_TRUE(accounts_->people.set_admin(root, false, actor(root)));
  EXPECT_EQ(code_of(accounts_->people.set_admin(alice, false, actor(alice))), "last_admin");
}

TEST_F(PeopleTest, ListsInPages) {
  for (const char* name : {"carol", "alice", "bob"}) person(name);
  const auto names = [&](std::string_view after, int limit) {
    std::vector<std::string> names;
    for (const Person& person : *accounts_->people.list(after, limit)) names.push_back(person.name);
    return names;
  };
  EXPECT_THAT(names("", 2), ElementsAre("alice", "bob"));
  EXPECT_THAT(names("bob", 2), ElementsAre("carol"));
}

TEST_F(PeopleTest, ProfileChangesOnlyWhatIsGiven) {
  const Person alice = person("alice");
  auto& people = accounts_->people;
  ASSERT_TRUE(
      people.change_profile(alice, {.fullname = "Alice A.", .github = "alice"}, actor(alice)));
  clock_.advance(1s);
  const auto changed =
      people.change_profile(alice, {.homepage = "https://alice.test"}, actor(alice));
  ASSERT_TRUE(changed);
  EXPECT_EQ(changed->fullname, "Alice A.");
  EXPECT_EQ(changed->homepage, "https://alice.test");
  EXPECT_EQ(changed->updated, clock_.now());
  EXPECT_EQ(people.change_profile(alice, {.fullname = ""}, actor(alice))->fullname, "");
  EXPECT_EQ(people.by_id(alice.id)->github, "alice");
}

TEST_F(PeopleTest, ProfileRefusals) {
  const Person alice = person("alice");
  const Person bob = person("bob");
  const struct {
    ProfileChange change;
    std::string_view code;
  } cases[] = {
      {{.email = ""}, "email_invalid"},
      {{.fullname = std::string(501, 'x')}, "profile_invalid"},
      {{.fullname = "\xff"}, "profile_invalid"},
      {{.homepage = "javascript:alert(1)"}, "profile_invalid"},  // it becomes a link
      {{.homepage = "data:text/html,x"}, "profile_invalid"},
      {{.github = "a\tb"}, "profile_invalid"},
  };
  for (const auto& [change, code] : cases) {
    EXPECT_EQ(code_of(accounts_->people.change_profile(alice, change, actor(alice))), code);
  }
  EXPECT_EQ(code_of(accounts_->people.change_profile(alice, {.email = "m@x"}, actor(bob))),
            "administrator_only");
}

TEST_F(PeopleTest, ANewPasswordEndsEverythingThatTheOldOneOpened) {
  const Person alice = person("alice");
  const auto kept = accounts_->sessions.start(alice, request(), false);
  const auto other = accounts_->sessions.start(alice, request(), false);
  const auto login = accounts_->tokens.create(
      alice, {.name = "npm login", .kind = TokenKind::login, .reach = full_reach()}, actor(alice));
  const auto script = accounts_->tokens.create(
      alice, {.name = "ci", .kind = TokenKind::personal, .reach = full_reach()}, actor(alice));
  ASSERT_TRUE(accounts_->tokens.verify(login->token, "192.0.2.1"));  // now it is cached

  ASSERT_TRUE(accounts_->people.set_password(alice, "another long password", actor(alice),
                                             kept->session.id));
  const Actor from = Actor::anonymous("192.0.2.1");
  EXPECT_EQ(code_of(accounts_->sign_in.check_password("alice", kPassword, from)), "sign_in_failed");
  EXPECT_TRUE(accounts_->sign_in.check_password("alice", "another long password", from));
  EXPECT_TRUE(accounts_->sessions.find(cookie_of(*kept).substr(12))->has_value());
  EXPECT_FALSE(accounts_->sessions.find(cookie_of(*other).substr(12))->has_value());
  EXPECT_EQ(code_of(accounts_->tokens.verify(login->token, "192.0.2.1")), "credential_invalid");
  EXPECT_TRUE(accounts_->tokens.verify(script->token, "192.0.2.1"));
}

TEST_F(PeopleTest, StrangersCannotSetPasswords) {
  const Person alice = person("alice");
  const Person bob = person("bob");
  EXPECT_EQ(code_of(accounts_->people.set_password(alice, "0123456789", actor(bob))),
            "administrator_only");
  EXPECT_EQ(
      code_of(accounts_->people.set_password(alice, "0123456789", Actor::anonymous("192.0.2.1"))),
      "administrator_only");
  EXPECT_THAT(audited(), Not(Contains("account.password")));
}

TEST_F(PeopleTest, NothingReadableIsStoredOfAPassword) {
  person("alice");
  EXPECT_EQ(count("SELECT COUNT(*) FROM accounts_people WHERE password_hash LIKE '$argon2id$%'"),
            1);
}

}  // namespace
}  // namespace imp::accounts
