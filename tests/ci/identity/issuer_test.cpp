#include "ci/identity/issuer.h"

#include <gmock/gmock.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <set>
#include <thread>

#include "ci/contexts/ci_store.h"
#include "ci/identity/job.h"
#include "db/mortal_database.h"
#include "jose/verify.h"

namespace imp::ci {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

class IssuerTest : public CiStore {
 protected:
  explicit IssuerTest(Place place = Place::memory) : CiStore({identity_migrations()}, place) {}

  void SetUp() override { ASSERT_TRUE(keys_.ensure()); }

  /// As a relying party would: the published keys, the pinned issuer and audience.
  Result<jose::Claims> verified(const std::string& token, const std::string& issuer,
                                const std::string& audience) {
    const auto parsed = jose::parse_token(token);
    if (!parsed) return pass_on(parsed);
    const auto keys = jose::KeySet::parse(issuer_.jwks().value()->identity);
    if (!keys) return pass_on(keys);
    return jose::verify(*parsed, *keys,
                        {.algorithms = {jose::Algorithm::rs256},
                         .issuer = issuer,
                         .audiences = {audience},
                         .max_age = {},
                         .max_lifetime = {},
                         .require_token_id = true},
                        clock_.now());
  }
  std::vector<std::string> published() {
    std::vector<std::string> kids;
    for (const IssuerKey& key : keys_.published().value()) kids.push_back(key.kid);
    return kids;
  }

  /// The key of a token that is minted now, which must verify.
  std::string signing() {
    const auto token = issuer_.mint(job_, {});
    if (!token) return std::string(token.error().code());
    const auto claims = verified(*token, organization_issuer_, job_.organization_id);
    return claims ? claims->key_id : std::string(claims.error().code());
  }
  void tidy() { ASSERT_TRUE(keys_.tidy()); }
  /// Its private half, sealed; nothing when the key is gone.
  std::optional<db::Row> row_of(const std::string& kid) {
    return *database_->read([&](db::Session& session) -> Result<std::optional<db::Row>> {
      return session.row("SELECT sealed_private_key FROM ci_signing_keys WHERE kid = :p1", {kid});
    });
  }

  SigningKeys keys_{*database_, sealer_, clock_};
  Issuer issuer_{"https://ci.example:4873", *database_, keys_, clock_, metrics_};
  const JobIdentity job_ = pushed_job();
  const std::string organization_issuer_ =
      "https://ci.example:4873/oidc/org/" + job_.organization_id;
};

TEST_F(IssuerTest, EnvironmentTokensVerifyAndDifferInSubjectAndTokenId) {
  const JobTokens tokens = issuer_.mint_for_environment(job_).value();
  const auto v1 = verified(tokens.v1, organization_issuer_, job_.organization_id);
  const auto v2 = verified(tokens.v2, organization_issuer_, job_.organization_id);
  ASSERT_TRUE(v1) << v1.error().message;
  ASSERT_TRUE(v2) << v2.error().message;
  EXPECT_EQ(v1->subject, subject_of(job_, SubjectForm::v1));
  EXPECT_EQ(v2->subject, subject_of(job_, SubjectForm::v2));
  EXPECT_NE(v1->token_id, v2->token_id);  // else using one would burn the other
  EXPECT_EQ(v1->expires_at - v1->issued_at, token_lifetime);
  EXPECT_EQ(v1->key_id, published().front());
}

TEST_F(IssuerTest, CustomAudienceAndRootIssuer) {
  const std::string audience = "npm:registry.example";
  const std::string claims = R"({"aud":"npm:registry.example"})";
  const auto token = issuer_.mint(job_, {.claims = claims}).value();
  EXPECT_TRUE(verified(token, organization_issuer_, audience));
  const auto root = issuer_.mint(job_, {.claims = claims, .root_issuer = true}).value();
  EXPECT_TRUE(verified(root, "https://ci.example:4873/oidc", audience));
  // The two issuers share their keys, so only `iss` keeps them apart.
  EXPECT_FALSE(verified(root, organization_issuer_, audience));
  EXPECT_FALSE(verified(token, organization_issuer_, job_.organization_id));
}

TEST_F(IssuerTest, WithoutAudienceItIsTheOrganisation) {
  const auto token = issuer_.mint(job_, {}).value();
  EXPECT_TRUE(verified(token, organization_issuer_, job_.organization_id));
}

TEST_F(IssuerTest, EachCallMintsATokenOfItsOwn) {
  std::set<std::string> ids;
  for (int i = 0; i < 20; ++i) {
    const auto token = issuer_.mint(job_, {}).value();
    ids.insert(*verified(token, organization_issuer_, job_.organization_id)->token_id);
  }
  EXPECT_EQ(ids.size(), 20u);
}

TEST_F(IssuerTest, ForksWithoutPermissionGetNoTokenByEitherWay) {
  JobIdentity fork = forked_job();
  fork.project_passes_secrets_to_forks = false;
  EXPECT_EQ(issuer_.mint_for_environment(fork).error().code(), "fork_without_secrets");
  EXPECT_EQ(issuer_.mint(fork, {.claims = R"({"aud":"x"})", .root_issuer = true}).error().code(),
            "fork_without_secrets");
  EXPECT_EQ(audited("oidc.token.mint").size(), 2u);  // both refusals
  EXPECT_TRUE(issuer_.mint_for_environment(forked_job()));
}

TEST_F(IssuerTest, EveryTokenIsAudited) {
  ASSERT_TRUE(issuer_.mint_for_environment(job_));
  const auto token = issuer_.mint(job_, {.claims = R"({"aud":"npm:registry.example"})"}).value();
  const auto entries = audited("oidc.token.mint");
  ASSERT_EQ(entries.size(), 3u);
  const audit::Record& newest = entries.front().record;
  EXPECT_EQ(newest.subject, "job:" + job_.job_id);
  EXPECT_EQ(newest.actor, "user:" + job_.user_id);
  EXPECT_EQ(newest.outcome, "granted");
  EXPECT_EQ(newest.organization, job_.organization_id);
  EXPECT_EQ(newest.detail.at("audience").as_string(), "npm:registry.example");
  EXPECT_EQ(newest.detail.at("jti").as_string(),
            *verified(token, organization_issuer_, "npm:registry.example")->token_id);
  for (const auto& entry : entries) {  // what it says of a token is not enough to make one
    EXPECT_THAT(boost::json::serialize(entry.record.detail), Not(HasSubstr("eyJ")));
  }
}

TEST_F(IssuerTest, RefusalsAreAuditedAndCounted) {
  EXPECT_EQ(issuer_.mint(job_, {.claims = R"({"sub":"x"})"}).error().code(), "unknown_claim");
  const auto entries = audited("oidc.token.mint");
  ASSERT_EQ(entries.size(), 1u);
  EXPECT_EQ(entries[0].record.outcome, "unknown_claim");
  EXPECT_THAT(metrics_.exposition(),
              HasSubstr(R"(imprimatur_identity_tokens_total{outcome="unknown_claim"} 1)"));
}

TEST_F(IssuerTest, NoTokenWithoutAnAuditRecord) {
  database_->write([&](db::Session& session) -> Result<void> {
    session.run("DROP TABLE audit_records");
    return {};
  });
  EXPECT_FALSE(issuer_.mint(job_, {}));
  EXPECT_FALSE(issuer_.mint_for_environment(job_));
}

TEST_F(IssuerTest, ANewKeyIsPublishedForAWhileBeforeItSigns) {
  const std::string old_kid = signing();
  const auto before = issuer_.jwks().value();
  EXPECT_EQ(issuer_.jwks().value(), before);  // the same bytes while nothing changes

  const SigningKeys::Rotation rotation = keys_.rotate(alice_).value();
  EXPECT_EQ(rotation.signs_from, clock_.now() + key_lead);
  EXPECT_THAT(published(), ElementsAre(rotation.kid, old_kid));
  EXPECT_NE(issuer_.jwks().value(), before);
  EXPECT_EQ(signing(), old_kid);
  clock_.advance(key_lead - Milliseconds(1));
  tidy();  // must leave the private half that still signs
  EXPECT_EQ(signing(), old_kid);
  clock_.advance(Milliseconds(1));
  EXPECT_EQ(signing(), rotation.kid);
  tidy();
  EXPECT_EQ(signing(), rotation.kid);
}

TEST_F(IssuerTest, AReplacedKeyStaysPublishedUntilItsTokensHaveEnded) {
  const std::string old_kid = published().front();
  const std::string new_kid = keys_.rotate(alice_).value().kid;
  clock_.advance(key_lead - Milliseconds(1));
  const auto last_of_old = issuer_.mint(job_, {}).value();
  clock_.advance(Milliseconds(1));
  tidy();

  // The last moment of the old token is well inside the overlap.
  EXPECT_GT(key_overlap, token_lifetime);
  clock_.advance(token_lifetime - std::chrono::seconds(1));
  EXPECT_TRUE(verified(last_of_old, organization_issuer_, job_.organization_id));
  clock_.advance(key_overlap - token_lifetime + std::chrono::seconds(1));
  EXPECT_THAT(published(), ElementsAre(new_kid));  // whether anybody tidied or not
  EXPECT_EQ(verified(last_of_old, organization_issuer_, job_.organization_id).error().code(),
            "unknown_key");
  EXPECT_TRUE(row_of(old_kid));
  tidy();
  EXPECT_FALSE(row_of(old_kid));
}

TEST_F(IssuerTest, OneRotationAtATime) {
  const std::string second = keys_.rotate(alice_).value().kid;
  EXPECT_EQ(keys_.rotate(alice_).error().code(), "rotation_under_way");
  EXPECT_EQ(published().size(), 2u);
  clock_.advance(key_lead);
  const std::string third = keys_.rotate(alice_).value().kid;
  // All three may have signed tokens that are still valid.
  EXPECT_EQ(published().size(), 3u);
  EXPECT_EQ(published().front(), third);
  EXPECT_EQ(signing(), second);
}

TEST_F(IssuerTest, ThePrivateHalfIsErasedWhenTheNextKeySigns) {
  const std::string old_kid = published().front();
  const std::string new_kid = keys_.rotate(alice_).value().kid;
  tidy();
  EXPECT_FALSE(row_of(old_kid)->null(0));
  clock_.advance(key_lead);
  tidy();
  EXPECT_TRUE(row_of(old_kid)->null(0));
  EXPECT_FALSE(row_of(new_kid)->null(0));
  EXPECT_THAT(published(), ElementsAre(new_kid, old_kid));
  const auto entries = audited("oidc.key.rotate");
  ASSERT_EQ(entries.size(), 1u);
  EXPECT_EQ(entries[0].record.actor, "user:alice");
  EXPECT_EQ(entries[0].record.detail.at("replaces").as_string(), old_kid);
}

TEST_F(IssuerTest, TidyingWithoutAnythingToEraseWritesNothing) {
  db::test::MortalDatabase counting(*database_);
  SigningKeys keys(counting, sealer_, clock_);
  ASSERT_TRUE(keys.rotate(alice_));
  ASSERT_TRUE(keys.tidy());
  EXPECT_EQ(counting.writes(), 1);
  clock_.advance(key_lead);
  ASSERT_TRUE(keys.tidy());
  EXPECT_EQ(counting.writes(), 2);
  ASSERT_TRUE(keys.tidy());
  EXPECT_EQ(counting.writes(), 2);
}

TEST_F(IssuerTest, AWithdrawnKeyIsNoLongerPublishedAndSignsNothing) {
  const std::string leaked = signing();
  const auto token = issuer_.mint(job_, {}).value();
  const SigningKeys::Withdrawal done = keys_.withdraw(leaked, alice_).value();
  EXPECT_TRUE(done.signed_tokens);
  EXPECT_THAT(published(), ElementsAre(done.signs));
  EXPECT_EQ(signing(), done.signs);
  EXPECT_FALSE(row_of(leaked));
  EXPECT_EQ(verified(token, organization_issuer_, job_.organization_id).error().code(),
            "unknown_key");
  const auto entries = audited("oidc.key.withdraw");
  ASSERT_EQ(entries.size(), 1u);
  EXPECT_EQ(entries[0].record.subject, "key:" + leaked);
  EXPECT_EQ(entries[0].record.actor, "user:alice");
  EXPECT_EQ(entries[0].record.detail.at("signs").as_string(), done.signs);
}

TEST_F(IssuerTest, TheKeyThatWaitsSignsAtOnceWhenTheOneBeforeItIsWithdrawn) {
  const std::string leaked = signing();
  const std::string waiting = keys_.rotate(alice_).value().kid;
  EXPECT_EQ(keys_.withdraw(leaked, alice_).value().signs, waiting);
  EXPECT_EQ(signing(), waiting);
  EXPECT_THAT(published(), ElementsAre(waiting));
  EXPECT_TRUE(keys_.rotate(alice_));  // the rotation is over
}

TEST_F(IssuerTest, WithdrawingTheKeyThatWaitsEndsTheRotation) {
  const std::string old_kid = signing();
  const std::string waiting = keys_.rotate(alice_).value().kid;
  const SigningKeys::Withdrawal done = keys_.withdraw(waiting, alice_).value();
  EXPECT_FALSE(done.signed_tokens);
  EXPECT_EQ(done.signs, old_kid);
  clock_.advance(key_lead + key_overlap);  // nothing replaces it, so it does not run out
  EXPECT_THAT(published(), ElementsAre(old_kid));
  EXPECT_EQ(signing(), old_kid);
}

TEST_F(IssuerTest, AReplacedKeyDoesNotSignAgainWhenTheNewerOneIsWithdrawn) {
  const std::string first = signing();
  const std::string second = keys_.rotate(alice_).value().kid;
  clock_.advance(key_lead);  // nobody has tidied: the first still has its private half
  const std::string third = keys_.withdraw(second, alice_).value().signs;
  EXPECT_EQ(signing(), third);
  EXPECT_THAT(published(), ElementsAre(third, first));
  EXPECT_TRUE(row_of(first)->null(0));
  // A key that no longer signs goes by itself.
  EXPECT_EQ(keys_.withdraw(first, alice_).value().signs, third);
  EXPECT_THAT(published(), ElementsAre(third));
}

TEST_F(IssuerTest, OnlyAKeyThatIsThereCanBeWithdrawn) {
  const auto before = published();
  EXPECT_EQ(keys_.withdraw("absent", alice_).error().code(), "unknown_signing_key");
  EXPECT_EQ(published(), before);
  EXPECT_TRUE(audited("oidc.key.withdraw").empty());
}

TEST_F(IssuerTest, RotationAndWithdrawalByAnotherProcessAreSeenAtOnce) {
  ASSERT_TRUE(issuer_.mint(job_, {}));  // the old key is cached now
  SigningKeys other_process(*database_, sealer_, clock_);
  const std::string new_kid = other_process.rotate(alice_).value().kid;
  clock_.advance(key_lead);
  EXPECT_EQ(signing(), new_kid);
  const std::string next = other_process.withdraw(new_kid, alice_).value().signs;
  EXPECT_EQ(signing(), next);
}

TEST_F(IssuerTest, AKeyOfBeforeTheLeadSigns) {
  // As the first migration left it: signs_from is the column's default.
  database_->write([&](db::Session& session) -> Result<void> {
    session.run("UPDATE ci_signing_keys SET signs_from = 0");
    return {};
  });
  const std::string old_kid = signing();
  EXPECT_THAT(published(), ElementsAre(old_kid));
  const std::string new_kid = keys_.rotate(alice_).value().kid;
  EXPECT_EQ(signing(), old_kid);
  clock_.advance(key_lead);
  EXPECT_EQ(signing(), new_kid);
}

TEST_F(IssuerTest, EnsureKeepsTheKeyThatIsThere) {
  const auto before = published();
  ASSERT_TRUE(keys_.ensure());
  EXPECT_EQ(published(), before);
}

TEST_F(IssuerTest, WithoutAKeyThereIsNoToken) {
  database_->write([&](db::Session& session) -> Result<void> {
    session.run("DELETE FROM ci_signing_keys");
    return {};
  });
  EXPECT_EQ(issuer_.mint(job_, {}).error().code(), "no_signing_key");
  // As the refusal says; nobody has cached a key that the new one would have to wait for.
  EXPECT_EQ(keys_.rotate(alice_).value().signs_from, clock_.now());
  EXPECT_TRUE(issuer_.mint(job_, {}));
}

TEST_F(IssuerTest, KeySealedUnderAnotherMasterKeyDoesNotSign) {
  const crypto::Sealer other(Bytes(32, 9));
  SigningKeys keys(*database_, other, clock_);
  EXPECT_FALSE(keys.signer());
}

TEST_F(IssuerTest, DiscoveryPointsToTheKeysOfItsOwnIssuer) {
  const auto document =
      boost::json::parse(issuer_.discovery(organization_issuer_)->identity).as_object();
  EXPECT_EQ(document.at("issuer").as_string(), organization_issuer_);
  EXPECT_EQ(document.at("jwks_uri").as_string(),
            organization_issuer_ + "/.well-known/jwks-pub.json");
  EXPECT_EQ(boost::json::serialize(document.at("id_token_signing_alg_values_supported")),
            R"(["RS256"])");
  const auto root = boost::json::parse(issuer_.discovery(issuer_.root_url())->identity).as_object();
  EXPECT_EQ(root.at("issuer").as_string(), "https://ci.example:4873/oidc");
}

TEST_F(IssuerTest, KeySetHoldsPublicMembersOnly) {
  const auto document = boost::json::parse(issuer_.jwks().value()->identity).as_object();
  const auto& key = document.at("keys").as_array().at(0).as_object();
  EXPECT_EQ(key.at("kty").as_string(), "RSA");
  EXPECT_EQ(key.at("alg").as_string(), "RS256");
  EXPECT_EQ(key.at("kid").as_string(), published().front());
  EXPECT_EQ(from_base64url(std::string(key.at("n").as_string()))->size(), 256u);  // 2048 bits
  for (const char* secret : {"d", "p", "q", "dp", "dq", "qi"}) EXPECT_FALSE(key.contains(secret));
}

TEST_F(IssuerTest, MintingWhileKeysAreReplacedNeverFails) {
  std::vector<std::string> tokens;
  std::thread minter([&] {
    for (int i = 0; i < 30; ++i) tokens.push_back(issuer_.mint(job_, {}).value());
  });
  const std::string first = published().front();
  EXPECT_TRUE(keys_.rotate(alice_));
  EXPECT_TRUE(keys_.withdraw(first, alice_));  // the new one signs at once
  minter.join();
  for (const std::string& token : tokens) {
    const auto checked = verified(token, organization_issuer_, job_.organization_id);
    EXPECT_TRUE(checked || checked.error().code() == "unknown_key");
  }
}

class IssuerOnDiskTest : public IssuerTest {
 protected:
  IssuerOnDiskTest() : IssuerTest(Place::disk) {}
};

TEST_F(IssuerOnDiskTest, PrivateKeysAreNowhereInTheClear) {
  const std::string pem = keys_.signer()->key.to_pem();
  // A line from the middle: the key itself, not its armour.
  const std::string line = pem.substr(pem.size() / 2, 40);
  const std::string bytes = bytes_on_disk();
  EXPECT_THAT(bytes, HasSubstr(published().front()));  // it is the right file
  EXPECT_THAT(bytes, Not(HasSubstr("PRIVATE KEY")));
  EXPECT_THAT(bytes, Not(HasSubstr(line)));
}

}  // namespace
}  // namespace imp::ci
