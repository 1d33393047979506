#include "audit/log_keys.h"

#include "audit/kept_checkpoint.h"
#include "audit/log.h"
#include "audit/tree_refusal.h"
#include "base/encoding.h"
#include "crypto/random.h"
#include "tlog/checkpoint.h"

namespace imp::audit {

namespace {

std::string purpose(std::string_view vkey) { return fmt::format("audit-log-key/{}", vkey); }

tlog::NoteSigner generate(const std::string& origin) {
  return {origin, crypto::PrivateKey::generate(crypto::KeyKind::ed25519)};
}

void insert(db::Session& session, const tlog::NoteSigner& key, const crypto::Sealer& sealer,
            Time now) {
  const std::string vkey = key.verifier().text();
  session.run(
      "INSERT INTO audit_log_keys (vkey, sealed_private_key, signs, created, signs_until) VALUES "
      "(:p1, :p2, 1, :p3, NULL)",
      {vkey, sealer.seal(key.key.to_pem(), purpose(vkey)), to_milliseconds(now)});
}

std::optional<std::string> signing_key(db::Session& session) {
  const auto row = session.row("SELECT vkey FROM audit_log_keys WHERE signs = 1");
  if (!row) return std::nullopt;
  return row->text(0);
}

Record record_of(std::string action, const tlog::NoteSigner& key, std::string via, Time now) {
  // Chain hashes from here on hang on something that nobody can guess, and with them the leaf
  // hashes that everybody may see.
  return {.at = now,
          .actor = "system",
          .action = std::move(action),
          .subject = "key:" + key.verifier().text(),
          .outcome = "granted",
          .detail = {{"via", std::move(via)}, {"salt", hex(crypto::system_random().bytes(16))}}};
}

}  // namespace

Result<void> LogKeys::ensure(const std::string& origin) {
  const auto existing = database_.read(
      [](db::Session& session) -> Result<bool> { return signing_key(session).has_value(); });
  if (!existing) return pass_on(existing);
  if (*existing) return {};
  const tlog::NoteSigner key = generate(origin);
  return database_.write([&](db::Session& session) -> Result<void> {
    // Another process may have been faster.
    if (signing_key(session)) return {};
    const Time now = clock_.now();
    insert(session, key, sealer_, now);
    append(session, record_of("audit.key.create", key, "start", now));
    return {};
  });
}

Result<tlog::VerifierKey> LogKeys::rotate(OldKey old_key) {
  const auto current = database_.read([](db::Session& session) -> Result<std::string> {
    const auto vkey = signing_key(session);
    if (!vkey) {
      return refuse(TreeRefusal::no_key,
                    "The audit log has no key yet: the server makes one when it first starts.");
    }
    return *vkey;
  });
  if (!current) return pass_on(current);
  const auto old = tlog::VerifierKey::parse(*current);
  if (!old) return pass_on(old);
  const tlog::NoteSigner key = generate(old->name());
  return database_.write([&](db::Session& session) -> Result<tlog::VerifierKey> {
    const Time now = clock_.now();
    const auto replaced = signing_key(session);
    // When the old key is lost its public half has to do.
    const auto before = signers(session);
    const auto trusted = before ? verifiers_of(*before) : std::vector{*old};
    const Time until = old_key == OldKey::stops ? now : now + kKeyOverlap;
    session.run("UPDATE audit_log_keys SET signs = 0, signs_until = :p1 WHERE signs = 1",
                {to_milliseconds(until)});
    // What stops at once takes those before it along: they are older still.
    if (old_key == OldKey::stops) {
      session.run("UPDATE audit_log_keys SET signs_until = :p1 WHERE signs_until > :p2",
                  {to_milliseconds(now), to_milliseconds(now)});
    }
    insert(session, key, sealer_, now);
    retire(session);
    // What only the old key signed could not be continued. A tree that is not what was signed stays
    // as it is, for whoever seals next to find.
    if (const auto tree = tree_state(session); tree && check_kept(*tree, trusted)) {
      const auto now_signing = signers(session);
      if (!now_signing) return pass_on(now_signing);
      session.run("UPDATE audit_tree SET checkpoint = :p1 WHERE id = 1",
                  {tlog::sign_note(tlog::parse_note(tree->checkpoint)->text, *now_signing)});
    }
    Record record = record_of("audit.key.rotate", key, "command line", now);
    if (replaced) record.detail["replaces"] = *replaced;
    record.detail["replaced_signs_until"] = iso8601(until);
    append(session, record);
    return key.verifier();
  });
}

Result<std::vector<LogKey>> LogKeys::list() const {
  return database_.read(
      [&](db::Session& session) -> Result<std::vector<LogKey>> { return list(session); });
}

std::vector<LogKey> LogKeys::list(db::Session& session) const {
  std::vector<LogKey> keys;
  for (const db::Row& row : session.rows(
           "SELECT vkey, created, signs_until FROM audit_log_keys ORDER BY signs DESC, created "
           "DESC, vkey")) {
    auto key = tlog::VerifierKey::parse(row.text(0));
    if (!key) throw db::StoreError("a verifier key of the audit log is damaged", false);
    LogKey one{std::move(*key), from_milliseconds(row.integer(1)), std::nullopt};
    if (const auto until = row.maybe_integer(2)) one.signs_until = from_milliseconds(*until);
    keys.push_back(std::move(one));
  }
  return keys;
}

Result<std::vector<tlog::NoteSigner>> LogKeys::signers(db::Session& session) const {
  std::vector<tlog::NoteSigner> signers;
  for (const db::Row& row : session.rows(
           "SELECT vkey, sealed_private_key FROM audit_log_keys WHERE sealed_private_key IS NOT "
           "NULL AND (signs = 1 OR signs_until > :p1) ORDER BY signs DESC, created DESC, vkey",
           {to_milliseconds(clock_.now())})) {
    const auto verifier = tlog::VerifierKey::parse(row.text(0));
    if (!verifier) return pass_on(verifier);
    const auto pem = sealer_.open(row.text(1), purpose(row.text(0)));
    if (!pem) return pass_on(pem);
    const auto key = crypto::PrivateKey::from_pem(*pem);
    if (!key) return pass_on(key);
    tlog::NoteSigner signer{verifier->name(), *key};
    if (signer.verifier() != *verifier) {
      return refuse(TreeRefusal::damaged,
                    "The verifier key of the audit log does not belong to its private key.",
                    row.text(0));
    }
    signers.push_back(std::move(signer));
  }
  return signers;
}

void LogKeys::retire(db::Session& session) const {
  session.run(
      "UPDATE audit_log_keys SET sealed_private_key = NULL WHERE signs = 0 AND sealed_private_key "
      "IS NOT NULL AND signs_until <= :p1",
      {to_milliseconds(clock_.now())});
}

}  // namespace imp::audit
