#include "dsse/envelope.h"
#include "dsse/statement.h"
#include "registry/api/registry_fixture.h"
#include "registry/provenance/bundle_judgement.h"
#include "registry/provenance/publish_attestation.h"
#include "registry/trust/providers/github/github.h"
#include "sigstore/authority.h"

// A Sigstore bundle that npm sends along: from the publish to what is served.

namespace imp::registry::test {
namespace {

using sigstore::test::Authority;
using sigstore::test::BundlePlan;

const Authority& authority() {
  static const Authority one;
  return one;
}

class ProvenanceRoutes : public RegistryTest {
 protected:
  ProvenanceRoutes() {
    EXPECT_EQ(publish(alice.token, "@alice/lib", "1.0.0", otp(alice)).status, 201);
  }

  void believe(const Authority& whom) { services_->trusted_root = whom.root(); }
  /// A plan for the version that document() makes.
  static BundlePlan plan_for(const std::string& version) {
    const std::string manifest = json::serialize(
        json::object{{"name", "@alice/lib"}, {"version", version}, {"description", "d"}});
    BundlePlan plan;
    plan.subject = "pkg:npm/%40alice/lib@" + version;
    plan.sha512 = hex(crypto::sha512(bytes_of(package_tarball(manifest))));
    return plan;
  }
  static DocumentOptions attached(const std::string& version, const std::string& bundle) {
    DocumentOptions options;
    options.extra_attachments =
        ",\"@alice/lib-" + version +
        ".sigstore\":{\"content_type\":\"application/vnd.dev.sigstore.bundle.v0.3+json\","
        "\"data\":" +
        json::serialize(json::string(bundle)) + ",\"length\":" + std::to_string(bundle.size()) +
        "}";
    return options;
  }
  std::string outcome(const std::string& version, const BundlePlan& plan) {
    return publish(alice.token, "@alice/lib", version, otp(alice),
                   attached(version, authority().bundle_text(plan)))
        .outcome();
  }
  /// The attestation that is served with a provenance predicate; null when there is none.
  json::value served(const std::string& version) {
    const Answer answer = get("/-/npm/v1/attestations/@alice%2flib@" + version);
    if (answer.status != 200) return nullptr;
    for (const json::value& one : answer.document().at("attestations").as_array()) {
      if (one.at("predicateType") == "https://slsa.dev/provenance/v1") return one;
    }
    return nullptr;
  }
  /// A publish token of a run of the repository that the bundles' certificates name.
  std::string github_token(std::string_view claim = {}, std::string_view text = {}) {
    if (!trusted_) {
      trusted_ = true;
      const auto claims = trust::RequiredClaims::parse(
                              trust::github(), {{"repository", "acme/widgets"},
                                                {"workflow_ref", {{"file", "release.yml"}}}})
                              .value();
      EXPECT_TRUE(write([&](db::Session& session) -> Result<trust::TrustedPublisher> {
        return trust::add_publisher(session, find_package(session, "@alice/lib")->id,
                                    {claims, {true, true, false}, "github"}, "alice", clock_.now());
      }));
    }
    const std::int64_t now = to_milliseconds(clock_.now()) / 1000;
    json::object job = trust::test::github_job();
    job["iat"] = now;
    job["exp"] = now + 300;
    job["jti"] = "job-" + std::to_string(++jobs_);
    job["sha"] = "c0ffee";
    if (!claim.empty()) job = trust::test::changed(job, claim, text);
    const Answer minted = exchange(trust::test::signed_token(job), "@alice/lib");
    EXPECT_EQ(minted.status, 201) << minted.body;
    return minted.text("token");
  }

  User alice = add_user("alice", true);

 private:
  bool trusted_ = false;
  int jobs_ = 0;
};

TEST_F(ProvenanceRoutes, AVerifiedBundleIsServedAsVerified) {
  believe(authority());
  ASSERT_EQ(outcome("1.1.0", plan_for("1.1.0")), "201 ok");
  const json::value one = served("1.1.0");
  ASSERT_TRUE(one.is_object());
  EXPECT_EQ(one.at("verified"), json::value(true));
  EXPECT_EQ(one.at("bundle").at("mediaType"), "application/vnd.dev.sigstore.bundle.v0.3+json");
  EXPECT_EQ(audit_detail("package.publish").at("provenance").at("verified"), json::value(true));
  EXPECT_EQ(audit_detail("package.publish").at("provenance").at("sourceCommit"), "c0ffee");
}

TEST_F(ProvenanceRoutes, WithoutARootItIsKeptAndServedAsNotVerified) {
  ASSERT_EQ(outcome("1.1.0", plan_for("1.1.0")), "201 ok");
  EXPECT_EQ(served("1.1.0").at("verified"), json::value(false));
  // Believing somebody later makes nothing of what was published before.
  believe(authority());
  EXPECT_EQ(served("1.1.0").at("verified"), json::value(false));
}

TEST_F(ProvenanceRoutes, ATamperedBundleIsRefusedWithTheCheckThatFailed) {
  believe(authority());
  const auto refused = [&](const std::function<void(json::value&)>& change) {
    json::value bundle = authority().bundle(plan_for("1.1.0"));
    change(bundle);
    return publish(alice.token, "@alice/lib", "1.1.0", otp(alice),
                   attached("1.1.0", json::serialize(bundle)));
  };
  Answer answer = refused([](json::value& it) {
    it.at_pointer("/dsseEnvelope/signatures/0/sig") = base64(Bytes(70, 1));
  });
  EXPECT_EQ(answer.outcome(), "422 bundle_not_verified");
  EXPECT_TRUE(answer.text("error").contains("about another signature")) << answer.body;
  answer = refused([](json::value& it) {
    it.at_pointer("/verificationMaterial/tlogEntries/0/integratedTime") = "1790000001";
  });
  EXPECT_EQ(answer.outcome(), "422 bundle_not_verified");
  EXPECT_TRUE(answer.text("error").contains("signed entry timestamp")) << answer.body;
  answer = refused(
      [](json::value& it) { it.at("verificationMaterial").as_object().erase("certificate"); });
  EXPECT_EQ(answer.outcome(), "422 malformed_bundle");
  EXPECT_EQ(count("SELECT COUNT(*) FROM package_version WHERE version = '1.1.0'"), 0);
  EXPECT_EQ(count("SELECT COUNT(*) FROM version_bundle"), 0);
}

TEST_F(ProvenanceRoutes, ABundleOfAnotherSigstoreIsRefused) {
  const Authority stranger;
  believe(stranger);
  EXPECT_EQ(outcome("1.1.0", plan_for("1.1.0")), "422 bundle_not_verified");
}

TEST_F(ProvenanceRoutes, AnotherTarballsBundleIsRefused) {
  EXPECT_EQ(outcome("1.1.0", plan_for("1.2.0")), "422 provenance_mismatch");
  BundlePlan plan = plan_for("1.1.0");
  plan.sha512 = std::string(128, '0');
  EXPECT_EQ(outcome("1.1.0", plan), "422 provenance_mismatch");
}

// What cannot be stored as it is would keep the refusal out of "Publish attempts", and whoever has
// stolen a token could probe unseen.
TEST_F(ProvenanceRoutes, ARefusalThatQuotesAnythingIsRecordedAndIsJson) {
  for (const auto& [subject, outcome] :
       {std::pair(std::string(299, 'a') + "é", "422 provenance_mismatch"),
        std::pair(std::string("pkg\0x", 5), "400 malformed_statement"),
        std::pair(std::string("\x1b[2J"), "422 provenance_mismatch"),
        std::pair(std::string("plain"), "422 provenance_mismatch")}) {
    const auto before = count("SELECT COUNT(*) FROM publish_attempt");
    BundlePlan plan = plan_for("1.1.0");
    plan.subject = subject;
    const Answer answer = publish(alice.token, "@alice/lib", "1.1.0", otp(alice),
                                  attached("1.1.0", authority().bundle_text(plan)));
    EXPECT_EQ(answer.outcome(), outcome) << subject;
    EXPECT_TRUE(is_utf8(answer.body)) << subject;
    EXPECT_EQ(count("SELECT COUNT(*) FROM publish_attempt"), before + 1) << subject;
    EXPECT_EQ(
        count("SELECT COUNT(*) FROM publish_attempt WHERE id = :p1", {answer.text("attempt")}), 1)
        << subject;
  }
}

TEST_F(ProvenanceRoutes, ACertificateWithBytesThatAreNoTextIsKept) {
  BundlePlan plan = plan_for("1.1.0");
  plan.certificate.claims[21] = "\xff\xfe";
  EXPECT_EQ(outcome("1.1.0", plan), "201 ok");
}

// The review of the next release shows the run behind this one as what the registry attested.
TEST_F(ProvenanceRoutes, ARunThatAClientClaimsIsNotAttested) {
  ASSERT_EQ(outcome("1.1.0", plan_for("1.1.0")), "201 ok");
  const dsse::Envelope forged{std::string(dsse::kInTotoPayload),
                              dsse::statement_text({"pkg:npm/%40alice/lib@1.1.0",
                                                    plan_for("1.1.0").sha512,
                                                    std::string(kTrustedPublishPredicate),
                                                    {{"run", {{"sha", "forged"}}}}}),
                              "", Bytes{1, 2, 3}};
  json::object bundle = authority().bundle(plan_for("1.1.0"));
  bundle["dsseEnvelope"] = dsse::to_json(forged);
  BundleJudgement judgement;
  judgement.predicate_type = kTrustedPublishPredicate;
  // As it was kept when nobody looked at the type.
  ASSERT_TRUE(write([&](db::Session& session) -> Result<int> {
    session.run("UPDATE package_version SET provenance = :p1 WHERE version = '1.1.0'",
                {json::serialize(bundle)});
    session.run("UPDATE version_bundle SET judgement = :p1",
                {json::serialize(judgement.to_json())});
    return 0;
  }));
  const auto identity = write([](db::Session& session) -> Result<CiIdentity> {
    return attested_identity(session, find_package(session, "@alice/lib")->id, "1.1.0");
  });
  EXPECT_EQ(identity->run, json::object());
}

TEST_F(ProvenanceRoutes, ARunPublishesWithItsOwnProvenanceAlone) {
  believe(authority());
  const DocumentOptions own = attached("1.1.0", authority().bundle_text(plan_for("1.1.0")));
  const std::string other_commit = github_token("sha", "\"0ther\"");
  const Answer refused = publish(other_commit, "@alice/lib", "1.1.0", {}, own);
  EXPECT_EQ(refused.outcome(), "422 provenance_mismatch");
  EXPECT_TRUE(refused.text("error").contains("commit")) << refused.body;
  EXPECT_EQ(stage(other_commit, "@alice/lib", "1.1.0", own).outcome(), "422 provenance_mismatch");
  EXPECT_EQ(publish(github_token(), "@alice/lib", "1.1.0", {}, own).outcome(), "201 ok");
  EXPECT_EQ(served("1.1.0").at("verified"), json::value(true));
  // … beside what the registry itself attests.
  const Answer all = get("/-/npm/v1/attestations/@alice/lib@1.1.0");
  EXPECT_EQ(all.document().at("attestations").as_array().size(), 3u);
}

TEST_F(ProvenanceRoutes, AStagedReleaseIsJudgedAgainWhenItIsApproved) {
  const DocumentOptions own = attached("1.1.0", authority().bundle_text(plan_for("1.1.0")));
  const std::string id = stage(github_token(), "@alice/lib", "1.1.0", own).text("stageId");
  ASSERT_FALSE(id.empty());
  const auto approve = [&] {
    return ask({.method = Method::post,
                .target = "/-/stage/" + id + "/approve",
                .token = alice.token,
                .otp = otp(alice)})
        .outcome();
  };
  const Authority stranger;
  believe(stranger);
  EXPECT_EQ(approve(), "422 bundle_not_verified");
  believe(authority());
  EXPECT_EQ(approve(), "201 ok");
  EXPECT_EQ(served("1.1.0").at("verified"), json::value(true));
}

// What was published before bundles were judged.
TEST_F(ProvenanceRoutes, ABundleWithoutAJudgementIsServedAsNotVerified) {
  believe(authority());
  ASSERT_EQ(outcome("1.1.0", plan_for("1.1.0")), "201 ok");
  ASSERT_TRUE(write([](db::Session& session) -> Result<int> {
    session.run("DELETE FROM version_bundle");
    return 0;
  }));
  EXPECT_EQ(served("1.1.0").at("verified"), json::value(false));
  ASSERT_TRUE(write([](db::Session& session) -> Result<int> {
    session.run("UPDATE package_version SET provenance = '{\"dsseEnvelope\":{}}'");
    return 0;
  }));
  EXPECT_TRUE(served("1.1.0").is_null());
}

}  // namespace
}  // namespace imp::registry::test
