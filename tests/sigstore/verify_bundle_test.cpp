#include "sigstore/verify_bundle.h"

#include <gtest/gtest.h>

#include <set>

#include "authority.h"
#include "sigstore/refusal.h"

namespace imp::sigstore::test {
namespace {

const Authority& authority() {
  static const Authority one;
  return one;
}
const TrustedRoot& trusted() {
  static const TrustedRoot root = authority().root();
  return root;
}

Result<VerifiedBundle> verified(std::string_view text, const TrustedRoot& root = trusted()) {
  const auto bundle = parse_bundle(text);
  if (!bundle) return pass_on(bundle);
  return verify_bundle(*bundle, root);
}
Result<VerifiedBundle> verified(const BundlePlan& plan, const TrustedRoot& root = trusted()) {
  return verified(authority().bundle_text(plan), root);
}
/// Why it is refused; empty when it holds.
std::string why(const Result<VerifiedBundle>& result) {
  return result ? std::string() : result.error().message;
}

TEST(SigstoreBundle, WhatHoldsIsVerified) {
  const auto result = verified(BundlePlan());
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(result->statement.subject, "pkg:npm/%40acme/widget@1.0.0");
  EXPECT_EQ(result->statement.sha512, std::string(128, 'a'));
  EXPECT_EQ(result->signed_at, Time(std::chrono::seconds(kSignedAt)));
  EXPECT_TRUE(result->not_checked.empty());
  const SignerIdentity& identity = result->identity;
  EXPECT_EQ(identity.issuer, "https://token.actions.githubusercontent.com");
  EXPECT_EQ(identity.source_repository, "https://github.com/acme/widgets");
  EXPECT_EQ(identity.source_commit, "c0ffee");
  EXPECT_EQ(identity.source_ref, "refs/heads/main");
  EXPECT_EQ(identity.runner_environment, "github-hosted");
  EXPECT_EQ(identity.run, "https://github.com/acme/widgets/actions/runs/7/attempts/1");
  EXPECT_EQ(identity.build_config, identity.subject);
}

TEST(SigstoreBundle, OldFormsHoldToo) {
  BundlePlan intoto;
  intoto.kind = "intoto";
  EXPECT_EQ(why(verified(intoto)), "");
  json::object chain = authority().bundle();
  json::object& material = chain.at("verificationMaterial").as_object();
  const json::value certificate = material.at("certificate");
  material.erase("certificate");
  material["x509CertificateChain"] = {{"certificates", json::array{certificate}}};
  for (const char* type : {"application/vnd.dev.sigstore.bundle+json;version=0.1",
                           "application/vnd.dev.sigstore.bundle+json;version=0.2"}) {
    chain["mediaType"] = type;
    EXPECT_EQ(why(verified(json::serialize(chain))), "") << type;
  }
  BundlePlan old_issuer;
  old_issuer.certificate.claims = {{1, "https://issuer.example"}};
  EXPECT_EQ(verified(old_issuer)->identity.issuer, "https://issuer.example");
}

// From v0.2 on every entry has a proof; a promise alone was enough before.
TEST(SigstoreBundle, OnlyTheFirstFormMayHaveNoInclusionProof) {
  BundlePlan promise_alone;
  promise_alone.proof = false;
  json::object bundle = authority().bundle(promise_alone);
  for (const char* type : {"application/vnd.dev.sigstore.bundle+json;version=0.2",
                           "application/vnd.dev.sigstore.bundle+json;version=0.3",
                           "application/vnd.dev.sigstore.bundle.v0.3+json"}) {
    bundle["mediaType"] = type;
    EXPECT_TRUE(why(verified(json::serialize(bundle))).contains("without an inclusion proof"))
        << type;
  }
  bundle["mediaType"] = "application/vnd.dev.sigstore.bundle+json;version=0.1";
  EXPECT_EQ(why(verified(json::serialize(bundle))), "");
}

TEST(SigstoreBundle, ItsSignerIsNamedInOneWay) {
  const json::object good = authority().bundle();
  const json::value certificate = good.at("verificationMaterial").at("certificate");
  const auto with = [&](std::string_view name, const json::value& value) {
    json::object bundle = good;
    bundle.at("verificationMaterial").as_object()[name] = value;
    const auto parsed = parse_bundle(json::serialize(bundle));
    return parsed ? std::string() : parsed.error().message;
  };
  EXPECT_TRUE(with("publicKey", {{"hint", "x"}}).contains("in two ways"));
  EXPECT_TRUE(with("publicKey", nullptr).contains("in two ways"));
  EXPECT_TRUE(with("x509CertificateChain", {{"certificates", json::array{certificate}}})
                  .contains("in two ways"));
  json::object both = good;
  both["messageSignature"] = {{"signature", "AAAA"}};
  EXPECT_FALSE(parse_bundle(json::serialize(both)));
}

TEST(SigstoreBundle, WithoutCertificateLogsThatIsSaid) {
  TrustedRoot root = trusted();
  root.certificate_logs.clear();
  BundlePlan none;
  none.certificate_timestamp = false;
  const auto result = verified(none, root);
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(result->not_checked, std::vector<std::string>{"certificate transparency"});
}

// ---- Every field

using Pointers = std::vector<std::string>;

void collect(const json::value& value, const std::string& at, Pointers& leaves, Pointers& members) {
  if (const auto* object = value.if_object()) {
    for (const auto& member : *object) {
      const std::string below = at + "/" + std::string(member.key());
      members.push_back(below);
      collect(member.value(), below, leaves, members);
    }
  } else if (const auto* array = value.if_array()) {
    for (std::size_t i = 0; i < array->size(); ++i) {
      collect((*array)[i], at + "/" + std::to_string(i), leaves, members);
    }
  } else {
    leaves.push_back(at);
  }
}

/// Changed texts of one: a bit at several places where it is base64, else a character.
std::vector<std::string> changed(const std::string& text) {
  std::vector<std::string> out;
  const auto bytes = from_base64(text);
  if (bytes && bytes->size() >= 4) {
    for (std::size_t place = 0; place < 16; ++place) {
      Bytes other = *bytes;
      other[place * (other.size() - 1) / 15] ^= static_cast<std::uint8_t>(1U << (place % 8));
      out.push_back(base64(other));
    }
    return out;
  }
  if (text.empty()) return {"x"};
  for (const std::size_t place : {std::size_t{0}, text.size() / 2, text.size() - 1}) {
    std::string other = text;
    other[place] = other[place] == '7' ? '8' : '7';
    out.push_back(other);
  }
  return out;
}

TEST(SigstoreBundle, EveryFieldThatIsChangedIsNoticed) {
  // The key id is a hint that DSSE does not sign, and nobody reads.
  const std::set<std::string> unread = {"/dsseEnvelope/signatures/0/keyid"};
  for (const char* kind : {"dsse", "intoto"}) {
    BundlePlan plan;
    plan.kind = kind;
    const json::value bundle = authority().bundle(plan);
    ASSERT_EQ(why(verified(json::serialize(bundle))), "");
    Pointers leaves, members;
    collect(bundle, "", leaves, members);
    ASSERT_GT(leaves.size(), 15u);
    for (const std::string& leaf : leaves) {
      if (unread.contains(leaf)) continue;
      for (const std::string& text : changed(std::string(bundle.at_pointer(leaf).as_string()))) {
        json::value other = bundle;
        other.at_pointer(leaf) = text;
        EXPECT_NE(why(verified(json::serialize(other))), "") << kind << " " << leaf << ": " << text;
      }
    }
  }
}

TEST(SigstoreBundle, EveryFieldThatIsMissingIsNoticed) {
  const std::set<std::string> optional = {"/dsseEnvelope/signatures/0/keyid"};
  const json::value bundle = authority().bundle();
  Pointers leaves, members;
  collect(bundle, "", leaves, members);
  for (const std::string& member : members) {
    if (optional.contains(member)) continue;
    json::value other = bundle;
    const std::size_t slash = member.rfind('/');
    json::value& owner = slash == 0 ? other : other.at_pointer(member.substr(0, slash));
    owner.as_object().erase(member.substr(slash + 1));
    EXPECT_NE(why(verified(json::serialize(other))), "") << member;
  }
}

// ---- Made wrong by somebody who has some of the keys

struct Wrong {
  const char* what;
  std::function<void(BundlePlan&)> change;
  const char* says;
};

TEST(SigstoreBundle, WhatDoesNotHoldIsRefusedWithTheCheckThatFailed) {
  static const Key other_key(EVP_EC_gen("P-256"));
  const Wrong table[] = {
      {"signed by another key", [](BundlePlan& p) { p.signer = &other_key; },
       "not by the certificate's key"},
      {"another payload type", [](BundlePlan& p) { p.payload_type = "text/plain"; },
       "not an in-toto statement"},
      {"no promise", [](BundlePlan& p) { p.promise = false; }, "no signed entry timestamp"},
      {"a kind that is not known", [](BundlePlan& p) { p.kind = "hashedrekord"; },
       "is not known here"},
      {"taken in after the certificate ended", [](BundlePlan& p) { p.time += 600; },
       "valid at the time"},
      {"taken in before it began", [](BundlePlan& p) { p.time -= 120; }, "valid at the time"},
      {"a certificate that does not sign code",
       [](BundlePlan& p) { p.certificate.signs_code = false; }, "for signing code"},
      {"an authority as the signer", [](BundlePlan& p) { p.certificate.is_ca = true; },
       "for signing code"},
      {"no certificate timestamp", [](BundlePlan& p) { p.certificate_timestamp = false; },
       "no timestamp of a configured certificate log"},
      {"a certificate timestamp from before its log",
       [](BundlePlan& p) { p.timestamp_at = 1'700'000'000; },
       "no timestamp of a configured certificate log"},
      {"a certificate timestamp by somebody else in the log's name",
       [](BundlePlan& p) { p.timestamp_key = &authority().log_key; },
       "no timestamp of a configured certificate log"},
      {"a certificate timestamp for another authority's certificate",
       [](BundlePlan& p) { p.timestamp_issuer = authority().root_certificate.get(); },
       "no timestamp of a configured certificate log"},
      {"a certificate timestamp for another certificate",
       [](BundlePlan& p) {
         p.after_timestamp = [](X509* x509) { add_extension(x509, "1.2.3.4", {0x05, 0x00}); };
       },
       "no timestamp of a configured certificate log"},
      {"a critical extension that nobody knows",
       [](BundlePlan& p) {
         p.add_extensions = [](X509* x509) { add_extension(x509, "1.2.3.4", {0x05, 0x00}, true); };
       },
       "for signing code"},
      {"a key that is not for signatures",
       [](BundlePlan& p) { p.certificate.key_usage = "critical,keyEncipherment"; },
       "for signing code"},
      {"a key without usages", [](BundlePlan& p) { p.certificate.key_usage.clear(); },
       "for signing code"},
      {"a genuine checkpoint, and a proof into a tree of one's own",
       [](BundlePlan& p) { p.other_tree = true; }, "a checkpoint of another tree"},
      {"a checkpoint under another key's hint", [](BundlePlan& p) { p.hint_bits = 1; },
       "a checkpoint that its log did not sign"},
      {"an entry about another payload",
       [](BundlePlan& p) {
         p.change_body = [](json::object& body) {
           body.at("spec").at("payloadHash").as_object()["value"] = std::string(64, '0');
         };
       },
       "about another payload"},
      {"an entry whose hash is of another kind",
       [](BundlePlan& p) {
         p.change_body = [](json::object& body) {
           body.at("spec").at("payloadHash").as_object()["algorithm"] = "sha512";
         };
       },
       "about another payload"},
      {"an entry about another signature",
       [](BundlePlan& p) {
         p.change_body = [](json::object& body) {
           body.at("spec").at("signatures").at(0).as_object()["signature"] = "AAAA";
         };
       },
       "about another signature"},
      {"an entry about another certificate",
       [](BundlePlan& p) {
         p.change_body = [](json::object& body) {
           body.at("spec").at("signatures").at(0).as_object()["verifier"] = "AAAA";
         };
       },
       "about another certificate"},
      {"an entry with two signatures",
       [](BundlePlan& p) {
         p.change_body = [](json::object& body) {
           json::array& all = body.at("spec").at("signatures").as_array();
           all.push_back(json::value(all.front()));
         };
       },
       "exactly one signature"},
  };
  for (const Wrong& one : table) {
    BundlePlan plan;
    one.change(plan);
    const auto result = verified(plan);
    EXPECT_FALSE(result) << one.what;
    if (result) continue;
    EXPECT_EQ(result.error().code(), reason(SigstoreRefusal::not_verified).code) << one.what;
    EXPECT_TRUE(why(result).contains(one.says)) << one.what << ": " << why(result);
  }
}

TEST(SigstoreBundle, AnotherSigstoreIsNotBelieved) {
  const Authority stranger;
  const std::string text = stranger.bundle_text();
  TrustedRoot root = trusted();
  EXPECT_TRUE(why(verified(text)).contains("a log that is not configured"));
  root.logs = stranger.root().logs;
  EXPECT_TRUE(why(verified(text, root)).contains("configured authority"));
  root.authorities = stranger.root().authorities;
  EXPECT_TRUE(why(verified(text, root)).contains("certificate log"));
  root.certificate_logs = stranger.root().certificate_logs;
  EXPECT_EQ(why(verified(text, root)), "");
}

TEST(SigstoreBundle, NobodyIsBelievedOutsideOfTheirTime) {
  const Time at{std::chrono::seconds(kSignedAt)};
  const Period over{Time::min(), at - Milliseconds(1)}, later{at + Milliseconds(1), Time::max()};
  for (const Period& period : {over, later}) {
    TrustedRoot root = trusted();
    root.logs.front().valid = period;
    EXPECT_TRUE(why(verified(BundlePlan(), root)).contains("its log is not believed"));
    root = trusted();
    root.authorities.front().valid = period;
    EXPECT_TRUE(why(verified(BundlePlan(), root)).contains("configured authority"));
    root = trusted();
    root.certificate_logs.front().valid = period;
    EXPECT_TRUE(why(verified(BundlePlan(), root)).contains("certificate log"));
  }
}

// Keys are believed for what they are configured for.
TEST(SigstoreBundle, TheCertificateLogsKeyIsNotTheLogs) {
  TrustedRoot root = trusted();
  std::swap(root.logs, root.certificate_logs);
  EXPECT_NE(why(verified(BundlePlan(), root)), "");
}

// An authority below the believed one that may issue for something else alone.
TEST(SigstoreBundle, AnAuthorityForOtherPurposesDoesNotIssueForCode) {
  const Authority stamps("timeStamping"), code("codeSigning"), both("timeStamping,codeSigning");
  EXPECT_TRUE(why(verified(stamps.bundle_text(), stamps.root())).contains("configured authority"));
  EXPECT_EQ(why(verified(code.bundle_text(), code.root())), "");
  EXPECT_EQ(why(verified(both.bundle_text(), both.root())), "");
}

// Which of two would be the signer's?
TEST(SigstoreBundle, WhatACertificateSaysTwiceItDoesNotSay) {
  BundlePlan plan;
  plan.add_extensions = [](X509* x509) {
    add_extension(x509, "1.3.6.1.4.1.57264.1.12", {0x0c, 0x01, 'x'});
  };
  auto result = verified(plan);
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(result->identity.source_repository, "");
  plan = BundlePlan();
  plan.certificate.subject = "https://one.example,URI:https://two.example";
  result = verified(plan);
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(result->identity.subject, "");
}

TEST(SigstoreBundle, EveryEntryMustHold) {
  json::object bundle = authority().bundle();
  json::array& entries = bundle.at("verificationMaterial").at("tlogEntries").as_array();
  BundlePlan late;
  late.time += 600;
  const json::object other = authority().bundle(late);
  entries.push_back(other.at("verificationMaterial").at("tlogEntries").at(0));
  EXPECT_NE(why(verified(json::serialize(bundle))), "");
  entries.clear();
  EXPECT_TRUE(why(verified(json::serialize(bundle))).contains("no entry of a transparency log"));
}

TEST(SigstoreBundle, ARootThatIsTheSignerIsNoAuthority) {
  const json::object bundle = authority().bundle();
  TrustedRoot root = trusted();
  root.authorities.front().chain = {
      *from_base64(bundle.at("verificationMaterial").at("certificate").at("rawBytes").as_string())};
  EXPECT_TRUE(why(verified(json::serialize(bundle), root)).contains("configured authority"));
}

TEST(SigstoreBundle, IsParsedStrictly) {
  const std::string good = authority().bundle_text();
  EXPECT_FALSE(parse_bundle(""));
  EXPECT_FALSE(parse_bundle("[]"));
  EXPECT_FALSE(parse_bundle(good + "{}"));
  EXPECT_FALSE(parse_bundle(good.substr(0, good.size() - 1) + R"(,"mediaType":"x"})"));
  json::object huge = authority().bundle();
  json::object& entry = huge.at("verificationMaterial").at("tlogEntries").at(0).as_object();
  entry["integratedTime"] = "9223372036854775807";
  EXPECT_FALSE(parse_bundle(json::serialize(huge)));
  entry["integratedTime"] = "-1";
  EXPECT_NE(why(verified(json::serialize(huge))), "");
}

// ---- Trusted roots

TEST(TrustedRoot, EverythingInItMustBeUsable) {
  const json::value good = authority().trusted_root();
  EXPECT_TRUE(parse_trusted_root(json::serialize(good)));
  const std::pair<const char*, json::value> changes[] = {
      {"/tlogs/0/publicKey/rawBytes", "AAAA"},
      {"/tlogs/0/logId/keyId", json::value(base64(Bytes(31, 1)))},
      {"/tlogs/0/publicKey/validFor/start", "yesterday"},
      {"/ctlogs/0/publicKey/rawBytes", "!"},
      {"/certificateAuthorities/0/certChain/certificates/0/rawBytes", "AAAA"},
      {"/certificateAuthorities/0/certChain/certificates", json::array()},
      {"/certificateAuthorities/0/validFor/end", 1},
      {"/certificateAuthorities/0/validFor", "always"},
      // Without it a log would be believed for ever.
      {"/tlogs/0/publicKey/validFor", nullptr},
      {"/tlogs/0/publicKey/validFor", json::object()},
      {"/tlogs/0/publicKey/validFor/start", nullptr},
      {"/ctlogs/0/publicKey/validFor", json::array()},
      {"/certificateAuthorities", json::array()},
      {"/tlogs", json::array()},
  };
  for (const auto& [pointer, value] : changes) {
    json::value other = good;
    other.at_pointer(pointer) = value;
    const auto parsed = parse_trusted_root(json::serialize(other));
    ASSERT_FALSE(parsed) << pointer;
    EXPECT_EQ(parsed.error().code(), reason(SigstoreRefusal::malformed_root).code) << pointer;
  }
  // What protobuf's JSON says of what is not set.
  for (const char* pointer :
       {"/tlogs/0/publicKey/validFor", "/certificateAuthorities/0/validFor"}) {
    json::value other = good;
    other.at_pointer(pointer).as_object()["end"] = nullptr;
    const auto parsed = parse_trusted_root(json::serialize(other));
    EXPECT_TRUE(parsed) << pointer << ": " << parsed.error().message;
  }
  json::value other = good;
  other.at_pointer("/tlogs/0/publicKey/rawBytes") = "AAAA";
  EXPECT_TRUE(parse_trusted_root(json::serialize(other))
                  .error()
                  .message.contains("https://rekor.example/api"));
  EXPECT_FALSE(parse_trusted_root("{}"));
  EXPECT_FALSE(parse_trusted_root("not JSON"));
}

}  // namespace
}  // namespace imp::sigstore::test
