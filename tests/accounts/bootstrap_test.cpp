#include <gmock/gmock.h>
#include <atomic>

#include <set>
#include <thread>

#include "fixture.h"

namespace imp::accounts {
namespace {

class BootstrapTest : public AccountsTest {
 protected:
  BootstrapTest() : AccountsTest(true) {}
  NewPerson root(const std::string& name = "root") {
    return {.name = name, .email = "root@example.test", .password = "0123456789"};
  }
  Result<Person> create(std::string_view token, const NewPerson& person) {
    return accounts_->bootstrap.create_first_admin(token, person, Actor::anonymous("192.0.2.1"));
  }
  Bootstrap& bootstrap_ = accounts_->bootstrap;
};

TEST_F(BootstrapTest, OneTokenOneAdministrator) {
  const std::string token = **bootstrap_.setup_token();
  EXPECT_TRUE(bootstrap_.check(token));
  const auto created = create(token, root());
  ASSERT_TRUE(created);
  EXPECT_TRUE(created->is_admin);
  EXPECT_EQ(code_of(create(token, root("second"))), "setup_finished");
  EXPECT_EQ(code_of(bootstrap_.check(token)), "setup_finished");
  EXPECT_FALSE(*bootstrap_.setup_token());
}

TEST_F(BootstrapTest, OnlyTheLatestTokenCounts) {
  EXPECT_EQ(code_of(bootstrap_.check("")), "setup_token_wrong");
  const std::string first = **bootstrap_.setup_token();
  const std::string second = **bootstrap_.setup_token();
  EXPECT_EQ(code_of(create(first, root())), "setup_token_wrong");
  for (const std::string& guess : {std::string(), second.substr(1), second + "0"}) {
    EXPECT_EQ(code_of(create(guess, root())), "setup_token_wrong");
  }
  EXPECT_TRUE(create(second, root()));
}

TEST_F(BootstrapTest, AnAdministratorMadeOtherwiseEndsIt) {
  const std::string token = **bootstrap_.setup_token();
  person("root", true);
  EXPECT_EQ(code_of(create(token, root("second"))), "setup_finished");
}

TEST_F(BootstrapTest, AnOrdinaryAccountDoesNot) {
  person("alice");
  EXPECT_TRUE((*bootstrap_.setup_token()).has_value());
}

TEST_F(BootstrapTest, ABadAccountDoesNotUseTheTokenUp) {
  const std::string token = **bootstrap_.setup_token();
  person("alice");
  EXPECT_EQ(code_of(create(token, root("Root"))), "name_invalid");
  EXPECT_EQ(code_of(create(token, root("alice"))), "name_taken");
  EXPECT_TRUE(create(token, root()));
}

TEST_F(BootstrapTest, TwoAtOnceOneWins) {
  const std::string token = **bootstrap_.setup_token();
  std::atomic<int> created = 0;
  {
    std::vector<std::jthread> threads;
    for (int number = 0; number < 4; ++number) {
      threads.emplace_back([&, number] {
        if (create(token, root("root" + std::to_string(number)))) ++created;
      });
    }
  }
  EXPECT_EQ(created, 1);
  EXPECT_EQ(count("SELECT COUNT(*) FROM accounts_people WHERE is_admin = 1"), 1);
}

class TidyTest : public AccountsTest {};

TEST_F(TidyTest, WritesUsesAtOnceAndPurgesHourly) {
  const Person alice = person("alice");
  const auto minted = accounts_->tokens.create(
      alice, {.kind = TokenKind::personal, .reach = full_reach()}, actor(alice));
  ASSERT_TRUE(accounts_->tidy());
  accounts_->sessions.start(alice, request(), true).value();
  ASSERT_TRUE(accounts_->tokens.verify(minted->token, "192.0.2.1"));
  clock_.advance(1h - 1ms);
  ASSERT_TRUE(accounts_->tidy());
  EXPECT_EQ(count("SELECT COUNT(*) FROM accounts_tokens WHERE last_used IS NOT NULL"), 1);
  EXPECT_EQ(count("SELECT COUNT(*) FROM accounts_sessions"), 1);
  clock_.advance(1ms);
  ASSERT_TRUE(accounts_->tidy());
  EXPECT_EQ(count("SELECT COUNT(*) FROM accounts_sessions"), 0);
}

TEST(AccountRefusals, CodesAreDistinctSnakeCase) {
  std::set<std::string_view> codes;
  const auto last = static_cast<int>(AccountRefusal::administrator_only);
  for (int number = 0; number <= last; ++number) {
    const Reason found = reason(static_cast<AccountRefusal>(number));
    EXPECT_EQ(found.code.find_first_not_of("abcdefghijklmnopqrstuvwxyz_"), std::string::npos);
    EXPECT_TRUE(codes.insert(found.code).second) << found.code;
    EXPECT_NE(found.kind, FailureKind::internal) << found.code;
  }
}

}  // namespace
}  // namespace imp::accounts
