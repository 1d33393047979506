#include <boost/json.hpp>

#include "base/encoding.h"
#include "registry/provenance/attestations.h"
#include "registry/provenance/bundle_judgement.h"
#include "registry/provenance/publish_attestation.h"
#include "web/fixture.h"

namespace imp::web {
namespace {

class PackagePageTest : public WebTest {
 protected:
  PackagePageTest() { publish("@alice/lib", "1.0.0", alice); }
  void judge(const registry::BundleJudgement& judgement) {
    write([&](db::Session& session, const std::string& package) {
      registry::keep_judgement(session, package, "1.0.0", judgement);
    });
  }
  void write(const std::function<void(db::Session&, const std::string& package)>& body) {
    EXPECT_TRUE(registry_->services().database.write([&](db::Session& session) -> Result<void> {
      body(session, registry::find_package(session, "@alice/lib")->id);
      return {};
    }));
  }
  Answer page() {
    Browser visitor{*this};
    return visitor.get("/package/@alice/lib");
  }

  accounts::Person alice = person("alice");
};

registry::BundleJudgement verified() {
  registry::BundleJudgement out;
  out.verified = true;
  out.signer.source_repository = "https://git.example/acme/widgets";
  out.signer.source_commit = "c0ffee";
  out.signer.run = "https://git.example/runs/7";
  out.not_checked = {"certificate transparency"};
  return out;
}

TEST_F(PackagePageTest, AVersionWithoutProvenanceSaysNothingOfIt) {
  const Answer answer = page();
  EXPECT_FALSE(answer.has("provenance"));
  EXPECT_FALSE(answer.has("/-/npm/v1/attestations/"));
}

TEST_F(PackagePageTest, VerifiedProvenanceShowsWhereItComesFromAndWhatWasNotChecked) {
  judge(verified());
  const Answer answer = page();
  EXPECT_TRUE(answer.has("provenance verified"));
  EXPECT_TRUE(answer.has("https://git.example/acme/widgets"));
  EXPECT_TRUE(answer.has("at c0ffee"));
  EXPECT_TRUE(answer.has("href=\"https://git.example/runs/7\""));
  EXPECT_TRUE(answer.has("not checked: certificate transparency"));
  EXPECT_TRUE(answer.has("/-/npm/v1/attestations/@alice%2flib@1.0.0"));
}

// A certificate that nobody vouches for can say anything.
TEST_F(PackagePageTest, ProvenanceThatIsNotVerifiedShowsNothingThatItSays) {
  registry::BundleJudgement judgement = verified();
  judgement.verified = false;
  judgement.reason = "no trusted root is configured";
  judge(judgement);
  const Answer answer = page();
  EXPECT_TRUE(answer.has("provenance not verified"));
  EXPECT_TRUE(answer.has("no trusted root is configured"));
  EXPECT_FALSE(answer.has("provenance verified"));
  EXPECT_FALSE(answer.has("git.example"));
  EXPECT_FALSE(answer.has("c0ffee"));
}

TEST_F(PackagePageTest, AnAttestedVersionLinksToItsAttestations) {
  write([](db::Session& session, const std::string& package) {
    registry::add_attestation(session, package, "1.0.0", {"p", "{}"});
  });
  EXPECT_TRUE(page().has("/-/npm/v1/attestations/@alice%2flib@1.0.0"));
}

TEST_F(PackagePageTest, SaysWhoseMachineAVersionWasBuiltOn) {
  const std::string statement =
      R"({"_type":"https://in-toto.io/Statement/v1","subject":[{"name":"pkg:npm/%40alice/lib@1.0.0",)"
      R"("digest":{"sha512":")" +
      std::string(128, 'a') + R"("}}],"predicateType":")" +
      std::string(registry::kTrustedPublishPredicate) +
      R"(","predicate":{"provider":"github","run":{"runner_environment":"self-hosted"}}})";
  const std::string bundle =
      R"({"dsseEnvelope":{"payloadType":"application/vnd.in-toto+json","payload":")" +
      base64(bytes_of(statement)) + R"(","signatures":[{"keyid":"k","sig":"c2ln"}]}})";
  EXPECT_FALSE(page().has("self-hosted"));
  write([&](db::Session& session, const std::string& package) {
    registry::add_attestation(session, package, "1.0.0",
                              {std::string(registry::kTrustedPublishPredicate), bundle});
  });
  EXPECT_TRUE(page().has("self-hosted"));
}

TEST_F(PackagePageTest, WhatACertificateSaysIsNoMarkupAndNoScript) {
  registry::BundleJudgement judgement = verified();
  judgement.signer.source_repository = "javascript:alert(1)";
  judgement.signer.run = "https://x/\"><script>x</script>";
  judgement.signer.source_commit = "<script>x</script>";
  judgement.not_checked = {"<img src=q>"};
  judge(judgement);
  const Answer answer = page();
  EXPECT_TRUE(answer.has("provenance verified"));
  EXPECT_FALSE(answer.has("javascript:"));
  EXPECT_FALSE(answer.has("<script>x"));
  EXPECT_FALSE(answer.has("<img src=q>"));
}

}  // namespace
}  // namespace imp::web
