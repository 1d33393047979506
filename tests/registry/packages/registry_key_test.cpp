#include "registry/packages/registry_key.h"

#include <boost/json/parse.hpp>

#include "crypto/hash.h"
#include "database_fixture.h"

namespace imp::registry {
namespace {

class KeyTest : public DatabaseTest {
 protected:
  crypto::Sealer sealer{Bytes(32, 7)};
  ManualClock clock{from_milliseconds(1'700'000'000'000)};
};

TEST_F(KeyTest, IsMadeOnceAndKept) {
  const auto first = load_or_create_registry_key(*database, sealer, clock);
  ASSERT_TRUE(first) << first.error().message;
  const auto second = load_or_create_registry_key(*database, sealer, clock);
  // The making is on record, once.
  const auto recorded = audit::list(*database, {.action_prefix = "registry.key."});
  ASSERT_EQ(recorded->entries.size(), 1u);
  EXPECT_EQ(recorded->entries[0].record.action, "registry.key.create");
  EXPECT_EQ(recorded->entries[0].record.subject, "key:" + first->keyid());
  ASSERT_TRUE(second);
  EXPECT_EQ(first->keyid(), second->keyid());
  EXPECT_EQ(first->public_text(), second->public_text());
}

TEST_F(KeyTest, IsNotInTheClear) {
  const auto key = load_or_create_registry_key(*database, sealer, clock).value();
  const auto sealed = read<std::string>(
      [](db::Session& session) { return session.row("SELECT sealed FROM registry_key")->text(0); });
  EXPECT_EQ(sealed.find("PRIVATE"), std::string::npos);
  EXPECT_EQ(sealed.find(key.private_key().to_pem().substr(40, 20)), std::string::npos);
}

TEST_F(KeyTest, AnotherMasterKeyIsRefusedNotReplaced) {
  ASSERT_TRUE(load_or_create_registry_key(*database, sealer, clock));
  const crypto::Sealer other{Bytes(32, 8)};
  const auto key = load_or_create_registry_key(*database, other, clock);
  ASSERT_FALSE(key);
  EXPECT_EQ(key.error().code(), "registry_key_unreadable");
}

TEST_F(KeyTest, DocumentHasWhatNpmVerifiesWith) {
  const auto key = load_or_create_registry_key(*database, sealer, clock).value();
  const auto document =
      read<std::string>([](db::Session& session) { return keys_document(session); });
  const auto keys = boost::json::parse(document).at("keys").as_array();
  ASSERT_EQ(keys.size(), 1u);
  EXPECT_TRUE(keys[0].at("expires").is_null());
  EXPECT_EQ(std::string_view(keys[0].at("keyid").as_string()), key.keyid());
  EXPECT_EQ(keys[0].at("keytype"), "ecdsa-sha2-nistp256");
  EXPECT_EQ(keys[0].at("scheme"), "ecdsa-sha2-nistp256");
  EXPECT_EQ(std::string_view(keys[0].at("key").as_string()), key.public_text());
  const auto spki = from_base64(std::string_view(keys[0].at("key").as_string()));
  ASSERT_TRUE(spki);
  EXPECT_EQ(spki->size(), 91u);  // SubjectPublicKeyInfo of P-256
  EXPECT_EQ(key.keyid(), "SHA256:" + base64(crypto::sha256(*spki)).substr(0, 43));
}

// Splits a DER signature into r||s, so that the verifier of raw signatures can check it.
Bytes raw(const Bytes& der) {
  Bytes out;
  std::size_t at = 2;
  for (int i = 0; i < 2; ++i) {
    std::size_t length = der.at(at + 1);
    std::size_t begin = at + 2;
    at = begin + length;
    while (length > 32) {
      ++begin;
      --length;
    }
    out.insert(out.end(), 32 - length, 0);
    out.insert(out.end(), der.begin() + static_cast<std::ptrdiff_t>(begin),
               der.begin() + static_cast<std::ptrdiff_t>(begin + length));
  }
  return out;
}

TEST_F(KeyTest, SignsNameVersionAndIntegrity) {
  const auto key = load_or_create_registry_key(*database, sealer, clock).value();
  const DistSignature signature = key.sign("@acme/pkg", "1.0.0", "sha512-abc");
  EXPECT_EQ(signature.keyid, key.keyid());
  const auto der = from_base64(signature.signature);
  ASSERT_TRUE(der);
  const crypto::PublicKey public_key = key.private_key().public_key();
  EXPECT_TRUE(public_key.verify(bytes_of("@acme/pkg@1.0.0:sha512-abc"), raw(*der)));
  EXPECT_FALSE(public_key.verify(bytes_of("@acme/pkg@1.0.1:sha512-abc"), raw(*der)));
}

}  // namespace
}  // namespace imp::registry
