#include "registry/trust/publish_token.h"

#include "crypto/hash.h"
#include "registry/trust/refusal.h"
#include "trust_fixture.h"

namespace imp::trust::test {
namespace {

class PublishTokenTest : public TrustTest {
 protected:
  MintedToken mint(const TrustedPublisher& from) {
    return write([&](db::Session& session) -> Result<MintedToken> {
             return mint_publish_token(session, crypto::system_random(), from, "@acme/widget",
                                       {{"iss", kBase}}, clock.now());
           })
        .value();
  }
  std::string find(std::string_view token) {
    return code_of(database->read(
        [&](db::Session& session) { return find_publish_token(session, token, clock.now()); }));
  }
  std::string stands(const PublishToken& token) {
    return code_of(database->read(
        [&](db::Session& session) { return still_stands(session, token, clock.now()); }));
  }
  /// The token as it is found now, and this version released with it.
  PublishToken found() {
    return database
        ->read([&](db::Session& session) {
          return find_publish_token(session, minted.text, clock.now());
        })
        .value();
  }
  std::string spent(const PublishToken& token, std::string_view version) {
    return code_of(write([&](db::Session& session) { return spend(session, token, version); }));
  }
  bool revoke(std::string_view token) {
    return write([&](db::Session& session) -> Result<bool> {
             return revoke_publish_token(session, token, clock.now());
           })
        .value();
  }

  TrustedPublisher publisher = add_default();
  MintedToken minted = mint(publisher);
};

TEST_F(PublishTokenTest, IsFoundByItsTextAlone) {
  EXPECT_TRUE(is_publish_token(minted.text));
  EXPECT_EQ(minted.text.size(), kPublishTokenPrefix.size() + 8 + 40);
  EXPECT_EQ(find(minted.text), "ok");
  std::string other_case = minted.text;
  for (char& c : other_case) c = static_cast<char>(c >= 'a' && c <= 'z' ? c - 32 : c);
  for (const std::string& wrong :
       {std::string(), std::string(kPublishTokenPrefix), minted.text + "x",
        minted.text.substr(0, minted.text.size() - 1), " " + minted.text, other_case,
        crypto::sha256_hex(minted.text), minted.token.id}) {
    EXPECT_EQ(find(wrong), "publish_token_invalid") << wrong;
  }
}

TEST_F(PublishTokenTest, IsNotKeptInTheClear) {
  const std::string stamp = minted.text.substr(kPublishTokenPrefix.size(), 8);
  EXPECT_EQ(text("SELECT hash FROM publish_token"), stamp + crypto::sha256_hex(minted.text));
  EXPECT_EQ(count("SELECT COUNT(*) FROM publish_token WHERE run LIKE '%imp_pub_%'"), 0);
}

// The keys of tokens that are made together are neighbours in the index.
TEST_F(PublishTokenTest, TheirKeysComeInTheOrderOfTime) {
  std::string before = text("SELECT MAX(hash) FROM publish_token");
  for (const int later : {1, 61, 62, 10'000, 3'600'000}) {
    clock.advance(Milliseconds(later));
    mint(publisher);
    const std::string last = text("SELECT MAX(hash) FROM publish_token");
    EXPECT_GT(last, before);
    before = last;
  }
}

TEST_F(PublishTokenTest, WhatIsInThePlaceOfTheTimeMayBeAnything) {
  for (const std::string_view stamp :
       {"\xff\xfe\xfd\xfc\xfb\xfa\xf9\xf8", "' OR 1=1", "--------"}) {
    std::string wrong = minted.text;
    wrong.replace(kPublishTokenPrefix.size(), 8, stamp);
    EXPECT_EQ(find(wrong), "publish_token_invalid");
    EXPECT_FALSE(revoke(wrong));
  }
}

// As versions before the times in them made them: an upgrade takes no token from a job that runs.
TEST_F(PublishTokenTest, OlderOnesWithoutATimeAreFoundAndForgotten) {
  const std::string older = std::string(kPublishTokenPrefix) + std::string(40, 'z');
  EXPECT_TRUE(write([&](db::Session& session) -> Result<void> {
    session.run("UPDATE publish_token SET hash = :p1", {crypto::sha256_hex(older)});
    return {};
  }));
  EXPECT_EQ(find(older), "ok");
  clock.set(minted.token.expires_at + kReplayMargin + Milliseconds(1));
  EXPECT_TRUE(write([&](db::Session& session) -> Result<void> {
    forget_expired(session, clock.now());
    return {};
  }));
  EXPECT_EQ(count("SELECT COUNT(*) FROM publish_token"), 0);
}

TEST_F(PublishTokenTest, KeepsWhatItWasMintedWith) {
  const auto found = database->read(
      [&](db::Session& session) { return find_publish_token(session, minted.text, clock.now()); });
  ASSERT_TRUE(found);
  EXPECT_EQ(found->package_name, "@acme/widget");
  EXPECT_EQ(found->package_id, package.id);
  EXPECT_EQ(found->publisher_id, publisher.id);
  EXPECT_EQ(found->permissions, publisher.permissions);
  EXPECT_EQ(found->run.at("iss"), json::value(kBase));
  EXPECT_EQ(found->expires_at - found->created_at, kPublishTokenLife);
}

TEST_F(PublishTokenTest, ExpiresAtTheVeryInstant) {
  clock.set(minted.token.expires_at - Milliseconds(1));
  EXPECT_EQ(find(minted.text), "ok");
  EXPECT_EQ(stands(minted.token), "ok");
  clock.set(minted.token.expires_at);
  EXPECT_EQ(find(minted.text), "publish_token_invalid");
  EXPECT_EQ(stands(minted.token), "publish_token_invalid");
}

// A clock that was ahead would make it live for as much longer.
TEST_F(PublishTokenTest, OfAClockThatWasAheadIsNotGood) {
  clock.set(minted.token.created_at - std::chrono::minutes(5));
  EXPECT_EQ(find(minted.text), "ok");
  clock.advance(-Milliseconds(1));
  EXPECT_EQ(find(minted.text), "publish_token_invalid");
  EXPECT_EQ(stands(minted.token), "publish_token_invalid");
}

TEST_F(PublishTokenTest, IsOverOnceRevoked) {
  EXPECT_TRUE(revoke(minted.text));
  EXPECT_EQ(find(minted.text), "publish_token_invalid");
  EXPECT_EQ(stands(minted.token), "publish_token_invalid");
  EXPECT_FALSE(revoke(minted.text));
  EXPECT_FALSE(revoke("imp_pub_nothing"));
}

TEST_F(PublishTokenTest, IsOverWhenItsPublisherIsRemoved) {
  const MintedToken unaffected =
      mint(add(package.id, changed(publisher_claims(), claim("vcs-origin"), "\"github.com/a/b\"")));
  remove(publisher);
  EXPECT_EQ(find(minted.text), "publish_token_invalid");
  EXPECT_EQ(stands(minted.token), "publish_token_invalid");
  EXPECT_EQ(find(unaffected.text), "ok");
}

TEST_F(PublishTokenTest, IsOfItsPublishersProvider) {
  const auto found = database->read(
      [&](db::Session& session) { return find_publish_token(session, minted.text, clock.now()); });
  ASSERT_TRUE(found);
  EXPECT_EQ(found->provider, &circleci());
  ASSERT_TRUE(write([&](db::Session& session) -> Result<void> {
    session.run("UPDATE trusted_publisher SET type = 'semaphore'");
    return {};
  }));
  EXPECT_EQ(find(minted.text), "publish_token_invalid");
}

TEST_F(PublishTokenTest, DoesNotComeBackWithANewPublisherOfTheSameClaims) {
  remove(publisher);
  add_default();
  EXPECT_EQ(find(minted.text), "publish_token_invalid");
}

struct Use {
  const char* name;
  Permissions permissions;
  PublishAction action;
  const char* package;
  const char* outcome;
};

class TokenUse : public testing::TestWithParam<Use> {};

TEST_P(TokenUse, IsWhatThePublisherAllowsForOnePackage) {
  PublishToken token;
  token.package_name = "@acme/widget";
  token.permissions = GetParam().permissions;
  EXPECT_EQ(code_of(may(token, GetParam().action, GetParam().package)), GetParam().outcome);
}

constexpr Permissions kPublish{true, true, false};
constexpr Permissions kStage{false, true, false};
constexpr Permissions kTags{false, false, true};

INSTANTIATE_TEST_SUITE_P(
    Each, TokenUse,
    testing::Values(
        Use{"PublishMayPublish", kPublish, PublishAction::publish, "@acme/widget", "ok"},
        Use{"PublishMayStage", kPublish, PublishAction::stage, "@acme/widget", "ok"},
        Use{"PublishMayNotTag", kPublish, PublishAction::dist_tag, "@acme/widget",
            "permission_not_granted"},
        Use{"StageMayNotPublish", kStage, PublishAction::publish, "@acme/widget",
            "permission_not_granted"},
        Use{"StageMayStage", kStage, PublishAction::stage, "@acme/widget", "ok"},
        Use{"TagsMayTag", kTags, PublishAction::dist_tag, "@acme/widget", "ok"},
        Use{"TagsMayNotPublish", kTags, PublishAction::publish, "@acme/widget",
            "permission_not_granted"},
        Use{"TagsMayNotStage", kTags, PublishAction::stage, "@acme/widget",
            "permission_not_granted"},
        Use{"AnyMayReadItsOwn", {}, PublishAction::read, "@acme/widget", "ok"},
        Use{"NoneReadsAnother", kPublish, PublishAction::read, "@acme/other", "other_package"},
        Use{"OtherPackageOfTheScope", kPublish, PublishAction::publish, "@acme/other",
            "other_package"},
        Use{"OtherCase", kPublish, PublishAction::publish, "@Acme/widget", "other_package"},
        Use{"Longer", kPublish, PublishAction::publish, "@acme/widget-2", "other_package"},
        Use{"Shorter", kPublish, PublishAction::publish, "@acme/widge", "other_package"},
        Use{"TrailingDot", kPublish, PublishAction::publish, "@acme/widget.", "other_package"},
        Use{"Encoded", kPublish, PublishAction::publish, "@acme%2fwidget", "other_package"},
        Use{"Unscoped", kPublish, PublishAction::publish, "widget", "other_package"}),
    [](const auto& info) { return std::string(info.param.name); });

TEST_F(PublishTokenTest, IsGoodForOneVersion) {
  EXPECT_EQ(found().spent_on, "");
  EXPECT_EQ(code_of(may_release(found(), "1.1.0")), "ok");
  EXPECT_EQ(found().spent_on, "");  // a question is no use
  EXPECT_EQ(spent(found(), "1.1.0"), "ok");
  EXPECT_EQ(found().spent_on, "1.1.0");
  for (const char* other : {"1.2.0", "1.1.0-rc.1", "1.1.00", "1.1", ""}) {
    EXPECT_EQ(code_of(may_release(found(), other)), "publish_token_spent") << other;
    EXPECT_EQ(spent(found(), other), "publish_token_spent") << other;
  }
  // The client's retry.
  EXPECT_EQ(code_of(may_release(found(), "1.1.0")), "ok");
  EXPECT_EQ(spent(found(), "1.1.0"), "ok");
  EXPECT_EQ(found().spent_on, "1.1.0");
  EXPECT_EQ(find(minted.text), "ok");
  EXPECT_EQ(stands(minted.token), "ok");
}

// Each was found before the other was used.
TEST_F(PublishTokenTest, IsSpentOnceHoweverEarlyItWasFound) {
  const PublishToken early = found();
  EXPECT_EQ(spent(early, "1.1.0"), "ok");
  EXPECT_EQ(spent(early, "1.1.0"), "ok");
  EXPECT_EQ(spent(early, "1.2.0"), "publish_token_spent");
  EXPECT_EQ(found().spent_on, "1.1.0");
  EXPECT_EQ(spent(mint(publisher).token, "1.2.0"), "ok");  // of the same publisher
}

TEST_F(PublishTokenTest, IsNotSpentByWhatIsUndone) {
  const auto undone = write([&](db::Session& session) -> Result<void> {
    EXPECT_TRUE(spend(session, minted.token, "1.1.0"));
    return refuse(TrustRefusal::permission_not_granted, "Something else.");
  });
  EXPECT_FALSE(undone);
  EXPECT_EQ(found().spent_on, "");
  EXPECT_EQ(spent(found(), "1.2.0"), "ok");
}

TEST_F(PublishTokenTest, OfARefIsRefusedAnotherVersionForTheRef) {
  const MintedToken bound =
      write([&](db::Session& session) -> Result<MintedToken> {
        return mint_publish_token(session, crypto::system_random(), publisher, "@acme/widget",
                                  {{"iss", kBase}}, clock.now(), "1.1.0");
      }).value();
  EXPECT_EQ(spent(bound.token, "1.2.0"), "version_tag_mismatch");
  EXPECT_EQ(spent(bound.token, "1.1.0"), "ok");
  EXPECT_EQ(spent(bound.token, "1.2.0"), "version_tag_mismatch");
}

TEST_F(PublishTokenTest, ThatWasForgottenIsSpentOnNothing) {
  ASSERT_TRUE(write([&](db::Session& session) -> Result<void> {
    session.run("DELETE FROM publish_token");
    return {};
  }));
  EXPECT_EQ(spent(minted.token, "1.1.0"), "publish_token_invalid");
}

TEST_F(PublishTokenTest, IsForgottenAnHourAfterItsTime) {
  const auto forget = [&] {
    const auto done = write([&](db::Session& session) -> Result<void> {
      forget_expired(session, clock.now());
      return {};
    });
    EXPECT_TRUE(done);
  };
  clock.set(minted.token.expires_at + kReplayMargin);
  forget();
  EXPECT_EQ(count("SELECT COUNT(*) FROM publish_token"), 1);
  clock.advance(Milliseconds(1));
  forget();
  EXPECT_EQ(count("SELECT COUNT(*) FROM publish_token"), 0);
}

}  // namespace
}  // namespace imp::trust::test
