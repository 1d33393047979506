#include "verify/verify.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "../sigstore/authority.h"
#include "fake_registry.h"

namespace imp::verify::test {
namespace {

constexpr std::string_view kManifest = "/@acme%2fwidget/1.0.0";
constexpr std::string_view kTarball = "/@acme/widget/-/widget-1.0.0.tgz";
constexpr std::string_view kKeys = "/-/npm/v1/keys";
constexpr std::string_view kAttestations = "/-/npm/v1/attestations/@acme%2fwidget@1.0.0";
constexpr std::string_view kInclusion = "/-/audit/inclusion";
constexpr std::string_view kConsistency = "/-/audit/consistency";
constexpr std::string_view kLogKeys = "/-/audit/keys";

class VerifyRelease : public testing::Test {
 protected:
  Report verified() {
    Options with = options;
    with.registry = registry.address;
    with.wait = [this] { ++waited; };
    return verify(registry, registry.name, registry.version, with);
  }
  static const Check* of(const Report& report, std::string_view name) {
    const auto found = std::ranges::find(report.checks, name, &Check::name);
    return found == report.checks.end() ? nullptr : &*found;
  }
  /// The names of the checks with an outcome.
  static std::vector<std::string> with(const Report& report, Outcome outcome) {
    std::vector<std::string> names;
    for (const Check& check : report.checks) {
      if (check.outcome == outcome) names.emplace_back(check.name);
    }
    return names;
  }
  /// From now on the answer at a path (or at what begins with it) is changed.
  void lie_at(std::string_view path,
              std::function<std::optional<std::string>(std::string)> change) {
    registry.lie = [path = std::string(path), change = std::move(change)](
                       const std::string& asked, std::string body) -> std::optional<std::string> {
      return asked.starts_with(path) ? change(std::move(body)) : std::optional(std::move(body));
    };
  }
  void lie_json(std::string_view path, std::function<void(json::value&)> change) {
    lie_at(path,
           [change = std::move(change)](const std::string& body) -> std::optional<std::string> {
             json::value document = json::parse(body);
             change(document);
             return json::serialize(document);
           });
  }
  void note(std::uint64_t size) { options.log.checkpoint = registry.checkpoint(size); }

  FakeRegistry registry;
  Options options;
  int waited = 0;
};

using Names = std::vector<std::string>;

TEST_F(VerifyRelease, WhatHoldsPasses) {
  note(7);
  const Report report = verified();
  EXPECT_TRUE(report.good()) << report.text();
  EXPECT_EQ(with(report, Outcome::passed), (Names{"manifest", "tarball", "signature", "attestation",
                                                  "inclusion", "checkpoint", "consistency"}));
  EXPECT_EQ(report.checkpoint, registry.checkpoint(11));
  const std::string told = of(report, "attestation")->told;
  EXPECT_TRUE(told.contains("staged")) << told;
  EXPECT_TRUE(told.contains(R"({"project":"widgets"})")) << told;
  EXPECT_TRUE(told.contains("approved by alice")) << told;
}

TEST_F(VerifyRelease, WithoutANotedCheckpointThatIsSaid) {
  const Report report = verified();
  EXPECT_TRUE(report.good());
  EXPECT_EQ(with(report, Outcome::skipped), Names{"consistency"});
  EXPECT_TRUE(of(report, "checkpoint")->told.contains("names itself"));
}

TEST_F(VerifyRelease, WhatAPersonPublishedHasASignature) {
  registry.trusted = false;
  const Report report = verified();
  EXPECT_TRUE(report.good());
  EXPECT_EQ(with(report, Outcome::passed), (Names{"manifest", "tarball", "signature"}));
  EXPECT_EQ(with(report, Outcome::skipped), (Names{"attestation", "inclusion", "checkpoint"}));
}

// A mirror that leaves out what nothing vouches for makes a trusted publish a person's.
TEST_F(VerifyRelease, WhatIsRequiredMustBeThere) {
  registry.trusted = false;
  EXPECT_TRUE(verified().good());
  for (const char* check : {"attestation", "provenance", "inclusion", "consistency"}) {
    options.required = {check};
    const Report report = verified();
    EXPECT_FALSE(report.good()) << check;
    EXPECT_EQ(with(report, Outcome::failed), Names{check});
  }
  registry.trusted = true;
  note(7);
  options.required = {"attestation", "inclusion", "consistency"};
  EXPECT_TRUE(verified().good());
}

TEST_F(VerifyRelease, ACheckpointThatIsWantedIsAskedFor) {
  registry.trusted = false;
  EXPECT_EQ(verified().checkpoint, "");
  options.log.wanted = true;
  const Report report = verified();
  EXPECT_TRUE(report.good()) << report.text();
  EXPECT_EQ(report.checkpoint, registry.checkpoint(11));
  lie_at(kConsistency, [](const std::string&) { return std::nullopt; });
  EXPECT_EQ(with(verified(), Outcome::failed), Names{"checkpoint"});
}

TEST_F(VerifyRelease, ATarballLargerThanAnyDocumentIsDigested) {
  registry.tarball.assign(std::size_t{65} << 20, 'x');
  const Report report = verified();
  EXPECT_TRUE(report.good()) << report.text();
}

// What a registry answers is shown, and must not pass for what was found out.
TEST_F(VerifyRelease, ATerminalDoesNotObeyTheRegistry) {
  lie_json(kManifest, [](json::value& it) {
    it.at("dist").as_object()["integrity"] =
        "\x1b[1A\x1b[2Kpassed   tarball         fine\n@acme/widget@1.0.0: verified\n\x1b[8m"
        "\xc2\x9b"
        "8m\xe2\x80\xae";
  });
  const Report report = verified();
  const std::string text = report.text();
  EXPECT_FALSE(report.good());
  EXPECT_EQ(std::ranges::count(text, '\n'), std::ssize(report.checks) + 1) << text;
  EXPECT_TRUE(std::ranges::none_of(text, [](char c) {
    return static_cast<unsigned char>(c) < 0x20 && c != '\n';
  })) << text;
  EXPECT_FALSE(text.contains("\xc2\x9b")) << text;
  EXPECT_FALSE(text.contains("\xe2\x80\xae")) << text;
}

TEST_F(VerifyRelease, TheLogIsComparedEvenWhereNothingIsAttested) {
  registry.trusted = false;
  note(7);
  EXPECT_TRUE(verified().good());
  registry.leaves[2] = tlog::leaf_hash("another");
  EXPECT_EQ(with(verified(), Outcome::failed), Names{"consistency"});
}

TEST_F(VerifyRelease, ATokenGoesToTheRegistry) {
  options.token = "secret";
  verified();
  EXPECT_EQ(registry.tokens.size(), registry.asked.size());
  EXPECT_TRUE(std::ranges::all_of(registry.tokens,
                                  [](const std::string& one) { return one == "Bearer secret"; }));
}

// ---- A registry that lies

TEST_F(VerifyRelease, AnotherVersionIsNoticed) {
  lie_json(kManifest, [](json::value& it) { it.as_object()["version"] = "1.0.1"; });
  EXPECT_EQ(with(verified(), Outcome::failed), Names{"manifest"});
}

TEST_F(VerifyRelease, AVersionThatIsNotThereFails) {
  lie_at(kManifest, [](const std::string&) { return std::nullopt; });
  const Report report = verified();
  EXPECT_FALSE(report.good());
  EXPECT_EQ(with(report, Outcome::failed), Names{"manifest"});
}

TEST_F(VerifyRelease, ATamperedTarballIsNoticed) {
  lie_at(kTarball, [](std::string body) { return body + " "; });
  EXPECT_EQ(with(verified(), Outcome::failed), Names{"tarball"});
}

// Bytes and integrity changed together agree, and no signature does.
TEST_F(VerifyRelease, ATarballThatIsSwappedWithItsIntegrityIsNoticed) {
  const std::string other = "other bytes";
  registry.lie = [&](const std::string& path, std::string body) -> std::optional<std::string> {
    if (path == kTarball) return other;
    if (path != kManifest) return body;
    json::value manifest = json::parse(body);
    manifest.at("dist").as_object()["integrity"] =
        "sha512-" + base64(crypto::sha512(bytes_of(other)));
    return json::serialize(manifest);
  };
  const Report report = verified();
  EXPECT_EQ(with(report, Outcome::failed), (Names{"signature", "attestation"}));
  EXPECT_FALSE(report.good());
}

TEST_F(VerifyRelease, ASignatureThatDoesNotHoldFails) {
  lie_json(kManifest, [&](json::value& it) {
    it.at("dist").at("signatures").at(0).as_object()["sig"] =
        registry.key.sign("@acme/widget", "1.0.1", registry.integrity()).signature;
  });
  EXPECT_EQ(with(verified(), Outcome::failed), Names{"signature"});
}

TEST_F(VerifyRelease, AVersionThatIsNotSignedFails) {
  lie_json(kManifest, [](json::value& it) { it.at("dist").as_object().erase("signatures"); });
  EXPECT_EQ(with(verified(), Outcome::failed), Names{"signature"});
}

TEST_F(VerifyRelease, AKeyThatExpiredBeforeSignsNothing) {
  lie_at(kKeys, [&](const std::string&) { return registry.keys("2026-04-30T00:00:00.000Z"); });
  EXPECT_EQ(with(verified(), Outcome::failed), (Names{"signature", "attestation"}));
  lie_at(kKeys, [&](const std::string&) { return registry.keys("soon"); });
  EXPECT_EQ(with(verified(), Outcome::failed), (Names{"signature", "attestation"}));
  lie_at(kKeys, [&](const std::string&) { return registry.keys("2026-05-02T00:00:00.000Z"); });
  EXPECT_TRUE(verified().good());
}

// Whoever has a key that was retired can attest what they like of a person's publish.
TEST_F(VerifyRelease, AnAttestationByAKeyThatExpiredBeforeFails) {
  const registry::RegistryKey retired = registry.key;
  const std::string attested = registry.attestations();
  json::value keys = json::parse(registry.keys("2026-04-30T00:00:00.000Z"));
  registry.key = registry::RegistryKey(crypto::PrivateKey::generate(crypto::KeyKind::p256));
  keys.at("keys").as_array().push_back(json::parse(registry.keys()).at("keys").at(0));
  registry.lie = [&](const std::string& path, std::string body) -> std::optional<std::string> {
    if (path == kKeys) return json::serialize(keys);
    if (path == kAttestations) return attested;
    return body;
  };
  const Report report = verified();
  EXPECT_EQ(with(report, Outcome::failed), Names{"attestation"});
  EXPECT_TRUE(of(report, "attestation")->told.contains("after it expired")) << report.text();
}

TEST_F(VerifyRelease, AKeyUnderAnothersIdIsNoKey) {
  lie_json(kKeys, [](json::value& it) {
    it.at("keys").at(0).as_object()["key"] =
        base64(crypto::PrivateKey::generate(crypto::KeyKind::p256).public_key().spki_der());
  });
  EXPECT_EQ(with(verified(), Outcome::failed), (Names{"signature", "attestation"}));
}

// Who signs everything anew with another key is found by one who noted the first.
TEST_F(VerifyRelease, ARegistryWithANewKeyIsNoticedByOneWhoNotedTheOld) {
  options.keys = json::parse(registry.keys()).as_object();
  EXPECT_TRUE(verified().good());
  registry.key = registry::RegistryKey(crypto::PrivateKey::generate(crypto::KeyKind::p256));
  EXPECT_EQ(with(verified(), Outcome::failed), (Names{"signature", "attestation"}));
  options.keys.reset();
  EXPECT_TRUE(verified().good());
}

TEST_F(VerifyRelease, HidingTheAttestationOfATrustedPublishFails) {
  lie_at(kAttestations, [](const std::string&) { return std::nullopt; });
  EXPECT_EQ(with(verified(), Outcome::failed), Names{"attestation"});
}

struct AttestationLie {
  const char* what;
  std::function<std::string(FakeRegistry&)> answer;
};

std::string changed(const FakeRegistry& registry, const std::function<void(json::value&)>& change) {
  json::value document = json::parse(registry.attestations());
  change(document.at("attestations"));
  return json::serialize(document);
}

std::string payload_changed(const FakeRegistry& registry, std::string_view from,
                            std::string_view to) {
  return changed(registry, [&](json::value& all) {
    json::value& payload = all.at(1).at("bundle").at("dsseEnvelope").at("payload");
    std::string text(text_of(*from_base64(payload.as_string())));
    const std::size_t at = text.find(from);
    ASSERT_NE(at, std::string::npos);
    text.replace(at, from.size(), to);
    payload = base64(bytes_of(text));
  });
}

TEST_F(VerifyRelease, AnAttestationThatDoesNotHoldFails) {
  const AttestationLie lies[] = {
      {"other approvers", [](FakeRegistry& r) { return payload_changed(r, "alice", "mallory"); }},
      {"another claim", [](FakeRegistry& r) { return payload_changed(r, "widgets", "gadgets"); }},
      {"another payload type",
       [](FakeRegistry& r) {
         return changed(r, [](json::value& all) {
           all.at(1).at("bundle").at("dsseEnvelope").as_object()["payloadType"] = "text/plain";
         });
       }},
      {"another signature",
       [](FakeRegistry& r) {
         return changed(r, [](json::value& all) {
           all.at(1).at("bundle").at("dsseEnvelope").as_object()["signatures"] =
               all.at(0).at("bundle").at("dsseEnvelope").at("signatures");
         });
       }},
      {"a key that is not the registry's",
       [](FakeRegistry& r) {
         return changed(r, [](json::value& all) {
           all.at(0).at("bundle").at("dsseEnvelope").at("signatures").at(0).as_object()["keyid"] =
               "SHA256:another";
         });
       }},
      {"another type than it is listed as",
       [](FakeRegistry& r) {
         return changed(r, [](json::value& all) { all.at(0).as_object()["predicateType"] = "p"; });
       }},
      {"one is missing",
       [](FakeRegistry& r) {
         return changed(r, [](json::value& all) { all.as_array().erase(all.as_array().begin()); });
       }},
      {"one is there twice",
       [](FakeRegistry& r) {
         return changed(r, [](json::value& all) { all.as_array().push_back(all.at(0)); });
       }},
      {"no bundle",
       [](FakeRegistry& r) {
         return changed(r, [](json::value& all) { all.at(0).as_object().erase("bundle"); });
       }},
      {"none but with certificates",
       [](FakeRegistry& r) {
         return changed(r, [](json::value& all) {
           for (json::value& one : all.as_array()) {
             one.at("bundle").as_object()["verificationMaterial"] = {{"certificate", {}}};
           }
         });
       }},
      {"another version, signed",
       [](FakeRegistry& r) {
         auto publish = r.publish();
         publish.version = "1.0.1";
         return r.attestations_of(publish);
       }},
      {"another package, signed",
       [](FakeRegistry& r) {
         auto publish = r.publish();
         publish.name = registry::PackageName::for_read("@acme/gadget").value();
         return r.attestations_of(publish);
       }},
      {"another tarball, signed",
       [](FakeRegistry& r) {
         auto publish = r.publish();
         publish.sha512 = std::string(128, '0');
         return r.attestations_of(publish);
       }},
      {"no record of the log, signed",
       [](FakeRegistry& r) {
         auto publish = r.publish();
         publish.record = 0;
         return r.attestations_of(publish);
       }},
      {"no list", [](FakeRegistry&) { return std::string("{}"); }},
      {"no JSON", [](FakeRegistry&) { return std::string("<html>"); }},
  };
  for (const AttestationLie& one : lies) {
    lie_at(kAttestations, [&](const std::string&) { return one.answer(registry); });
    EXPECT_EQ(with(verified(), Outcome::failed), Names{"attestation"}) << one.what;
  }
}

// ---- Sigstore bundles

sigstore::test::BundlePlan about(const FakeRegistry& registry) {
  sigstore::test::BundlePlan plan;
  plan.subject = registry.name.purl(registry.version);
  plan.sha512 = registry.publish().sha512;
  return plan;
}

TEST_F(VerifyRelease, ABundleIsVerifiedAgainstTheGivenRootWhateverTheRegistrySaysOfIt) {
  const sigstore::test::Authority authority, stranger;
  const auto list_bundle = [&](const sigstore::test::BundlePlan& plan) {
    lie_json(kAttestations, [&authority, plan](json::value& it) {
      it.at("attestations")
          .as_array()
          .push_back({{"predicateType", "https://slsa.dev/provenance/v1"},
                      {"bundle", authority.bundle(plan)},
                      {"verified", true}});
    });
  };
  list_bundle(about(registry));
  EXPECT_EQ(with(verified(), Outcome::skipped), (Names{"provenance", "consistency"}));
  EXPECT_TRUE(verified().good());
  options.trusted_root = authority.root();
  const Report report = verified();
  EXPECT_TRUE(report.good()) << report.text();
  EXPECT_TRUE(of(report, "provenance")->told.contains("https://github.com/acme/widgets at c0ffee"));
  options.trusted_root = stranger.root();
  EXPECT_EQ(with(verified(), Outcome::failed), Names{"provenance"});
  options.trusted_root = authority.root();
  auto other = about(registry);
  other.sha512 = std::string(128, 'b');
  list_bundle(other);
  EXPECT_EQ(with(verified(), Outcome::failed), Names{"provenance"});
  other = about(registry);
  other.subject = "pkg:npm/%40acme/gadget@1.0.0";
  list_bundle(other);
  EXPECT_EQ(with(verified(), Outcome::failed), Names{"provenance"});
}

// Readers differ in which of the two they take; the registry is not to blame for it.
TEST_F(VerifyRelease, ABundleWithACertificateAndAKeyFails) {
  const sigstore::test::Authority authority;
  lie_json(kAttestations, [&](json::value& it) {
    json::object bundle = authority.bundle(about(registry));
    bundle.at("verificationMaterial").as_object()["publicKey"] = {{"hint", "x"}};
    it.at("attestations")
        .as_array()
        .push_back({{"predicateType", "https://slsa.dev/provenance/v1"}, {"bundle", bundle}});
  });
  EXPECT_EQ(with(verified(), Outcome::failed), Names{"provenance"});
  options.trusted_root = authority.root();
  EXPECT_EQ(with(verified(), Outcome::failed), Names{"provenance"});
}

TEST_F(VerifyRelease, ARecordThatIsNotThePublishFails) {
  // The attestation is genuine, and the log has something else in its place.
  const std::string attestations = registry.attestations();
  lie_at(kAttestations, [&](const std::string&) { return attestations; });
  registry.leaves[3] = tlog::leaf_hash("another record");
  EXPECT_EQ(with(verified(), Outcome::failed), Names{"inclusion"});
}

TEST_F(VerifyRelease, ALeafThatIsNotInTheTreeFails) {
  for (const char* member : {"hashes", "checkpoint"}) {
    const std::string honest = registry.attestations();
    FakeRegistry other;
    other.log_key = registry.log_key;
    other.leaves[7] = tlog::leaf_hash("elsewhere");
    const auto answer = other.fetch({.url = other.address + "/-/audit/inclusion?sequence=4"});
    const json::value foreign = json::parse(answer->body);
    lie_json(kInclusion, [&](json::value& it) { it.as_object()[member] = foreign.at(member); });
    EXPECT_EQ(with(verified(), Outcome::failed), Names{"inclusion"}) << member;
  }
}

TEST_F(VerifyRelease, ARecordThatNeverComesFails) {
  lie_at(kInclusion, [](const std::string&) { return std::nullopt; });
  EXPECT_EQ(with(verified(), Outcome::failed), Names{"inclusion"});
  EXPECT_EQ(waited, 10);
}

TEST_F(VerifyRelease, ARecordThatIsNotSealedYetIsWaitedFor) {
  int left = 3;
  lie_at(kInclusion, [&](std::string body) -> std::optional<std::string> {
    return left-- > 0 ? std::nullopt : std::optional(std::move(body));
  });
  EXPECT_TRUE(verified().good());
  EXPECT_EQ(waited, 3);
}

TEST_F(VerifyRelease, ACheckpointOfAnotherKeyFails) {
  options.log.keys = {registry.log_key.verifier()};
  EXPECT_TRUE(verified().good());
  registry.log_key.key = crypto::PrivateKey::generate(crypto::KeyKind::ed25519);
  EXPECT_EQ(with(verified(), Outcome::failed), Names{"checkpoint"});
}

TEST_F(VerifyRelease, ACheckpointThatWasChangedFails) {
  lie_json(kInclusion, [](json::value& it) {
    std::string text(it.at("checkpoint").as_string());
    text.replace(text.find("\n11\n"), 4, "\n12\n");
    it.as_object()["checkpoint"] = text;
  });
  EXPECT_EQ(with(verified(), Outcome::failed), Names{"checkpoint"});
}

TEST_F(VerifyRelease, ALogWithoutKeysFails) {
  lie_at(kLogKeys, [](const std::string&) { return R"({"keys":[]})"; });
  EXPECT_EQ(with(verified(), Outcome::failed), Names{"checkpoint"});
}

TEST_F(VerifyRelease, ALogThatWasRewrittenFails) {
  note(7);
  registry.leaves[1] = tlog::leaf_hash("rewritten");
  EXPECT_EQ(with(verified(), Outcome::failed), Names{"consistency"});
}

TEST_F(VerifyRelease, ALogThatWasCutFails) {
  note(11);
  registry.leaves.resize(8);
  EXPECT_EQ(with(verified(), Outcome::failed), Names{"consistency"});
  registry.trusted = false;
  EXPECT_EQ(with(verified(), Outcome::failed), Names{"consistency"});
}

TEST_F(VerifyRelease, AFalseProofOfGrowthFails) {
  note(7);
  lie_json(kConsistency, [](json::value& it) { it.at("hashes").as_array().pop_back(); });
  EXPECT_EQ(with(verified(), Outcome::failed), Names{"consistency"});
  lie_json(kConsistency, [](json::value& it) { it.as_object().erase("hashes"); });
  EXPECT_EQ(with(verified(), Outcome::failed), Names{"consistency"});
}

TEST_F(VerifyRelease, ANotedCheckpointOfAnotherLogIsNotCompared) {
  FakeRegistry other;
  // Both logs are believed, so that the signature is not what is wrong.
  other.log_key.name = "other.example.org/-/audit";
  options.log.keys = {registry.log_key.verifier(), other.log_key.verifier()};
  options.log.checkpoint = other.checkpoint(7);
  const Report report = verified();
  EXPECT_EQ(with(report, Outcome::failed), Names{"consistency"});
  EXPECT_TRUE(of(report, "consistency")->told.contains("of another log")) << report.text();
}

TEST_F(VerifyRelease, ANotedCheckpointByAnotherKeyIsNotCompared) {
  FakeRegistry other;
  options.log.checkpoint = other.checkpoint(7);
  EXPECT_EQ(with(verified(), Outcome::failed), Names{"consistency"});
}

TEST_F(VerifyRelease, ARegistryThatAnswersNothingUsableIsNotVerified) {
  registry.lie = [](const std::string&, const std::string&) { return std::string("[]"); };
  EXPECT_FALSE(verified().good());
  registry.lie = [](const std::string&, const std::string&) { return std::nullopt; };
  EXPECT_FALSE(verified().good());
}

TEST_F(VerifyRelease, IsToldAsTextAndAsJson) {
  lie_at(kAttestations, [](const std::string&) { return std::nullopt; });
  const Report report = verified();
  EXPECT_TRUE(report.text().contains("failed   attestation     ")) << report.text();
  EXPECT_TRUE(
      report.text().ends_with("@acme/widget@1.0.0 of https://npm.example.org: NOT verified\n"));
  const json::value told = json::parse(report.json());
  EXPECT_EQ(told.at("good"), json::value(false));
  EXPECT_EQ(told.at("release"), "@acme/widget@1.0.0");
  EXPECT_EQ(told.at("checks").at(0).at("check"), "manifest");
  EXPECT_EQ(told.at("checks").at(0).at("outcome"), "passed");
}

}  // namespace
}  // namespace imp::verify::test
