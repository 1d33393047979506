#include "registry/packages/registry_key.h"

#include <fmt/format.h>

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include "audit/log.h"
#include "crypto/hash.h"
#include "registry/packages/refusal.h"

namespace imp::registry {
namespace {

constexpr std::string_view kPurpose = "registry-signing-key/";
constexpr std::string_view kKeyType = "ecdsa-sha2-nistp256";

std::string key_id(const crypto::PublicKey& key) {
  std::string fingerprint = base64(crypto::sha256(key.spki_der()));
  while (fingerprint.ends_with('=')) fingerprint.pop_back();
  return "SHA256:" + fingerprint;
}

struct StoredKey {
  std::string keyid, sealed;
};

std::optional<StoredKey> current(db::Session& session) {
  const auto row = session.row(
      "SELECT keyid, sealed FROM registry_key WHERE expires IS NULL ORDER BY slot DESC LIMIT 1");
  if (!row) return std::nullopt;
  return StoredKey{row->text(0), row->text(1)};
}

}  // namespace

RegistryKey::RegistryKey(crypto::PrivateKey key)
    : key_(std::move(key)), keyid_(key_id(key_.public_key())) {}

std::string RegistryKey::public_text() const { return base64(key_.public_key().spki_der()); }

DistSignature RegistryKey::sign(std::string_view name, std::string_view version,
                                std::string_view integrity) const {
  const std::string statement = fmt::format("{}@{}:{}", name, version, integrity);
  return {keyid_, base64(key_.sign_der(bytes_of(statement)))};
}

Result<RegistryKey> load_or_create_registry_key(db::Database& database,
                                                const crypto::Sealer& sealer, const Clock& clock) {
  using Found = Result<std::optional<StoredKey>>;
  Found stored = database.read([](db::Session& session) -> Found { return current(session); });
  if (!stored) return pass_on(stored);
  if (!*stored) {
    const RegistryKey made(crypto::PrivateKey::generate(crypto::KeyKind::p256));
    const std::string sealed =
        sealer.seal(made.private_key().to_pem(), std::string(kPurpose) + made.keyid());
    // Slot 1 is unique: of several nodes that start at once, one stores its key, all read that one.
    stored = database.write([&](db::Session& session) -> Found {
      const Time now = clock.now();
      if (session.insert_if_absent(
              "INSERT INTO registry_key (keyid, slot, public_key, sealed, created) "
              "VALUES (:p1, 1, :p2, :p3, :p4) ON CONFLICT DO NOTHING",
              {made.keyid(), made.public_text(), sealed, to_milliseconds(now)})) {
        audit::append(session, {.at = now,
                                .actor = "system",
                                .action = "registry.key.create",
                                .subject = "key:" + made.keyid(),
                                .outcome = "granted",
                                .detail = {{"via", "start"}}});
      }
      return current(session);
    });
    if (!stored) return pass_on(stored);
    if (!*stored) {
      return refuse(PackageRefusal::bad_key,
                    "The registry has no signing key that is still in use.");
    }
  }
  const StoredKey& found = **stored;
  const Result<std::string> pem = sealer.open(found.sealed, std::string(kPurpose) + found.keyid);
  if (!pem) {
    return refuse(PackageRefusal::bad_key,
                  "The registry's signing key cannot be opened: is this the master key that the "
                  "data was made with?",
                  pem.error().message);
  }
  Result<crypto::PrivateKey> key = crypto::PrivateKey::from_pem(*pem);
  if (!key || key->kind() != crypto::KeyKind::p256) {
    return refuse(PackageRefusal::bad_key, "The registry's signing key is damaged.");
  }
  return RegistryKey(std::move(*key));
}

std::string keys_document(db::Session& session) {
  boost::json::array keys;
  for (const db::Row& row :
       session.rows("SELECT keyid, public_key, expires FROM registry_key ORDER BY slot")) {
    boost::json::value expires;
    if (const auto when = row.maybe_integer(2)) expires = iso8601(from_milliseconds(*when));
    keys.push_back({{"expires", expires},
                    {"keyid", row.text(0)},
                    {"keytype", kKeyType},
                    {"scheme", kKeyType},
                    {"key", row.text(1)}});
  }
  return boost::json::serialize(boost::json::object{{"keys", std::move(keys)}});
}

}  // namespace imp::registry
