#include <map>

#include "audit/log.h"
#include "registry/packages/version_store.h"

#include "audit/transparency_log.h"
#include "dsse/envelope.h"
#include "dsse/statement.h"
#include "registry/api/registry_fixture.h"
#include "registry/provenance/publish_attestation.h"

namespace imp::registry::test {
namespace {

class AttestationRoutes : public RegistryTest {
 protected:
  AttestationRoutes() {
    EXPECT_EQ(publish(alice.token, "@alice/lib", "1.0.0", otp(alice)).status, 201);
    publisher = trust_job("@alice/lib", {true, true, false});
  }

  Answer attestations(std::string_view release, std::string token = {}) {
    return get("/-/npm/v1/attestations/" + std::string(release), std::move(token));
  }
  /// What the registry attests of a version, by predicate type; each must be signed by its key.
  std::map<std::string, dsse::Statement> attested(std::string_view release) {
    std::map<std::string, dsse::Statement> out;
    const Answer answer = attestations(release);
    EXPECT_EQ(answer.status, 200) << answer.body;
    if (answer.status != 200) return out;
    for (const json::value& one : answer.document().at("attestations").as_array()) {
      const auto envelope = dsse::parse_envelope(one.at("bundle").at("dsseEnvelope")).value();
      EXPECT_TRUE(key_.private_key().public_key().verify_der(bytes_of(dsse::signed_text(envelope)),
                                                             envelope.signature));
      auto statement = dsse::parse_statement(envelope.payload).value();
      EXPECT_EQ(one.at("predicateType"), json::value(statement.predicate_type));
      out.emplace(statement.predicate_type, std::move(statement));
    }
    return out;
  }
  json::object predicate(std::string_view release) {
    return attested(release).at(std::string(kTrustedPublishPredicate)).predicate;
  }
  std::string approve(const std::string& id) {
    return ask({.method = Method::post,
                .target = "/-/stage/" + id + "/approve",
                .token = alice.token,
                .otp = otp(alice)})
        .outcome();
  }

  User alice = add_user("alice", true);
  std::string publisher;
};

TEST_F(AttestationRoutes, ATrustedPublishIsAttested) {
  ASSERT_EQ(publish(publish_token("@alice/lib"), "@alice/lib", "1.1.0").status, 201);
  const auto all = attested("@alice%2flib@1.1.0");
  ASSERT_EQ(all.size(), 2u);
  const json::value dist = get("/@alice%2flib").document().at("versions").at("1.1.0").at("dist");
  for (const auto& [type, statement] : all) {
    EXPECT_EQ(statement.subject, "pkg:npm/%40alice/lib@1.1.0");
    const Bytes digest = from_hex(statement.sha512).value();
    EXPECT_EQ(json::value("sha512-" + base64(digest)), dist.at("integrity"));
  }
  const json::object told = predicate("@alice/lib@1.1.0");
  EXPECT_EQ(told.at("route"), "direct");
  EXPECT_EQ(told.at("provider"), "circleci");
  EXPECT_EQ(told.at("publisher"), json::value(publisher));
  EXPECT_EQ(told.at("registry"), json::value(kPublicUrl));
  EXPECT_EQ(told.at("issuer"), json::value(trust::test::organization_issuer()));
  EXPECT_EQ(told.at("claims"), json::value(trust::test::publisher_claims()));
  EXPECT_EQ(told.at("run").at("project-id"), json::value(trust::test::kProject));
  EXPECT_EQ(told.at("approvers"), json::array());
}

// npm's verifier asks every attestation that a packument names for an entry of the public log.
TEST_F(AttestationRoutes, ThePackumentNamesNone) {
  ASSERT_EQ(publish(publish_token("@alice/lib"), "@alice/lib", "1.1.0").status, 201);
  const json::value dist = get("/@alice%2flib").document().at("versions").at("1.1.0").at("dist");
  EXPECT_FALSE(dist.as_object().contains("attestations"));
}

TEST_F(AttestationRoutes, AnApprovedReleaseIsAttestedWithItsApproversWhateverBecameOfThePublisher) {
  const std::string id = stage(publish_token("@alice/lib"), "@alice/lib", "1.1.0").text("stageId");
  EXPECT_EQ(attestations("@alice/lib@1.1.0").outcome(), "404 version_not_found");
  distrust("@alice/lib", publisher);
  ASSERT_EQ(approve(id), "201 ok");
  const json::object told = predicate("@alice/lib@1.1.0");
  EXPECT_EQ(told.at("route"), "staged");
  EXPECT_EQ(told.at("stage"), json::value(id));
  EXPECT_EQ(told.at("approvers"), (json::array{"alice"}));
  EXPECT_EQ(told.at("publisher"), json::value(publisher));
  EXPECT_EQ(told.at("claims"), json::value(trust::test::publisher_claims()));
  EXPECT_EQ(count("SELECT COUNT(*) FROM staged_identity"), 0);
}

TEST_F(AttestationRoutes, NothingIsKeptOfAReleaseThatWasRejected) {
  const std::string id = stage(publish_token("@alice/lib"), "@alice/lib", "1.1.0").text("stageId");
  EXPECT_EQ(count("SELECT COUNT(*) FROM staged_identity"), 1);
  EXPECT_EQ(ask({.method = Method::del,
                 .target = "/-/stage/" + id,
                 .token = alice.token,
                 .otp = otp(alice)})
                .status,
            204);
  EXPECT_EQ(count("SELECT COUNT(*) FROM staged_identity"), 0);
  EXPECT_EQ(count("SELECT COUNT(*) FROM version_attestation"), 0);
}

TEST_F(AttestationRoutes, WhatAPersonPublishedIsNotAttested) {
  EXPECT_EQ(attestations("@alice/lib@1.0.0").outcome(), "404 version_not_found");
  const std::string id = stage(alice.token, "@alice/lib", "1.1.0").text("stageId");
  ASSERT_EQ(approve(id), "201 ok");
  EXPECT_EQ(attestations("@alice/lib@1.1.0").outcome(), "404 version_not_found");
}

TEST_F(AttestationRoutes, ARepeatedPublishIsAttestedOnce) {
  const std::string token = publish_token("@alice/lib");
  ASSERT_EQ(publish(token, "@alice/lib", "1.1.0").status, 201);
  publish(token, "@alice/lib", "1.1.0");
  EXPECT_EQ(attested("@alice/lib@1.1.0").size(), 2u);
}

TEST_F(AttestationRoutes, TheAuditRecordIsCommittedToAndNotShown) {
  audit::TransparencyLog tree(*database_, sealer_, clock_);
  ASSERT_TRUE(tree.keys().ensure("registry.example/-/audit"));
  ASSERT_EQ(publish(publish_token("@alice/lib"), "@alice/lib", "1.1.0").status, 201);
  ASSERT_TRUE(tree.seal_all());
  const json::object told = predicate("@alice/lib@1.1.0");
  const json::value& record = told.at("auditRecord");
  const auto inclusion = tree.inclusion(record.at("sequence").as_int64()).value();
  EXPECT_EQ(json::value(tlog::hash_text(inclusion.leaf)), record.at("leafHash"));
  const auto page = audit::list(*database_, {.action_prefix = "package.publish", .limit = 1});
  EXPECT_EQ(page->entries.front().sequence, record.at("sequence").as_int64());
  EXPECT_FALSE(json::serialize(told).contains("192.0.2.1"));
}

TEST_F(AttestationRoutes, AnUnpublishedVersionHasNoneAnyMore) {
  ASSERT_EQ(publish(publish_token("@alice/lib"), "@alice/lib", "1.1.0").status, 201);
  ASSERT_EQ(attestations("@alice/lib@1.1.0").status, 200);
  ASSERT_EQ(write([&](db::Session& session) -> Result<int> {
              burn_version(session, find_package(session, "@alice/lib")->id, "1.1.0");
              return 0;
            }),
            0);
  EXPECT_EQ(attestations("@alice/lib@1.1.0").outcome(), "404 version_not_found");
}

TEST_F(AttestationRoutes, AreForThoseWhoMayReadThePackage) {
  DocumentOptions restricted;
  restricted.access = "\"restricted\"";
  ASSERT_EQ(publish(alice.token, "@alice/secret", "1.0.0", otp(alice), restricted).status, 201);
  trust_job("@alice/secret", {true, false, false});
  ASSERT_EQ(publish(publish_token("@alice/secret"), "@alice/secret", "1.1.0").status, 201);
  const User mallory = add_user("mallory");
  EXPECT_EQ(attestations("@alice/secret@1.1.0").outcome(), "404 package_not_found");
  EXPECT_EQ(attestations("@alice/secret@1.1.0", mallory.token).outcome(), "404 package_not_found");
  EXPECT_EQ(attestations("@alice/secret@1.1.0", alice.token).outcome(), "200 ok");
  EXPECT_EQ(attestations("@alice/secret@1.1.0", publish_token("@alice/lib")).outcome(),
            "403 other_package");
  EXPECT_EQ(attestations("@alice/secret@1.1.0", "imp_nonsense").status, 401);
}

TEST_F(AttestationRoutes, AnAddressThatNamesNoVersionIsNotFound) {
  for (const char* release :
       {"@alice%2flib", "@alice/lib", "lib", "@", "@alice/lib@", "@alice/lib@9.9.9"}) {
    EXPECT_EQ(attestations(release).status, 404) << release;
  }
}

}  // namespace
}  // namespace imp::registry::test
