#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <fstream>
#include <iterator>

#include "sigstore/log_entry.h"
#include "sigstore/verify_bundle.h"

// What npm and the public Sigstore made: the authority of the other tests is written with the code
// that is tested, and both could be wrong in the same way.

namespace imp::sigstore {
namespace {

namespace json = boost::json;

std::string data(const std::string& name) {
  std::ifstream file(std::string(IMPRIMATUR_TEST_DATA) + "/" + name, std::ios::binary);
  EXPECT_TRUE(file.is_open()) << name;
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

const TrustedRoot& root() {
  static const TrustedRoot one = parse_trusted_root(data("trusted_root.json")).value();
  return one;
}

Result<VerifiedBundle> verified(const json::value& bundle) {
  const auto parsed = parse_bundle(json::serialize(bundle));
  if (!parsed) return pass_on(parsed);
  return verify_bundle(*parsed, root());
}

TEST(RealBundle, OfNpmHoldsAgainstThePublicRoot) {
  const auto result = verified(json::parse(data("npm_bundle.json")));
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(result->statement.subject, "pkg:npm/sigstore@1.3.0");
  EXPECT_EQ(result->statement.predicate_type, "https://slsa.dev/provenance/v0.2");
  EXPECT_EQ(result->signed_at, Time(std::chrono::seconds(1'681'839'912)));
  EXPECT_TRUE(result->not_checked.empty());
  EXPECT_EQ(result->identity.issuer, "https://token.actions.githubusercontent.com");
  EXPECT_EQ(result->identity.source_repository, "https://github.com/sigstore/sigstore-js");
}

TEST(RealBundle, DoesNotHoldWhenItIsChanged) {
  const json::value good = json::parse(data("npm_bundle.json"));
  for (const char* pointer :
       {"/verificationMaterial/tlogEntries/0/inclusionPromise/signedEntryTimestamp",
        "/verificationMaterial/tlogEntries/0/canonicalizedBody",
        "/verificationMaterial/x509CertificateChain/certificates/0/rawBytes",
        "/dsseEnvelope/payload", "/dsseEnvelope/signatures/0/sig"}) {
    json::value other = good;
    std::string text(other.at_pointer(pointer).as_string());
    text[text.size() / 2] = text[text.size() / 2] == 'A' ? 'B' : 'A';
    other.at_pointer(pointer) = text;
    EXPECT_FALSE(verified(other)) << pointer;
  }
}

// npm's is from before logs gave proofs along; this one has proof and checkpoint. Its subject is no
// package, and has no SHA-512.
TEST(RealBundle, ALogsProofAndCheckpointHold) {
  const json::value good = json::parse(data("dsse_bundle.json"));
  const auto held = [](const json::value& bundle) -> Result<void> {
    const auto parsed = parse_bundle(json::serialize(bundle));
    if (!parsed) return pass_on(parsed);
    const LogEntry& entry = parsed->entries.front();
    if (auto logged = check_log_entry(entry, root().logs); !logged) return logged;
    return check_entry_body(entry, *parsed);
  };
  const auto result = held(good);
  EXPECT_TRUE(result) << result.error().message;
  EXPECT_TRUE(verified(good).error().message.contains("digest.sha512"))
      << verified(good).error().message;
  const std::string proof = "/verificationMaterial/tlogEntries/0/inclusionProof";
  for (const char* member :
       {"/rootHash", "/hashes/0", "/treeSize", "/logIndex", "/checkpoint/envelope"}) {
    json::value other = good;
    std::string text(other.at_pointer(proof + member).as_string());
    text[text.size() / 2] = text[text.size() / 2] == '7' ? '8' : '7';
    other.at_pointer(proof + member) = text;
    EXPECT_FALSE(held(other)) << member;
  }
  json::value without = good;
  without.at_pointer("/verificationMaterial/tlogEntries/0").as_object().erase("inclusionProof");
  EXPECT_FALSE(held(without));
}

// The fuzzer gets beyond the first check because its seeds hold.
TEST(SigstoreSeeds, HoldAgainstTheirRoot) {
  const std::string seeds = "../../../fuzz/corpus/sigstore_bundle/";
  const auto trusted = parse_trusted_root(data(seeds + "root"));
  ASSERT_TRUE(trusted) << trusted.error().message;
  for (const char* name : {"dsse", "intoto", "promise"}) {
    const auto bundle = parse_bundle(data(seeds + name));
    ASSERT_TRUE(bundle) << name << ": " << bundle.error().message;
    const auto held = verify_bundle(*bundle, *trusted);
    EXPECT_TRUE(held) << name << ": " << held.error().message;
  }
}

}  // namespace
}  // namespace imp::sigstore
