#include <gtest/gtest.h>

#include "webauthn/assertion.h"
#include "webauthn/authenticator_data.h"
#include "webauthn/cbor_bounds.h"
#include "webauthn/client_data.h"
#include "webauthn/registration.h"
#include "webauthn/software_authenticator.h"

namespace imp::webauthn {
namespace {

using crypto::KeyKind;
using test::Behaviour;
using test::SoftwareAuthenticator;

constexpr std::string_view kChallenge = "q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA";
const RelyingParty kParty{.id = "npm.example.test", .origin = "https://npm.example.test:4873"};
const Behaviour kHonest{.origin = kParty.origin, .site = kParty.id};

template <class T>
std::string code_of(const Result<T>& result) {
  return result ? std::string() : std::string(result.error().code());
}

Result<Credential> registered(std::string_view json, std::string_view challenge = kChallenge) {
  const auto response = RegistrationResponse::parse(json);
  if (!response) return pass_on(response);
  return verify_registration(kParty, challenge, *response);
}

Result<Assertion> asserted(std::string_view json, const Credential& credential,
                           std::string_view challenge = kChallenge) {
  const auto response = AssertionResponse::parse(json);
  if (!response) return pass_on(response);
  return verify_assertion(kParty, challenge, *response, credential);
}

Behaviour with(auto change) {
  Behaviour behaviour = kHonest;
  change(behaviour);
  return behaviour;
}

TEST(RelyingParty, IsTheHostAndTheExactOriginOfThePublicUrl) {
  const struct {
    std::string_view url, id, origin;
  } cases[] = {
      {"https://npm.example.test", "npm.example.test", "https://npm.example.test"},
      {"https://NPM.example.test:443/registry", "npm.example.test", "https://npm.example.test"},
      {"https://npm.example.test:4873", "npm.example.test", "https://npm.example.test:4873"},
      {"http://localhost:4873", "localhost", "http://localhost:4873"},
      {"http://localhost:80", "localhost", "http://localhost"},
      {"http://a.localhost", "a.localhost", "http://a.localhost"},
  };
  for (const auto& [url, id, origin] : cases) {
    const auto party = RelyingParty::of(url);
    ASSERT_TRUE(party) << url;
    EXPECT_EQ(party->id, id) << url;
    EXPECT_EQ(party->origin, origin) << url;
  }
  for (const std::string_view url :
       {"http://npm.example.test", "http://127.0.0.1:4873", "https://192.0.2.1", "https://[::1]:1",
        "http://evillocalhost", "ftp://localhost", "localhost", "https://"}) {
    EXPECT_FALSE(RelyingParty::of(url)) << url;
  }
}

TEST(Passkey, EveryAlgorithmRegistersAndSigns) {
  const std::pair<KeyKind, Algorithm> kinds[] = {{KeyKind::p256, Algorithm::es256},
                                                 {KeyKind::ed25519, Algorithm::eddsa},
                                                 {KeyKind::rsa, Algorithm::rs256}};
  for (const auto& [kind, algorithm] : kinds) {
    SoftwareAuthenticator key(kind);
    const auto credential = registered(key.create(kChallenge, kHonest));
    ASSERT_TRUE(credential) << credential.error().message << credential.error().detail;
    EXPECT_EQ(credential->algorithm, algorithm);
    EXPECT_EQ(text_of(credential->id), key.id);
    const auto used = asserted(key.get(kChallenge, kHonest), *credential);
    ASSERT_TRUE(used) << used.error().message << used.error().detail;
    EXPECT_EQ(used->sign_count, 1);
    EXPECT_FALSE(used->backed_up);
  }
}

TEST(Passkey, WhatIsNotRightIsRefusedWithItsReason) {
  const struct {
    std::string_view why;
    Behaviour behaviour;
    std::string_view code;
  } cases[] = {
      {"wrong origin", with([](auto& b) { b.origin = "https://npm.example.test"; }),
       "passkey_wrong_origin"},
      {"an origin that begins alike",
       with([](auto& b) { b.origin = "https://npm.example.test:4873.evil.example"; }),
       "passkey_wrong_origin"},
      {"an origin in other case", with([](auto& b) { b.origin = "https://NPM.example.test:4873"; }),
       "passkey_wrong_origin"},
      {"a frame of another site",
       with([](auto& b) { b.client_data_end = R"(,"topOrigin":"https://evil.example")"; }),
       "passkey_wrong_origin"},
      {"a frame of another site, level 2",
       with([](auto& b) { b.client_data_end = R"(,"crossOrigin":true)"; }), "passkey_wrong_origin"},
      {"wrong rpId hash", with([](auto& b) { b.site = "example.test"; }), "passkey_wrong_site"},
      {"nobody present", with([](auto& b) { b.flags = 0x04; }), "passkey_not_verified"},
      {"nobody verified", with([](auto& b) { b.flags = 0x01; }), "passkey_not_verified"},
      {"no flag at all", with([](auto& b) { b.flags = 0; }), "passkey_not_verified"},
      {"backed up but not eligible", with([](auto& b) { b.flags = 0x15; }), "passkey_malformed"},
      {"bytes after the end", with([](auto& b) { b.data_end = {0}; }), "passkey_malformed"},
      {"extensions that are announced and absent", with([](auto& b) { b.flags = 0x85; }),
       "passkey_malformed"},
      {"a type of nothing", with([](auto& b) { b.type = ""; }), "passkey_wrong_ceremony"},
  };
  for (const auto& [why, behaviour, code] : cases) {
    SoftwareAuthenticator key;
    EXPECT_EQ(code_of(registered(key.create(kChallenge, behaviour))), code) << why;
    const auto credential = registered(key.create(kChallenge, kHonest));
    ASSERT_TRUE(credential);
    EXPECT_EQ(code_of(asserted(key.get(kChallenge, behaviour), *credential)), code) << why;
  }
}

TEST(Passkey, ExtensionsAndBackupFlagsOfRealAuthenticatorsAreUnderstood) {
  // {"credProtect": 2}, as security keys add it; BE and BS, as phones do.
  const Bytes protect = *from_hex("a16b6372656450726f7465637402");
  SoftwareAuthenticator key;
  const auto credential = registered(key.create(kChallenge, with([&](auto& b) {
                                                  b.flags = 0x9d;
                                                  b.data_end = protect;
                                                })));
  ASSERT_TRUE(credential) << credential.error().detail;
  EXPECT_TRUE(credential->backed_up);
}

TEST(Passkey, ACeremonyIsNotTakenForTheOther) {
  SoftwareAuthenticator key;
  const Behaviour as_get = with([](auto& b) { b.type = "webauthn.get"; });
  EXPECT_EQ(code_of(registered(key.create(kChallenge, as_get))), "passkey_wrong_ceremony");
  const auto credential = registered(key.create(kChallenge, kHonest)).value();
  const Behaviour as_create = with([](auto& b) { b.type = "webauthn.create"; });
  EXPECT_EQ(code_of(asserted(key.get(kChallenge, as_create), credential)),
            "passkey_wrong_ceremony");
  // Authenticator data of the other ceremony, under client data of the right one.
  const std::string client =
      SoftwareAuthenticator::client_data(kChallenge, kHonest, "webauthn.create");
  const auto assertion = AssertionResponse::parse(key.get(kChallenge, kHonest)).value();
  EXPECT_EQ(code_of(registered(SoftwareAuthenticator::registration_json(
                bytes_of(client), assertion.authenticator_data))),
            "passkey_malformed");
}

TEST(Passkey, AnotherChallengeIsAnotherQuestion) {
  SoftwareAuthenticator key;
  const auto credential = registered(key.create(kChallenge, kHonest)).value();
  for (const std::string_view issued : {"AAAA", "", "q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJ"}) {
    EXPECT_EQ(code_of(registered(key.create(kChallenge, kHonest), issued)),
              "passkey_wrong_challenge");
    EXPECT_EQ(code_of(asserted(key.get(kChallenge, kHonest), credential, issued)),
              "passkey_wrong_challenge");
  }
  // An empty challenge never matches, not even itself.
  EXPECT_EQ(code_of(asserted(key.get("", kHonest), credential, "")), "passkey_wrong_challenge");
}

TEST(Passkey, SomebodyElsesKeyOrIdDoesNotSign) {
  for (const KeyKind kind : {KeyKind::p256, KeyKind::ed25519, KeyKind::rsa}) {
    SoftwareAuthenticator mine(kind), other(kind), elsewhere(kind, "another id");
    const auto credential = registered(mine.create(kChallenge, kHonest)).value();
    EXPECT_EQ(code_of(asserted(other.get(kChallenge, kHonest), credential)),
              "passkey_signature_wrong");
    EXPECT_EQ(code_of(asserted(elsewhere.get(kChallenge, kHonest), credential)),
              "passkey_signature_wrong");
  }
}

TEST(Passkey, EveryFlippedBitOfASignedAnswerIsRefused) {
  SoftwareAuthenticator key(KeyKind::ed25519);
  const auto credential = registered(key.create(kChallenge, kHonest)).value();
  const auto honest = AssertionResponse::parse(key.get(kChallenge, kHonest)).value();
  ASSERT_TRUE(verify_assertion(kParty, kChallenge, honest, credential));
  for (Bytes AssertionResponse::* part :
       {&AssertionResponse::client_data, &AssertionResponse::authenticator_data,
        &AssertionResponse::signature, &AssertionResponse::credential_id}) {
    for (std::size_t bit = 0; bit < (honest.*part).size() * 8; ++bit) {
      AssertionResponse bent = honest;
      (bent.*part)[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
      EXPECT_FALSE(verify_assertion(kParty, kChallenge, bent, credential)) << bit;
    }
  }
}

TEST(Passkey, EveryTruncatedRegistrationIsRefused) {
  SoftwareAuthenticator key;
  const std::string client =
      SoftwareAuthenticator::client_data(kChallenge, kHonest, "webauthn.create");
  const Bytes whole = key.attested_data(kHonest);
  for (std::size_t length = 0; length < whole.size(); ++length) {
    EXPECT_EQ(code_of(registered(SoftwareAuthenticator::registration_json(
                  bytes_of(client), ByteView(whole).first(length)))),
              "passkey_malformed")
        << length;
  }
}

TEST(Passkey, ABentKeyIsRefusedOrAnotherKey) {
  for (const KeyKind kind : {KeyKind::p256, KeyKind::ed25519, KeyKind::rsa}) {
    SoftwareAuthenticator key(kind);
    const std::string client =
        SoftwareAuthenticator::client_data(kChallenge, kHonest, "webauthn.create");
    const Bytes whole = key.attested_data(kHonest);
    const auto credential = registered(key.create(kChallenge, kHonest)).value();
    for (std::size_t bit = (whole.size() - key.cose_key().size()) * 8; bit < whole.size() * 8;
         ++bit) {
      Bytes bent = whole;
      bent[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
      const auto made =
          registered(SoftwareAuthenticator::registration_json(bytes_of(client), bent));
      if (made) EXPECT_NE(made->public_key, credential.public_key) << bit;
    }
  }
}

TEST(Passkey, AKeyThatIsNoneOfTheThreeAlgorithmsIsRefused) {
  SoftwareAuthenticator key;
  const std::string client =
      SoftwareAuthenticator::client_data(kChallenge, kHonest, "webauthn.create");
  const Bytes whole = key.attested_data(kHonest);
  const std::size_t cose = whole.size() - key.cose_key().size();
  const struct {
    std::string_view why, hex;
  } cases[] = {
      {"ES384",
       "a5010203382220022158200000000000000000000000000000000000000000000000000000000000"
       "00000022582000000000000000000000000000000000000000000000000000000000000000000"
       "0"},
      {"no parameters", "a0"},
      {"not a map", "80"},
      {"HMAC", "a2010403052041aa"},
      {"the algorithm of another type of key",
       "a40101032620062158200000000000000000000000000000"
       "000000000000000000000000000000000000"},
  };
  for (const auto& [why, hex] : cases) {
    Bytes data(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(cose));
    const auto bytes = from_hex(hex);
    ASSERT_TRUE(bytes) << why;
    data.insert(data.end(), bytes->begin(), bytes->end());
    const auto made = registered(SoftwareAuthenticator::registration_json(bytes_of(client), data));
    EXPECT_FALSE(made) << why;
    if (!made) EXPECT_TRUE(code_of(made).starts_with("passkey_")) << why;
  }
}

TEST(Passkey, MalformedJsonIsRefused) {
  for (const std::string_view json :
       {"", "null", "[]", "{}", R"({"type":"public-key"})", R"({"type":"other","response":{}})",
        R"({"type":"public-key","response":[]})",
        R"({"type":"public-key","response":{"clientDataJSON":1}})",
        R"({"type":"public-key","response":{"clientDataJSON":"a+b/"}})",
        R"({"type":"public-key","response":{"clientDataJSON":"","authenticatorData":""}})"}) {
    EXPECT_EQ(code_of(registered(json)), "passkey_malformed") << json;
    EXPECT_EQ(code_of(asserted(json, {})), "passkey_malformed") << json;
  }
  const std::string huge(40'000, ' ');
  EXPECT_EQ(code_of(registered(huge)), "passkey_malformed");
}

TEST(CborBounds, TakesWholeItemsAndNothingThatClaimsMoreThanItHolds) {
  const std::pair<std::string_view, std::size_t> whole[] = {
      {"00", 1}, {"1818", 2}, {"4101", 2}, {"a10102", 3}, {"820102ff", 3}, {"f5", 1}, {"a0", 1}};
  for (const auto& [hex, length] : whole) {
    EXPECT_EQ(cbor_item_length(*from_hex(hex)), length) << hex;
  }
  for (const std::string_view hex :
       {"", "18", "41", "a101", "8201", "5bffffffffffffffff00", "9bffffffffffffffff00",
        "bbffffffffffffffff00", "bb800000000000000000", "9f01ff", "5f4101ff", "c001", "1c", "ff",
        "8181818100"}) {
    EXPECT_FALSE(cbor_item_length(*from_hex(hex))) << hex;
  }
}

}  // namespace
}  // namespace imp::webauthn
