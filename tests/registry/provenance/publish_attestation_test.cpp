#include "registry/provenance/publish_attestation.h"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>

#include "dsse/envelope.h"
#include "dsse/statement.h"

namespace imp::registry {
namespace {

namespace json = boost::json;

TrustedPublish example() {
  return {.name = PackageName::for_read("@acme/widget").value(),
          .version = "1.0.0",
          .sha512 = std::string(128, 'a'),
          .registry = "https://npm.example.org",
          .at = Time(std::chrono::seconds(1'800'000'000)),
          .identity = {.publisher = "p-1",
                       .provider = "github",
                       .claims = {{"repository", "acme/widget"}},
                       .run = {{"iss", "https://issuer.example"},
                               {"jti", "t-1"},
                               {"sha", "c0ffee"},
                               {"actor", "alice"},
                               {"user_login", "alice"},
                               {"run_id", "7"}}},
          .stage_id = {},
          .approvers = {},
          .record = 12,
          .record_leaf = {}};
}

const RegistryKey& test_key() {
  static const RegistryKey key(crypto::PrivateKey::generate(crypto::KeyKind::p256));
  return key;
}

dsse::Envelope envelope_of(const Attestation& attestation) {
  const json::value bundle = json::parse(attestation.bundle);
  return dsse::parse_envelope(bundle.at("dsseEnvelope")).value();
}

TEST(PublishAttestation, BothAreSignedByTheKeyOfDistSignatures) {
  const auto both = publish_attestations(example(), test_key());
  ASSERT_EQ(both.size(), 2u);
  EXPECT_EQ(both[0].predicate_type, kPublishPredicate);
  EXPECT_EQ(both[1].predicate_type, kTrustedPublishPredicate);
  for (const Attestation& one : both) {
    const dsse::Envelope envelope = envelope_of(one);
    EXPECT_EQ(envelope.keyid, test_key().keyid());
    EXPECT_EQ(envelope.payload_type, "application/vnd.in-toto+json");
    EXPECT_TRUE(test_key().private_key().public_key().verify_der(
        bytes_of(dsse::signed_text(envelope)), envelope.signature));
    const auto statement = dsse::parse_statement(envelope.payload).value();
    EXPECT_EQ(statement.subject, "pkg:npm/%40acme/widget@1.0.0");
    EXPECT_EQ(statement.sha512, std::string(128, 'a'));
    EXPECT_EQ(statement.predicate_type, one.predicate_type);
    const json::value bundle = json::parse(one.bundle);
    EXPECT_EQ(bundle.at("mediaType"), "application/vnd.dev.sigstore.bundle.v0.3+json");
    EXPECT_EQ(bundle.at("verificationMaterial").at("publicKey").at("hint"),
              json::value(test_key().keyid()));
  }
}

TEST(PublishAttestation, StatementsAreTheSameBytesEachTime) {
  TrustedPublish again = example();
  // The same run, put together in another order.
  again.identity.run = {{"sha", "c0ffee"}, {"run_id", "7"}, {"iss", "https://issuer.example"}};
  EXPECT_EQ(envelope_of(publish_attestations(example(), test_key())[1]).payload,
            envelope_of(publish_attestations(again, test_key())[1]).payload);
}

TEST(PublishAttestation, TellsHowItWasPublished) {
  TrustedPublish publish = example();
  EXPECT_EQ(trusted_publish_predicate(publish),
            json::parse(R"({"registry": "https://npm.example.org", "route": "direct",
    "publishedAt": "2027-01-15T08:00:00.000Z", "provider": "github", "publisher": "p-1",
    "issuer": "https://issuer.example", "commit": "c0ffee",
    "claims": {"repository": "acme/widget"}, "approvers": [],
    "run": {"iss": "https://issuer.example", "sha": "c0ffee", "run_id": "7"},
    "auditRecord": {"sequence": 12, "leafHash": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="}})")
                .as_object());
  publish.stage_id = "s-1";
  publish.approvers = {"bob", "carol"};
  const json::object staged = trusted_publish_predicate(publish);
  EXPECT_EQ(staged.at("route"), "staged");
  EXPECT_EQ(staged.at("stage"), "s-1");
  EXPECT_EQ(staged.at("approvers"), (json::array{"bob", "carol"}));
}

TEST(PublishAttestation, NpmsPredicateIsNpms) {
  const auto both = publish_attestations(example(), test_key());
  EXPECT_EQ(dsse::parse_statement(envelope_of(both[0]).payload).value().predicate,
            (json::object{{"name", "@acme/widget"},
                          {"version", "1.0.0"},
                          {"registry", "https://npm.example.org"}}));
}

// A public package's attestations are for everybody: who started the run is in the audit log.
TEST(PublishAttestation, NamesNoPersonOfTheRun) {
  const auto both = publish_attestations(example(), test_key());
  for (const Attestation& one : both) {
    const std::string payload = envelope_of(one).payload;
    EXPECT_FALSE(payload.contains("alice")) << payload;
    EXPECT_FALSE(payload.contains("t-1")) << payload;
  }
}

}  // namespace
}  // namespace imp::registry
