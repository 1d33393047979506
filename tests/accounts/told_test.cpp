#include "fixture.h"
#include "mail/outbox.h"

namespace imp::accounts {
namespace {

/// Accounts of a server that sends mail.
class ToldTest : public AccountsTest {
 protected:
  ToldTest() {
    EXPECT_TRUE(database_->write([&](db::Session& session) -> Result<void> {
      mail::set_up(session, std::string(kPublicUrl), clock_.now());
      return {};
    }));
  }
  /// "kind address" of each message since the last call, sorted.
  std::vector<std::string> told() {
    auto letters = database_
                       ->write([&](db::Session& session) -> Result<std::vector<mail::Letter>> {
                         auto all = mail::letters(session, std::nullopt, 100);
                         session.run("DELETE FROM mail");
                         return all;
                       })
                       .value();
    std::vector<std::string> lines;
    for (const mail::Letter& letter : letters) {
      lines.push_back(letter.kind + " " + letter.recipient);
      last_body_ = letter.body;
    }
    std::ranges::sort(lines);
    return lines;
  }
  std::string last_body_;
};

using Lines = std::vector<std::string>;

TEST_F(ToldTest, WhatGuardsAnAccountIsToldToItsPerson) {
  const Person ann = person("ann");
  EXPECT_EQ(told(), Lines());
  const std::string mine = " " + ann.email;
  const auto codes = enable_totp(ann);
  EXPECT_EQ(told(), Lines{"second_factor.enable" + mine});
  EXPECT_TRUE(last_body_.contains("the account ann")) << last_body_;
  for (const std::string& code : codes) EXPECT_FALSE(last_body_.contains(code));
  ASSERT_TRUE(accounts_->second_factors.renew_recovery_codes(ann, actor(ann)));
  EXPECT_EQ(told(), Lines{"second_factor.recovery_codes" + mine});
  ASSERT_TRUE(accounts_->people.set_password(ann, "another long password", actor(ann)));
  EXPECT_EQ(told(), Lines{"account.password" + mine});
  EXPECT_FALSE(last_body_.contains("another long password"));
  ASSERT_TRUE(accounts_->second_factors.remove_totp(ann, actor(ann)));
  EXPECT_EQ(told(), (Lines{"second_factor.disable" + mine, "second_factor.remove" + mine}));
}

TEST_F(ToldTest, TokensAreToldButForThoseOfASignIn) {
  const Person ann = person("ann");
  const auto made = accounts_->tokens.create(ann, {.kind = TokenKind::personal}, actor(ann));
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(told(), Lines{"token.create " + ann.email});
  EXPECT_FALSE(last_body_.contains(made->token));
  ASSERT_TRUE(accounts_->tokens.create(ann, {.kind = TokenKind::login}, actor(ann)));
  EXPECT_EQ(told(), Lines());
}

// Whoever takes an account over changes its address next: the old one hears of it.
TEST_F(ToldTest, AChangedAddressIsToldToTheOldOneToo) {
  const Person ann = person("ann");
  ASSERT_TRUE(accounts_->people.change_profile(ann, {.fullname = "Ann"}, actor(ann)));
  EXPECT_EQ(told(), Lines());
  ASSERT_TRUE(accounts_->people.change_profile(ann, {.email = "eve@example.org"}, actor(ann)));
  EXPECT_EQ(told(), (Lines{"account.update " + ann.email, "account.update eve@example.org"}));
  ASSERT_TRUE(accounts_->people.set_password(ann, "another long password", actor(ann)));
  EXPECT_EQ(told(), Lines{"account.password eve@example.org"});
}

TEST_F(ToldTest, AnAdministratorsHandIsNamed) {
  const Person root = person("root", true), ann = person("ann");
  enable_totp(ann);
  told();
  ASSERT_TRUE(accounts_->second_factors.disable(ann, actor(root)));
  EXPECT_EQ(told(), Lines{"second_factor.disable " + ann.email});
  EXPECT_TRUE(last_body_.contains("root")) << last_body_;
}

}  // namespace
}  // namespace imp::accounts
