#include "jose/jwks.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <openssl/core_names.h>

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <string>
#include <vector>

#include "crypto/openssl_by_hand.h"
#include "forge.h"
#include "jose/jwk.h"

namespace imp::jose {
namespace {

using namespace test;

json::object rsa_jwk() { return to_jwk(rsa_key().public_key(), "r"); }
json::object p256_jwk() { return to_jwk(p256_key().public_key(), "e"); }
json::object ed25519_jwk() { return to_jwk(ed25519_key().public_key(), "d"); }

std::string set_of(const json::array& keys) {
  return json::serialize(json::object{{"keys", keys}});
}

/// The key with some members replaced; a null removes one.
json::object with(json::object jwk, const json::object& changes) {
  for (const auto& [member, value] : changes) {
    if (value.is_null()) {
      jwk.erase(member);
    } else {
      jwk[member] = value;
    }
  }
  return jwk;
}

std::string_view set_code(std::string_view text) {
  const auto set = KeySet::parse(text);
  return set ? "ok" : set.error().code();
}

TEST(KeySet, FindsEachKeyByItsExactId) {
  const auto set = KeySet::parse(set_of({rsa_jwk(), p256_jwk(), ed25519_jwk()}));
  ASSERT_TRUE(set);
  EXPECT_EQ(set->size(), 3u);
  EXPECT_TRUE(set->skipped().empty());
  EXPECT_EQ(set->find("r")->algorithm, Algorithm::rs256);
  EXPECT_EQ(set->find("e")->algorithm, Algorithm::es256);
  EXPECT_EQ(set->find("d")->algorithm, Algorithm::eddsa);
  EXPECT_EQ(set->find("d")->key.spki_der(), ed25519_key().public_key().spki_der());
  for (const std::string_view kid : {"", "R", "r ", "re", "x"}) EXPECT_EQ(set->find(kid), nullptr);
}

TEST(KeySet, WhatWePublishCanBeRead) {
  const std::vector<PublishedKey> published = {
      {thumbprint(rsa_key().public_key()), rsa_key().public_key()},
      {thumbprint(p256_key().public_key()), p256_key().public_key()}};
  const std::string text = to_jwks(published);
  const auto set = KeySet::parse(text);
  ASSERT_TRUE(set);
  EXPECT_EQ(set->size(), 2u);
  for (const PublishedKey& key : published) {
    EXPECT_EQ(set->find(key.key_id)->key.spki_der(), key.key.spki_der());
  }
  for (const std::string_view member : {"\"d\"", "\"p\"", "\"q\""})
    EXPECT_FALSE(text.contains(member));
  EXPECT_EQ(to_jwks({}), R"({"keys":[]})");
}

// The set of CircleCI as measured: no `use`.
TEST(KeySet, AKeyNeedsNoUse) {
  EXPECT_EQ(KeySet::parse(set_of({with(rsa_jwk(), {{"use", nullptr}})}))->size(), 1u);
}

struct KeyRow {
  std::string_view name;
  json::object key;
  bool usable;
};

TEST(KeySet, KeysThatAreLeftOut) {
  const auto parts = rsa_key().public_key().components();
  const crypto::KeyHandle weak(EVP_RSA_gen(1024));
  const crypto::KeyHandle tiny(EVP_RSA_gen(512));
  const auto modulus_of = [](const crypto::KeyHandle& key) {
    BIGNUM* number = nullptr;
    EVP_PKEY_get_bn_param(key.get(), OSSL_PKEY_PARAM_RSA_N, &number);
    const crypto::BigNumber held(number);
    Bytes bytes(static_cast<std::size_t>(BN_num_bytes(number)));
    BN_bn2bin(number, bytes.data());
    return base64url(bytes);
  };
  const std::string n = base64url(parts.n);
  const std::string x = base64url(p256_key().public_key().components().x);
  const std::string y = base64url(p256_key().public_key().components().y);
  const std::vector<KeyRow> rows = {
      {"RSA", rsa_jwk(), true},
      {"alg left out", with(rsa_jwk(), {{"alg", nullptr}}), true},
      {"unknown members", with(rsa_jwk(), {{"x5c", json::array{"MIIB"}}, {"x5t", "a"}, {"z", 1}}),
       true},
      {"key_ops verify", with(rsa_jwk(), {{"key_ops", json::array{"verify"}}}), true},
      {"key_ops verify and more", with(rsa_jwk(), {{"key_ops", json::array{"sign", "verify"}}}),
       true},
      {"kid of 256 bytes", with(rsa_jwk(), {{"kid", std::string(256, 'k')}}), true},
      {"no kid", with(rsa_jwk(), {{"kid", nullptr}}), false},
      {"empty kid", with(rsa_jwk(), {{"kid", ""}}), false},
      {"number as kid", with(rsa_jwk(), {{"kid", 1}}), false},
      {"kid of 257 bytes", with(rsa_jwk(), {{"kid", std::string(257, 'k')}}), false},
      {"no kty", with(rsa_jwk(), {{"kty", nullptr}}), false},
      {"kty in lower case", with(rsa_jwk(), {{"kty", "rsa"}}), false},
      {"kty is an array", with(rsa_jwk(), {{"kty", json::array{"RSA"}}}), false},
      {"unknown kty", with(rsa_jwk(), {{"kty", "AKP"}}), false},
      {"symmetric", {{"kty", "oct"}, {"kid", "o"}, {"k", "c2VjcmV0"}, {"alg", "HS256"}}, false},
      {"use enc", with(rsa_jwk(), {{"use", "enc"}}), false},
      {"use SIG", with(rsa_jwk(), {{"use", "SIG"}}), false},
      {"use array", with(rsa_jwk(), {{"use", json::array{"sig"}}}), false},
      {"key_ops sign", with(rsa_jwk(), {{"key_ops", json::array{"sign"}}}), false},
      {"key_ops empty", with(rsa_jwk(), {{"key_ops", json::array{}}}), false},
      {"key_ops is text", with(rsa_jwk(), {{"key_ops", "verify"}}), false},
      {"alg of another type", with(rsa_jwk(), {{"alg", "ES256"}}), false},
      {"alg RS512", with(rsa_jwk(), {{"alg", "RS512"}}), false},
      {"alg PS256", with(rsa_jwk(), {{"alg", "PS256"}}), false},
      {"alg HS256", with(rsa_jwk(), {{"alg", "HS256"}}), false},
      {"alg RSA-OAEP", with(rsa_jwk(), {{"alg", "RSA-OAEP"}}), false},
      {"alg is a number", with(rsa_jwk(), {{"alg", 256}}), false},
      {"alg in lower case", with(rsa_jwk(), {{"alg", "rs256"}}), false},
      {"RSA of 512 bits", with(rsa_jwk(), {{"n", modulus_of(tiny)}}), false},
      {"RSA of 1024 bits", with(rsa_jwk(), {{"n", modulus_of(weak)}}), false},
      {"RSA exponent 1", with(rsa_jwk(), {{"e", "AQ"}}), false},
      {"RSA exponent 2", with(rsa_jwk(), {{"e", "Ag"}}), false},
      {"RSA exponent as a number", with(rsa_jwk(), {{"e", 65537}}), false},
      {"RSA exponent 3", with(rsa_jwk(), {{"e", "Aw"}}), true},
      {"RSA without n", with(rsa_jwk(), {{"n", nullptr}}), false},
      {"RSA without e", with(rsa_jwk(), {{"e", nullptr}}), false},
      {"n padded", with(rsa_jwk(), {{"n", n + "=="}}), false},
      {"n with a line feed", with(rsa_jwk(), {{"n", n + "\n"}}), false},
      {"n huge", with(rsa_jwk(), {{"n", base64url(Bytes(100'000, 0xff))}}), false},
      {"EC", p256_jwk(), true},
      {"EC without crv", with(p256_jwk(), {{"crv", nullptr}}), false},
      {"P-384", with(p256_jwk(), {{"crv", "P-384"}}), false},
      {"secp256k1", with(p256_jwk(), {{"crv", "secp256k1"}}), false},
      {"alg ES384 on P-256", with(p256_jwk(), {{"alg", "ES384"}}), false},
      {"point off the curve", with(p256_jwk(), {{"y", x}}), false},
      {"point at zero",
       with(p256_jwk(), {{"x", base64url(Bytes(32, 0))}, {"y", base64url(Bytes(32, 0))}}), false},
      {"short coordinate", with(p256_jwk(), {{"x", base64url(Bytes(31, 1))}}), false},
      {"long coordinate", with(p256_jwk(), {{"x", base64url(Bytes(33, 1))}}), false},
      {"RSA members in an EC key", with(rsa_jwk(), {{"kty", "EC"}}), false},
      {"Ed25519", ed25519_jwk(), true},
      {"Ed448", with(ed25519_jwk(), {{"crv", "Ed448"}}), false},
      {"X25519", with(ed25519_jwk(), {{"crv", "X25519"}}), false},  // a key for agreement
      {"short Ed25519", with(ed25519_jwk(), {{"x", base64url(Bytes(31, 1))}}), false},
  };
  for (const KeyRow& row : rows) {
    const auto set = KeySet::parse(set_of({row.key}));
    ASSERT_TRUE(set) << row.name;
    EXPECT_EQ(set->size(), row.usable ? 1u : 0u) << row.name;
    EXPECT_EQ(set->skipped().size(), row.usable ? 0u : 1u) << row.name;
  }
}

TEST(KeySet, OneBadKeyDoesNotSpoilTheOthers) {
  const auto set = KeySet::parse(
      set_of({with(p256_jwk(), {{"crv", "P-521"}}), rsa_jwk(), json::object{{"kty", "AKP"}}}));
  ASSERT_TRUE(set);
  EXPECT_NE(set->find("r"), nullptr);
  ASSERT_EQ(set->skipped().size(), 2u);
  EXPECT_EQ(set->skipped()[0], "Key 1 is left out: its curve is not P-256.");
}

TEST(KeySet, ARepeatedIdIsNobodys) {
  const json::object good = rsa_jwk();
  const json::object bad = to_jwk(foreign_rsa_key().public_key(), "r");
  const json::object useless = with(bad, {{"use", "enc"}});
  for (const json::array& keys :
       {json::array{good, bad}, json::array{bad, good}, json::array{good, good},
        json::array{useless, good}, json::array{good, useless}, json::array{good, bad, good}}) {
    json::array with_other = keys;
    with_other.push_back(p256_jwk());
    const auto set = KeySet::parse(set_of(with_other));
    ASSERT_TRUE(set);
    EXPECT_EQ(set->find("r"), nullptr);
    EXPECT_TRUE(set->is_ambiguous("r"));
    EXPECT_NE(set->find("e"), nullptr);
    EXPECT_FALSE(set->is_ambiguous("e"));
    EXPECT_FALSE(set->skipped().empty());
  }
}

TEST(KeySet, PrivateMembersRefuseTheWholeSet) {
  for (const std::string_view member : {"d", "p", "q", "dp", "dq", "qi"}) {
    EXPECT_EQ(set_code(set_of({p256_jwk(), with(rsa_jwk(), {{member, "AQAB"}})})),
              "private_key_exposed")
        << member;
  }
  EXPECT_EQ(set_code(set_of({with(ed25519_jwk(), {{"d", "AQAB"}})})), "private_key_exposed");
  // even where the key itself would have been left out
  EXPECT_EQ(set_code(set_of({with(rsa_jwk(), {{"d", "AQAB"}, {"use", "enc"}})})),
            "private_key_exposed");
}

TEST(KeySet, DocumentsThatAreNoKeySet) {
  struct Row {
    std::string_view name;
    std::string text;
    std::string_view code;
  };
  const std::string key = json::serialize(rsa_jwk());
  const std::vector<Row> rows = {
      {"empty set", R"({"keys":[]})", "ok"},
      {"unknown members beside keys", R"({"keys":[],"next":1})", "ok"},
      {"nothing", "", "key_set_malformed"},
      {"HTML", "<!doctype html><html></html>", "key_set_malformed"},
      {"an array", "[" + key + "]", "key_set_malformed"},
      {"one bare key", key, "key_set_malformed"},
      {"keys is an object", R"({"keys":{"r":)" + key + "}}", "key_set_malformed"},
      {"keys is null", R"({"keys":null})", "key_set_malformed"},
      {"no keys", R"({"Keys":[]})", "key_set_malformed"},
      {"keys twice", R"({"keys":[],"keys":[)" + key + "]}", "key_set_malformed"},
      {"keys twice, one escaped", R"({"keys":[],"\u006beys":[)" + key + "]}", "key_set_malformed"},
      {"n twice in a key", R"({"keys":[{"kty":"RSA","n":"AQAB","n":"AQAB"}]})",
       "key_set_malformed"},
      {"a key is a string", R"({"keys":["r"]})", "key_set_malformed"},
      {"a key is null", R"({"keys":[null]})", "key_set_malformed"},
      {"NUL in a kid", R"({"keys":[{"kid":"r\u0000"}]})", "key_set_malformed"},
      {"nested deeply", R"({"keys":[)" + std::string(50, '[') + std::string(50, ']') + "]}",
       "key_set_malformed"},
      {"trailing garbage", R"({"keys":[]}x)", "key_set_malformed"},
      {"gzip", std::string("\x1f\x8b\x08\x00", 4), "key_set_malformed"},
      {"over 256 KiB", R"({"keys":[],"x":")" + std::string(kMaxKeySetBytes, 'x') + "\"}",
       "key_set_too_large"},
  };
  for (const Row& row : rows) EXPECT_EQ(set_code(row.text), row.code) << row.name;
}

TEST(KeySet, CountIsBounded) {
  json::array keys;
  for (std::size_t i = 0; i < kMaxKeys; ++i) {
    keys.push_back(with(ed25519_jwk(), {{"kid", fmt::format("k{}", i)}}));
  }
  EXPECT_EQ(KeySet::parse(set_of(keys))->size(), kMaxKeys);
  keys.push_back(with(ed25519_jwk(), {{"kid", "one more"}}));
  EXPECT_EQ(set_code(set_of(keys)), "key_set_too_large");
}

TEST(KeySet, ASetFromElsewhereIsAnUpstreamFailure) {
  EXPECT_EQ(KeySet::parse("x").error().kind(), FailureKind::upstream);
}

}  // namespace
}  // namespace imp::jose
