#include <gmock/gmock.h>
#include <algorithm>
#include <atomic>

#include <set>
#include <thread>

#include "accounts/totp.h"
#include "fixture.h"

namespace imp::accounts {
namespace {

using testing::Contains;
using testing::Not;

const Purpose kApprove{.action = "stage.approve", .subject = "@acme/tool"};
const Purpose kUnpublish{.action = "package.unpublish", .subject = "left-pad", .repeatable = true};

class SecondFactorTest : public AccountsTest {
 protected:
  SecondFactorTest() : AccountsTest(true) {}
  std::string check(std::string_view value, const Purpose& purpose = kApprove) {
    return code_of(factors_.check(alice_, value, purpose, actor(alice_)));
  }
  Person alice_ = person("alice"), bob_ = person("bob");
  SecondFactors& factors_ = accounts_->second_factors;
};

TEST_F(SecondFactorTest, EnablingNeedsACodeOfTheApp) {
  const auto setup = factors_.begin_totp(alice_, actor(alice_));
  ASSERT_TRUE(setup);
  EXPECT_TRUE(setup->url.starts_with("otpauth://totp/Imprimatur:alice?secret=" + setup->secret));
  EXPECT_EQ(factors_.pending_totp(alice_)->url, setup->url);
  EXPECT_TRUE(factors_.state(alice_.id)->pending);
  EXPECT_FALSE(factors_.state(alice_.id)->enabled);
  EXPECT_EQ(check("123456"), "second_factor_not_enabled");  // pending is not a factor yet
  EXPECT_EQ(code_of(factors_.confirm_totp(alice_, "000000", actor(alice_))),
            "second_factor_unconfirmed");
  EXPECT_FALSE(factors_.state(alice_.id)->enabled);

  const auto codes = enable_totp(alice_);
  EXPECT_TRUE(factors_.state(alice_.id)->enabled);
  EXPECT_EQ(factors_.state(alice_.id)->recovery_codes_left, 5);
  EXPECT_EQ(std::set(codes.begin(), codes.end()).size(), 5u);
  EXPECT_THAT(audited(), Contains("second_factor.enable"));
}

TEST_F(SecondFactorTest, RestartingReplacesTheSecret) {
  const auto first = factors_.begin_totp(alice_, actor(alice_));
  const auto second = factors_.begin_totp(alice_, actor(alice_));
  EXPECT_NE(first->secret, second->secret);
  EXPECT_EQ(factors_.pending_totp(alice_)->secret, second->secret);
}

// Whoever finds the session later knows neither the password nor the factor that is there.
TEST_F(SecondFactorTest, ASetUpThatWasLeftCannotBeFinishedLater) {
  for (const auto& [waited, outcome] :
       {std::pair{15min - 1s, ""}, std::pair{15min + 0s, "second_factor_not_pending"}}) {
    ASSERT_TRUE(factors_.begin_totp(alice_, actor(alice_)));
    clock_.advance(waited);
    EXPECT_EQ(code_of(factors_.pending_totp(alice_)), outcome);
    EXPECT_EQ(factors_.state(alice_.id)->pending, *outcome == '\0');
  }
  EXPECT_EQ(code_of(factors_.confirm_totp(alice_, "000000", actor(alice_))),
            "second_factor_not_pending");
}

TEST_F(SecondFactorTest, AnEnabledFactorIsNotReplacedBehindItsBack) {
  enable_totp(alice_);
  EXPECT_EQ(code_of(factors_.begin_totp(alice_, actor(alice_))), "second_factor_already_enabled");
  EXPECT_EQ(code_of(factors_.confirm_totp(alice_, code(alice_), actor(alice_))),
            "second_factor_not_pending");
  EXPECT_EQ(check(code(alice_)), "");
}

TEST_F(SecondFactorTest, OnlyThePersonThemselves) {
  EXPECT_EQ(code_of(factors_.begin_totp(alice_, actor(bob_))), "administrator_only");
  EXPECT_EQ(code_of(factors_.begin_totp(alice_, Actor::system())), "administrator_only");
  enable_totp(alice_);
  EXPECT_EQ(code_of(factors_.renew_recovery_codes(alice_, actor(bob_))), "administrator_only");
  EXPECT_EQ(code_of(factors_.disable(alice_, actor(bob_))), "administrator_only");
  EXPECT_TRUE(factors_.state(alice_.id)->enabled);
}

TEST_F(SecondFactorTest, TheSecretIsSealedToItsPerson) {
  const auto setup = factors_.begin_totp(alice_, actor(alice_));
  enable_totp(bob_);
  EXPECT_EQ(count("SELECT COUNT(*) FROM accounts_totp WHERE secret LIKE '%" + setup->secret + "%'"),
            0);
  // A row copied to another person (by somebody who can write to the database) does not open.
  ASSERT_TRUE(database_->write([&](db::Session& session) -> Result<void> {
    session.run(
        "UPDATE accounts_totp SET secret = (SELECT secret FROM accounts_totp WHERE person_id = "
        ":p1) WHERE person_id = :p2",
        {bob_.id, alice_.id});
    return {};
  }));
  EXPECT_FALSE(factors_.pending_totp(alice_));
}

TEST_F(SecondFactorTest, ReplayACodeIsGoodOnce) {
  enable_totp(alice_);
  const std::string once = code(alice_);
  EXPECT_EQ(check(once), "");
  EXPECT_EQ(check(once), "second_factor_wrong");
  EXPECT_EQ(code_of(another()->second_factors.check(alice_, once, kApprove, actor(alice_))),
            "second_factor_wrong");  // nor after a restart
  clock_.advance(30s);
  EXPECT_EQ(check(once), "second_factor_wrong");  // still in the window, still used up
  EXPECT_EQ(check(code(alice_)), "");
}

TEST_F(SecondFactorTest, ReplayOfTheConfirmingCode) {
  ASSERT_TRUE(factors_.begin_totp(alice_, actor(alice_)));
  enable_totp(alice_);
  EXPECT_EQ(check(code(alice_, -1)), "second_factor_wrong");
}

TEST_F(SecondFactorTest, AnEarlierCodeIsUsedUpByALaterOne) {
  enable_totp(alice_);
  EXPECT_EQ(check(code(alice_, 1)), "");
  EXPECT_EQ(check(code(alice_, 0)), "second_factor_wrong");
}

TEST_F(SecondFactorTest, ConcurrentUsesOfOneCodeOneWins) {
  enable_totp(alice_);
  const auto other = another();
  for (int round = 0; round < 10; ++round) {
    const std::string once = code(alice_);
    std::atomic<int> won = 0;
    {
      std::vector<std::jthread> threads;
      for (Accounts* accounts : {accounts_.get(), other.get(), accounts_.get(), other.get()}) {
        threads.emplace_back([&, accounts] {
          if (accounts->second_factors.check(alice_, once, kApprove, actor(alice_))) ++won;
        });
      }
    }
    EXPECT_EQ(won, 1);
    clock_.advance(15min);  // the losers were counted as guesses
  }
}

TEST_F(SecondFactorTest, ConcurrentUsesOfOneRecoveryCodeOneWins) {
  const auto codes = enable_totp(alice_);
  for (const std::string& once : codes) {
    std::atomic<int> won = 0;
    {
      std::vector<std::jthread> threads;
      for (int thread = 0; thread < 3; ++thread) {
        threads.emplace_back([&] {
          if (check(once).empty()) ++won;
        });
      }
    }
    EXPECT_EQ(won, 1);
    clock_.advance(15min);
  }
  EXPECT_EQ(factors_.state(alice_.id)->recovery_codes_left, 0);
}

TEST_F(SecondFactorTest, RecoveryCodesAreGoodOnceAndForOnePerson) {
  const auto codes = enable_totp(alice_);
  enable_totp(bob_);
  EXPECT_EQ(code_of(factors_.check(bob_, codes[0], kApprove, actor(bob_))), "second_factor_wrong");
  EXPECT_EQ(check(codes[0]), "");
  EXPECT_EQ(check(codes[0]), "second_factor_wrong");
  std::string upper = codes[1];
  std::ranges::transform(upper, upper.begin(), [](unsigned char c) { return std::toupper(c); });
  EXPECT_EQ(check(upper.substr(0, 32) + " " + upper.substr(32)), "");
  EXPECT_EQ(factors_.state(alice_.id)->recovery_codes_left, 3);
  const auto renewed = factors_.renew_recovery_codes(alice_, actor(alice_));
  EXPECT_EQ(check(codes[2]), "second_factor_wrong");
  EXPECT_EQ(check((*renewed)[0]), "");
}

TEST_F(SecondFactorTest, RecoveryCodesAreStoredHashed) {
  for (const std::string& code : enable_totp(alice_)) {
    EXPECT_EQ(
        count("SELECT COUNT(*) FROM accounts_recovery_codes WHERE code_hash = '" + code + "'"), 0);
  }
}

TEST_F(SecondFactorTest, NonsenseIsWrong) {
  enable_totp(alice_);
  for (const std::string& value :
       {std::string(), std::string("abcdef"), std::string(64, 'g'), std::string(64, '0'),
        std::string("1' OR '1'='1"), std::string(100'000, '9')}) {
    EXPECT_EQ(check(value), "second_factor_wrong") << value.substr(0, 70);
  }
}

TEST_F(SecondFactorTest, TenWrongCodesCloseTheDoor) {
  const auto codes = enable_totp(alice_);
  for (int n = 0; n < 10; ++n) EXPECT_EQ(check("abcdef"), "second_factor_wrong");
  EXPECT_EQ(check(code(alice_)), "too_many_attempts");
  EXPECT_EQ(check(codes[0]), "too_many_attempts");
  clock_.advance(15min);
  EXPECT_EQ(check(code(alice_)), "");
}

TEST_F(SecondFactorTest, GuessesWhileEnablingAreCountedToo) {
  ASSERT_TRUE(factors_.begin_totp(alice_, actor(alice_)));
  for (int n = 0; n < 10; ++n) {
    EXPECT_EQ(code_of(factors_.confirm_totp(alice_, "abcdef", actor(alice_))),
              "second_factor_unconfirmed");
  }
  EXPECT_EQ(code_of(factors_.confirm_totp(alice_, "abcdef", actor(alice_))), "too_many_attempts");
}

TEST_F(SecondFactorTest, RightCodesAreNotCounted) {
  enable_totp(alice_);
  for (int n = 0; n < 20; ++n) {
    EXPECT_EQ(check(code(alice_)), "");
    clock_.advance(30s);
  }
}

TEST_F(SecondFactorTest, ARepeatableActionTakesItsCodeAgainForAMinute) {
  enable_totp(alice_);
  const std::string once = code(alice_);
  EXPECT_EQ(check(once, kUnpublish), "");
  clock_.advance(60s - 1ms);
  EXPECT_EQ(check(once, kUnpublish), "");
  clock_.advance(1ms);
  EXPECT_EQ(check(once, kUnpublish), "second_factor_wrong");
}

TEST_F(SecondFactorTest, ACodeOfAClockThatWasAheadIsNotRepeatable) {
  enable_totp(alice_);
  clock_.advance(24h);
  const std::string once = code(alice_);
  EXPECT_EQ(check(once, kUnpublish), "");
  clock_.advance(-24h);
  EXPECT_EQ(check(once, kUnpublish), "second_factor_wrong");
}

TEST_F(SecondFactorTest, ARepeatableUseOpensNothingElse) {
  enable_totp(alice_);
  enable_totp(bob_);
  const std::string once = code(alice_);
  ASSERT_EQ(check(once, kUnpublish), "");
  Purpose other_subject = kUnpublish, strict = kUnpublish, other_action = kUnpublish;
  other_subject.subject = "right-pad";
  other_action.action = "package.publish";
  strict.repeatable = false;
  EXPECT_EQ(check(once, other_subject), "second_factor_wrong");
  EXPECT_EQ(check(once, other_action), "second_factor_wrong");
  EXPECT_EQ(check(once, strict), "second_factor_wrong");
  EXPECT_EQ(check(once, kApprove), "second_factor_wrong");
  Actor other_credential = actor(alice_);
  other_credential.via = "token:stolen";
  EXPECT_EQ(code_of(factors_.check(alice_, once, kUnpublish, other_credential)),
            "second_factor_wrong");
  EXPECT_EQ(code_of(factors_.check(bob_, once, kUnpublish, actor(bob_))), "second_factor_wrong");
}

TEST_F(SecondFactorTest, PurposesCannotRunIntoEachOther) {
  enable_totp(alice_);
  const std::string once = code(alice_);
  ASSERT_EQ(check(once, {.action = "a", .subject = "bc", .repeatable = true}), "");
  EXPECT_EQ(check(once, {.action = "ab", .subject = "c", .repeatable = true}),
            "second_factor_wrong");
}

TEST_F(SecondFactorTest, AFailedDecisionDoesNotUseTheCodeUp) {
  enable_totp(alice_);
  const std::string once = code(alice_);
  const auto decision = database_->write([&](db::Session& session) -> Result<void> {
    const auto confirmed = factors_.consume(session, alice_, once, kApprove, actor(alice_));
    EXPECT_TRUE(confirmed);
    return refuse(AccountRefusal::too_busy, "The decision failed.");
  });
  ASSERT_FALSE(decision);
  EXPECT_THAT(audited(), Not(Contains("second_factor.use")));
  EXPECT_EQ(check(once), "");
}

TEST_F(SecondFactorTest, DisablingTakesEverythingAndLeavesNoGhost) {
  const auto codes = enable_totp(alice_);
  ASSERT_TRUE(factors_.disable(alice_, actor(alice_)));
  EXPECT_FALSE(factors_.state(alice_.id)->enabled);
  EXPECT_EQ(check(codes[0]), "second_factor_not_enabled");
  EXPECT_EQ(code_of(factors_.disable(alice_, actor(alice_))), "second_factor_not_enabled");
  enable_totp(alice_);
  EXPECT_EQ(check(codes[0]), "second_factor_wrong");  // the old codes stay dead
}

TEST_F(SecondFactorTest, CodesNeverReachTheAuditLog) {
  const auto codes = enable_totp(alice_);
  ASSERT_EQ(check(codes[0]), "");
  EXPECT_EQ(check("987654"), "second_factor_wrong");
  EXPECT_EQ(count("SELECT COUNT(*) FROM audit_records WHERE detail LIKE '%" + codes[0] +
                  "%' OR detail LIKE '%987654%'"),
            0);
}

}  // namespace
}  // namespace imp::accounts
