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
  for (;;) {
    crypto::PrivateKey key = crypto::PrivateKey::generate(crypto::KeyKind::rsa);
    std::string kid = jose::thumbprint(key.public_key());
    // It is an argument of "keys withdraw", and must not look like an option there.
    if (!kid.starts_with('-')) return {std::move(kid), std::move(key)};
  }
}

void insert(db::Session& session, const NewKey& key, const crypto::Sealer& sealer, Time now,
            Time signs_from) {
  const auto components = key.key.public_key().components();
  session.run(
      "INSERT INTO ci_signing_keys (kid, n, e, sealed_private_key, signs, created, "
      "published_until, signs_from) "
      "VALUES (:p1, :p2, :p3, :p4, 1, :p5, NULL, :p6)",
      {key.kid, base64url(components.n), base64url(components.e),
       sealer.seal(key.key.to_pem(), purpose(key.kid)), to_milliseconds(now),
       to_milliseconds(signs_from)});
}

Result<IssuerKey> key_of(const db::Row& row) {
  const auto n = from_base64url(row.text(1)), e = from_base64url(row.text(2));
  if (!n || !e) {
    return refuse(IdentityRefusal::damaged_signing_key, "A signing key of this server is damaged.",
                  row.text(0));
  }
  auto key = crypto::PublicKey::rsa(*n, *e);
  if (!key) return pass_on(key);
  IssuerKey result{row.text(0), std::move(*key), from_milliseconds(row.integer(3)),
                   from_milliseconds(row.integer(4)), std::nullopt};
  if (const auto until = row.maybe_integer(5)) result.published_until = from_milliseconds(*until);
  return result;
}

std::optional<std::string> kid_of(const std::optional<db::Row>& row) {
  if (!row) return std::nullopt;
  return row->text(0);
}

/// The newest key whose time to sign has come.
std::optional<std::string> signing_kid(db::Session& session, Time now) {
  return kid_of(
      session.row("SELECT kid FROM ci_signing_keys WHERE signs = 1 AND signs_from <= :p1 "
                  "ORDER BY signs_from DESC, created DESC, kid LIMIT 1",
                  {to_milliseconds(now)}));
}

/// The key that waits for its time to sign.
std::optional<std::string> waiting_kid(db::Session& session, Time now) {
  return kid_of(
      session.row("SELECT kid FROM ci_signing_keys WHERE signs = 1 AND signs_from > :p1 "
                  "ORDER BY signs_from LIMIT 1",
                  {to_milliseconds(now)}));
}

/// What an older key must not keep: its private half once `signing` signs, its row once it is no
/// longer published.
constexpr std::string_view outlived = "published_until <= :p1";
constexpr std::string_view replaced = "signs = 1 AND signs_from <= :p1 AND kid <> :p2";

void erase_outlived(db::Session& session, const std::string& signing, Time now) {
  session.run(fmt::format("DELETE FROM ci_signing_keys WHERE {}", outlived),
              {to_milliseconds(now)});
  session.run(fmt::format("UPDATE ci_signing_keys SET signs = 0, sealed_private_key = NULL "
                          "WHERE {}",
                          replaced),
              {to_milliseconds(now), signing});
}

}  // namespace

std::vector<db::Migration> identity_migrations() {
  return {{"ci-identity/1",
           "CREATE TABLE ci_signing_keys (kid TEXT PRIMARY KEY, n TEXT NOT NULL, e TEXT NOT NULL, "
           // NULL, and signs = 0, once the next key signs: nothing signs with it again.
           "sealed_private_key TEXT, signs INTEGER NOT NULL, created BIGINT NOT NULL, "
           "published_until BIGINT);\n"
           "CREATE UNIQUE INDEX ci_signing_keys_one_signs ON ci_signing_keys (signs) "
           "WHERE signs = 1;\n"},
          // Two keys may be able to sign: the one that does, and the one that will.
          {"ci-identity/2",
           "ALTER TABLE ci_signing_keys ADD COLUMN signs_from BIGINT NOT NULL DEFAULT 0;\n"
           "DROP INDEX ci_signing_keys_one_signs;\n"}};
}

SigningKeys::SigningKeys(db::Database& database, const crypto::Sealer& sealer, const Clock& clock)
    : database_(database), sealer_(sealer), clock_(clock) {}

Result<void> SigningKeys::ensure() {
  const auto existing = database_.read([&](db::Session& session) -> Result<bool> {
    return signing_kid(session, clock_.now()).has_value();
  });
  if (!existing) return pass_on(existing);
  if (*existing) return {};
  const NewKey key = generate();
  return database_.write([&](db::Session& session) -> Result<void> {
    const Time now = clock_.now();
    // Another process may have been faster; its key is as good.
    if (signing_kid(session, now)) return {};
    insert(session, key, sealer_, now, now);
    audit::append(session, audit_record(accounts::Actor::system("start"), "oidc.key.create",
                                        "key:" + key.kid, "", now, {}));
    return {};
  });
}

Result<SigningKeys::Rotation> SigningKeys::rotate(const accounts::Actor& by) {
  const NewKey key = generate();
  return database_.write([&](db::Session& session) -> Result<Rotation> {
    const Time now = clock_.now();
    if (const auto waiting = waiting_kid(session, now)) {
      return refuse(IdentityRefusal::rotation_under_way,
                    fmt::format("The key {} is published already and will sign soon; \"imprimatur "
                                "keys list\" says when. Rotate again after that.",
                                *waiting));
    }
    const auto old = signing_kid(session, now);
    const Time signs_from = old ? now + key_lead : now;
    boost::json::object detail{{"signs_from", iso8601(signs_from)}};
    if (old) {
      erase_outlived(session, *old, now);
      session.run("UPDATE ci_signing_keys SET published_until = :p1 WHERE kid = :p2",
                  {to_milliseconds(signs_from + key_overlap), *old});
      detail["replaces"] = *old;
      detail["published_until"] = iso8601(signs_from + key_overlap);
    }
    insert(session, key, sealer_, now, signs_from);
    audit::append(
        session, audit_record(by, "oidc.key.rotate", "key:" + key.kid, "", now, std::move(detail)));
    return Rotation{key.kid, signs_from};
  });
}

Result<SigningKeys::Withdrawal> SigningKeys::withdraw(const std::string& kid,
                                                      const accounts::Actor& by) {
  const NewKey key = generate();
  return database_.write([&](db::Session& session) -> Result<Withdrawal> {
    const Time now = clock_.now();
    const auto signing = signing_kid(session, now);
    if (session.run("DELETE FROM ci_signing_keys WHERE kid = :p1", {kid}) == 0) {
      return refuse(IdentityRefusal::unknown_signing_key,
                    "The issuer has no such key; \"imprimatur keys list\" shows those it has.");
    }
    Withdrawal done{.signs = signing.value_or(""), .signed_tokens = signing == kid};
    // An older key that was replaced may still have its private half; it must not sign again.
    if (!signing || done.signed_tokens) {
      const auto waiting = waiting_kid(session, now);
      if (waiting) {
        session.run("UPDATE ci_signing_keys SET signs_from = :p1 WHERE kid = :p2",
                    {to_milliseconds(now), *waiting});
      } else {
        insert(session, key, sealer_, now, now);
      }
      done.signs = waiting.value_or(key.kid);
    } else if (!waiting_kid(session, now)) {
      // It waited, and nothing replaces the key that signs any more.
      session.run("UPDATE ci_signing_keys SET published_until = NULL WHERE kid = :p1", {*signing});
    }
    erase_outlived(session, done.signs, now);
    audit::append(session, audit_record(by, "oidc.key.withdraw", "key:" + kid, "", now,
                                        {{"signed", done.signed_tokens}, {"signs", done.signs}}));
    return done;
  });
}

Result<void> SigningKeys::tidy() {
  const auto due = database_.read([&](db::Session& session) -> Result<bool> {
    const Time now = clock_.now();
    return session
        .row(fmt::format("SELECT 1 FROM ci_signing_keys WHERE {} OR ({})", outlived, replaced),
             {to_milliseconds(now), signing_kid(session, now).value_or("")})
        .has_value();
  });
  if (!due) return pass_on(due);
  if (!*due) return {};
  return database_.write([&](db::Session& session) -> Result<void> {
    const Time now = clock_.now();
    if (const auto signing = signing_kid(session, now)) erase_outlived(session, *signing, now);
    return {};
  });
}

Result<std::vector<IssuerKey>> SigningKeys::published() const {
  return database_.read([&](db::Session& session) -> Result<std::vector<IssuerKey>> {
    std::vector<IssuerKey> keys;
    for (const db::Row& row :
         session.rows("SELECT kid, n, e, created, signs_from, published_until FROM ci_signing_keys "
                      "WHERE published_until IS NULL OR published_until > :p1 "
                      "ORDER BY signs_from DESC, created DESC, kid",
                      {to_milliseconds(clock_.now())})) {
      auto key = key_of(row);
      if (!key) return pass_on(key);
      keys.push_back(std::move(*key));
    }
    return keys;
  });
}

Result<SigningKeys::Signer> SigningKeys::signer() const {
  return database_.read([&](db::Session& session) { return signer(session); });
}

Result<SigningKeys::Signer> SigningKeys::signer(db::Session& session) const {
  const auto kid = signing_kid(session, clock_.now());
  if (!kid) {
    return refuse(IdentityRefusal::no_signing_key,
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
}

}  // namespace imp::ci
