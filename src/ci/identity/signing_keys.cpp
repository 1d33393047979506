#include "ci/identity/signing_keys.h"

#include <fmt/format.h>

#include "audit/log.h"
#include "ci/contexts/audit_record.h"
#include "jose/jwk.h"

namespace imp::ci {
namespace {

std::string purpose(std::string_view kid) { return fmt::format("oidc-signing-key/{}", kid); }

struct NewKey {
  std::string kid;
  crypto::PrivateKey key;
};

/// Takes about 0.1 s: never inside a transaction.
NewKey generate() {
  crypto::PrivateKey key = crypto::PrivateKey::generate(crypto::KeyKind::rsa);
  std::string kid = jose::thumbprint(key.public_key());
  return {std::move(kid), std::move(key)};
}

void insert(db::Session& session, const NewKey& key, const crypto::Sealer& sealer, Time now) {
  const auto components = key.key.public_key().components();
  session.run(
      "INSERT INTO ci_signing_keys (kid, n, e, sealed_private_key, signs, created, "
      "published_until) "
      "VALUES (:p1, :p2, :p3, :p4, 1, :p5, NULL)",
      {key.kid, base64url(components.n), base64url(components.e),
       sealer.seal(key.key.to_pem(), purpose(key.kid)), to_milliseconds(now)});
}

Result<IssuerKey> key_of(const db::Row& row) {
  const auto n = from_base64url(row.text(1)), e = from_base64url(row.text(2));
  if (!n || !e) {
    return refuse(IdentityRefusal::damaged_signing_key, "A signing key of this server is damaged.",
                  row.text(0));
  }
  auto key = crypto::PublicKey::rsa(*n, *e);
  if (!key) return pass_on(key);
  IssuerKey result{row.text(0), std::move(*key), from_milliseconds(row.integer(3)), std::nullopt};
  if (const auto until = row.maybe_integer(4)) result.published_until = from_milliseconds(*until);
  return result;
}

std::optional<std::string> signing_kid(db::Session& session) {
  const auto row = session.row("SELECT kid FROM ci_signing_keys WHERE signs = 1");
  if (!row) return std::nullopt;
  return row->text(0);
}

}  // namespace

std::vector<db::Migration> identity_migrations() {
  return {{"ci-identity/1",
           "CREATE TABLE ci_signing_keys (kid TEXT PRIMARY KEY, n TEXT NOT NULL, e TEXT NOT NULL, "
           // NULL once the key has been rotated out: nothing signs with it again.
           "sealed_private_key TEXT, signs INTEGER NOT NULL, created BIGINT NOT NULL, "
           "published_until BIGINT);\n"
           "CREATE UNIQUE INDEX ci_signing_keys_one_signs ON ci_signing_keys (signs) "
           "WHERE signs = 1;\n"}};
}

SigningKeys::SigningKeys(db::Database& database, const crypto::Sealer& sealer, const Clock& clock)
    : database_(database), sealer_(sealer), clock_(clock) {}

Result<void> SigningKeys::ensure() {
  const auto existing = database_.read(
      [](db::Session& session) -> Result<bool> { return signing_kid(session).has_value(); });
  if (!existing) return pass_on(existing);
  if (*existing) return {};
  const NewKey key = generate();
  return database_.write([&](db::Session& session) -> Result<void> {
    // Another process may have been faster; its key is as good.
    if (signing_kid(session)) return {};
    insert(session, key, sealer_, clock_.now());
    audit::append(session, audit_record(accounts::Actor::system("start"), "oidc.key.create",
                                        "key:" + key.kid, "", clock_.now(), {}));
    return {};
  });
}

Result<std::string> SigningKeys::rotate(const accounts::Actor& by) {
  const NewKey key = generate();
  return database_.write([&](db::Session& session) -> Result<std::string> {
    const Time now = clock_.now();
    session.run("DELETE FROM ci_signing_keys WHERE signs = 0 AND published_until <= :p1",
                {to_milliseconds(now)});
    const auto old = signing_kid(session);
    session.run(
        "UPDATE ci_signing_keys SET signs = 0, sealed_private_key = NULL, published_until = :p1 "
        "WHERE signs = 1",
        {to_milliseconds(now + key_overlap)});
    insert(session, key, sealer_, now);
    boost::json::object detail;
    if (old) {
      detail["replaces"] = *old;
      detail["published_until"] = iso8601(now + key_overlap);
    }
    audit::append(
        session, audit_record(by, "oidc.key.rotate", "key:" + key.kid, "", now, std::move(detail)));
    return key.kid;
  });
}

Result<std::vector<IssuerKey>> SigningKeys::published() const {
  return database_.read([&](db::Session& session) -> Result<std::vector<IssuerKey>> {
    std::vector<IssuerKey> keys;
    for (const db::Row& row : session.rows(
             "SELECT kid, n, e, created, published_until FROM ci_signing_keys "
             "WHERE signs = 1 OR published_until > :p1 ORDER BY signs DESC, created DESC, kid",
             {to_milliseconds(clock_.now())})) {
      auto key = key_of(row);
      if (!key) return pass_on(key);
      keys.push_back(std::move(*key));
    }
    return keys;
  });
}

Result<SigningKeys::Signer> SigningKeys::signer() const {
  return database_.read([&](db::Session& session) -> Result<Signer> {
    const auto kid = signing_kid(session);
    if (!kid) {
      return refuse(
          IdentityRefusal::no_signing_key,
          "The OIDC issuer has no signing key yet; \"imprimatur keys rotate\" makes one.");
    }
    {
      const std::lock_guard lock(mutex_);
      if (cached_ && cached_->kid == *kid) return *cached_;
    }
    const auto row =
        session.row("SELECT sealed_private_key FROM ci_signing_keys WHERE kid = :p1", {*kid});
    const auto pem = sealer_.open(row ? row->text(0) : "", purpose(*kid));
    if (!pem) return pass_on(pem);
    auto key = crypto::PrivateKey::from_pem(*pem);
    if (!key) return pass_on(key);
    Signer signer{*kid, std::move(*key)};
    const std::lock_guard lock(mutex_);
    cached_ = signer;
    return signer;
  });
}

}  // namespace imp::ci
