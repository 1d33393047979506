#include "registry/provenance/bundle_judgement.h"

#include <gtest/gtest.h>

#include "../../sigstore/authority.h"
#include "registry/provenance/publish_attestation.h"
#include "registry/provenance/signer_agreement.h"

namespace imp::registry {
namespace {

using sigstore::test::Authority;
using sigstore::test::BundlePlan;
namespace json = boost::json;

const Authority& authority() {
  static const Authority one;
  return one;
}

BundleSubject subject() {
  return {PackageName::for_read("@acme/widget").value(), "1.0.0", std::string(128, 'a')};
}

/// The run behind the certificate of BundlePlan.
CiIdentity github() {
  return {.publisher = "p",
          .provider = "github",
          .claims = {},
          .run = {{"iss", "https://token.actions.githubusercontent.com"},
                  {"repository", "acme/widgets"},
                  {"sha", "c0ffee"},
                  {"workflow_ref", "acme/widgets/.github/workflows/release.yml@refs/heads/main"}}};
}

std::string code(const Result<BundleJudgement>& result) {
  return result ? "ok" : std::string(result.error().code());
}

TEST(BundleJudgement, WhatHoldsAgainstTheRootIsVerified) {
  const auto root = authority().root();
  const auto judged = judge_bundle(authority().bundle_text(), subject(), &root, github());
  ASSERT_TRUE(judged) << judged.error().message;
  EXPECT_TRUE(judged->verified);
  EXPECT_EQ(judged->reason, "");
  EXPECT_EQ(judged->predicate_type, "https://slsa.dev/provenance/v1");
  EXPECT_EQ(judged->signer.source_commit, "c0ffee");
}

TEST(BundleJudgement, WithoutARootNothingIsVerified) {
  const auto judged = judge_bundle(authority().bundle_text(), subject(), nullptr, std::nullopt);
  ASSERT_TRUE(judged) << judged.error().message;
  EXPECT_FALSE(judged->verified);
  EXPECT_TRUE(judged->reason.contains("provenance.trusted_root")) << judged->reason;
  EXPECT_EQ(judged->signer.source_repository, "https://github.com/acme/widgets");
}

TEST(BundleJudgement, ARootThatDoesNotKnowTheSignerRefuses) {
  const Authority other;
  const auto root = other.root();
  EXPECT_EQ(code(judge_bundle(authority().bundle_text(), subject(), &root, std::nullopt)),
            "bundle_not_verified");
}

TEST(BundleJudgement, WhatIsAboutSomethingElseIsRefusedWithAndWithoutARoot) {
  const auto root = authority().root();
  BundlePlan other_version, other_name, other_bytes;
  other_version.subject = "pkg:npm/%40acme/widget@1.0.1";
  other_name.subject = "pkg:npm/%40acme/gadget@1.0.0";
  other_bytes.sha512 = std::string(128, 'b');
  for (const BundlePlan& plan : {other_version, other_name, other_bytes}) {
    const std::string text = authority().bundle_text(plan);
    EXPECT_EQ(code(judge_bundle(text, subject(), &root, std::nullopt)), "provenance_mismatch");
    EXPECT_EQ(code(judge_bundle(text, subject(), nullptr, std::nullopt)), "provenance_mismatch");
  }
}

// Else a person's publish would show a run that the registry never saw.
TEST(BundleJudgement, WhatTheRegistryAttestsItselfIsRefusedWithAndWithoutARoot) {
  const auto root = authority().root();
  for (const std::string_view type : {kPublishPredicate, kTrustedPublishPredicate}) {
    BundlePlan plan;
    plan.predicate_type = type;
    const std::string text = authority().bundle_text(plan);
    EXPECT_EQ(code(judge_bundle(text, subject(), &root, std::nullopt)), "provenance_mismatch");
    EXPECT_EQ(code(judge_bundle(text, subject(), nullptr, std::nullopt)), "provenance_mismatch");
  }
}

TEST(BundleJudgement, WhatCannotBeReadIsRefusedWithoutARootToo) {
  json::object no_certificate = authority().bundle();
  no_certificate.at("verificationMaterial").as_object().erase("certificate");
  json::object bad_certificate = authority().bundle();
  bad_certificate.at("verificationMaterial").at("certificate").as_object()["rawBytes"] = "AAAA";
  BundlePlan other_payload;
  other_payload.payload_type = "text/plain";
  EXPECT_EQ(code(judge_bundle("{}", subject(), nullptr, std::nullopt)), "malformed_bundle");
  EXPECT_EQ(code(judge_bundle(json::serialize(no_certificate), subject(), nullptr, std::nullopt)),
            "malformed_bundle");
  EXPECT_EQ(code(judge_bundle(json::serialize(bad_certificate), subject(), nullptr, std::nullopt)),
            "provenance_mismatch");
  EXPECT_EQ(
      code(judge_bundle(authority().bundle_text(other_payload), subject(), nullptr, std::nullopt)),
      "provenance_mismatch");
}

// A genuine bundle of another run: somebody else's provenance for the same bytes.
TEST(BundleJudgement, AnotherIdentityThanTheUploadsIsRefusedWithAndWithoutARoot) {
  const auto root = authority().root();
  for (const char* claim : {"iss", "repository", "sha", "workflow_ref"}) {
    CiIdentity other = github();
    other.run[claim] = "another";
    EXPECT_EQ(code(judge_bundle(authority().bundle_text(), subject(), &root, other)),
              "provenance_mismatch")
        << claim;
    EXPECT_EQ(code(judge_bundle(authority().bundle_text(), subject(), nullptr, other)),
              "provenance_mismatch")
        << claim;
  }
  CiIdentity none = github();
  none.run.clear();
  EXPECT_EQ(code(judge_bundle(authority().bundle_text(), subject(), &root, none)),
            "provenance_mismatch");
}

TEST(BundleJudgement, ACertificateThatNamesNoRepositoryDoesNotAgree) {
  const auto root = authority().root();
  for (const int claim : {8, 12, 13, 18}) {
    BundlePlan plan;
    plan.certificate.claims.erase(claim);
    EXPECT_EQ(code(judge_bundle(authority().bundle_text(plan), subject(), &root, github())),
              "provenance_mismatch")
        << claim;
    EXPECT_EQ(code(judge_bundle(authority().bundle_text(plan), subject(), &root, std::nullopt)),
              "ok")
        << claim;
  }
}

// A certificate that nobody vouches for holds any bytes, and what it says is kept.
TEST(BundleJudgement, WhatACertificateSaysInNoTextIsNotSaid) {
  BundlePlan plan;
  plan.certificate.claims[21] = std::string("\xff\xfe", 2);
  plan.certificate.claims[12] = std::string("https://a\0b", 11);
  plan.certificate.claims[13] = "c0ffee\x1b[2J";
  plan.certificate.claims.erase(8);
  plan.certificate.claims[1] = "\xc3";
  const auto judged = judge_bundle(authority().bundle_text(plan), subject(), nullptr, std::nullopt);
  ASSERT_TRUE(judged) << judged.error().message;
  EXPECT_EQ(judged->signer.run, "");
  EXPECT_EQ(judged->signer.source_repository, "");
  EXPECT_EQ(judged->signer.source_commit, "");
  EXPECT_EQ(judged->signer.issuer, "");
  EXPECT_EQ(judged->signer.runner_environment, "github-hosted");
}

TEST(BundleJudgement, IsKeptWhole) {
  const auto root = authority().root();
  auto judged = judge_bundle(authority().bundle_text(), subject(), &root, std::nullopt).value();
  judged.not_checked = {"certificate transparency"};
  const BundleJudgement read = BundleJudgement::from_json(judged.to_json());
  EXPECT_EQ(read.to_json(), judged.to_json());
  EXPECT_TRUE(read.verified);
  // What cannot be read is not verified.
  EXPECT_FALSE(BundleJudgement::from_json({}).verified);
  EXPECT_FALSE(BundleJudgement::from_json({{"verified", "true"}}).verified);
}

TEST(SignerAgreement, OfGitLabProjectAndConfigurationCount) {
  const sigstore::SignerIdentity signer{
      .issuer = "https://gitlab.com",
      .subject = "",
      .source_repository = "https://gitlab.com/acme/tools/widgets",
      .source_commit = "c0ffee",
      .source_ref = "",
      .build_config = "https://gitlab.com/acme/tools/widgets//.gitlab-ci.yml@refs/heads/main",
      .runner_environment = "",
      .run = ""};
  const json::object run{
      {"iss", "https://gitlab.com"},
      {"project_path", "acme/tools/widgets"},
      {"sha", "c0ffee"},
      {"ci_config_ref_uri", "gitlab.com/acme/tools/widgets//.gitlab-ci.yml@refs/heads/main"}};
  EXPECT_EQ(signer_disagrees(signer, {"p", "gitlab", {}, run}), "");
  for (const auto& member : run) {
    json::object other = run;
    other[member.key()] = "another";
    EXPECT_NE(signer_disagrees(signer, {"p", "gitlab", {}, other}), "") << member.key();
  }
}

// Another project of the same organisation has the same issuer.
TEST(SignerAgreement, OfCircleCiTheRepositoryCounts) {
  sigstore::SignerIdentity signer;
  signer.issuer = "https://oidc.circleci.com/org/o-1";
  signer.source_repository = "https://github.com/acme/widgets";
  const json::object run{{"iss", "https://oidc.circleci.com/org/o-1"},
                         {"vcs-origin", "github.com/acme/widgets"}};
  EXPECT_EQ(signer_disagrees(signer, {"p", "circleci", {}, run}), "");
  for (const char* other : {"", "https://github.com/acme/gadgets", "github.com/acme/widgets",
                            "https://gitlab.com/acme/widgets"}) {
    signer.source_repository = other;
    EXPECT_TRUE(signer_disagrees(signer, {"p", "circleci", {}, run}).contains("repository"))
        << other;
  }
}

TEST(SignerAgreement, AnAddressWithoutHttpsNamesNothing) {
  sigstore::SignerIdentity signer;
  signer.issuer = "https://issuer.example";
  CiIdentity identity{"p", "github", {}, {{"iss", "https://issuer.example"}}};
  EXPECT_EQ(signer_disagrees(signer, identity), "");
  identity.run["repository"] = "acme/widgets";
  for (const char* address : {"", "acme/widgets", "http://github.com/acme/widgets",
                              "https://acme/widgets/x", "https://github.com/acme/widgets/"}) {
    signer.source_repository = address;
    EXPECT_NE(signer_disagrees(signer, identity), "") << address;
  }
}

}  // namespace
}  // namespace imp::registry
