#include "registry/trust/publish_token.h"

#include <algorithm>
#include <boost/json.hpp>

#include "base/uuid.h"
#include "crypto/hash.h"
#include "registry/trust/refusal.h"
#include "registry/trust/replay_mark.h"
#include "registry/trust/run_end.h"

namespace imp::trust {

namespace {

constexpr std::size_t kSecretLength = 40;  // of 62 letters and digits: 238 bits
constexpr std::size_t kStampLength = 8;    // of milliseconds in the same: until the year 8000

constexpr std::string_view kDigits =
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// A time in digits whose order as text is that of the times.
std::string stamp_of(Time time) {
  std::string stamp(kStampLength, kDigits.front());
  auto left = static_cast<std::uint64_t>(std::max<std::int64_t>(to_milliseconds(time), 0));
  for (auto digit = stamp.rbegin(); digit != stamp.rend(); ++digit, left /= kDigits.size()) {
    *digit = kDigits[left % kDigits.size()];
  }
  return stamp;
}

/// What a token is found by: its stamp, for the order, and the SHA-256 of all of it. Older versions
/// made tokens without a stamp, and what strangers send may be anything.
std::string key_of(std::string_view text) {
  std::string_view stamp;
  if (text.size() == kPublishTokenPrefix.size() + kStampLength + kSecretLength) {
    stamp = text.substr(kPublishTokenPrefix.size(), kStampLength);
    if (stamp.find_first_not_of(kDigits) != std::string_view::npos) stamp = {};
  }
  return std::string(stamp) + crypto::sha256_hex(text);
}

std::unexpected<Failure> invalid(std::string_view why) {
  return refuse(
      TrustRefusal::publish_token_invalid,
      "This publish token is not valid: it was never issued, has expired, or was revoked. Exchange "
      "a new identity token.",
      std::string(why));
}

std::string_view permission_for(PublishAction action) {
  switch (action) {
    case PublishAction::read:
      return "";
    case PublishAction::publish:
      return "createPackage";
    case PublishAction::stage:
      return "createStagedPackage";
    case PublishAction::dist_tag:
      return "manageDistTags";
  }
  return "";
}

bool granted(const Permissions& permissions, PublishAction action) {
  switch (action) {
    case PublishAction::read:
      return true;
    case PublishAction::publish:
      return permissions.create_package;
    case PublishAction::stage:
      return permissions.create_staged_package;
    case PublishAction::dist_tag:
      return permissions.manage_dist_tags;
  }
  return false;
}

constexpr std::string_view kSelect =
    "SELECT t.id, t.package_id, t.package_name, t.publisher_id, t.permissions, t.run, "
    "t.created_at, t.expires_at, t.revoked_at, p.type, t.version, t.spent_on FROM publish_token t "
    "JOIN trusted_publisher p ON p.id = t.publisher_id WHERE ";

Result<PublishToken> judged(db::Session& session, const std::optional<db::Row>& row, Time now) {
  if (!row) return invalid("unknown, or its publisher was removed");
  if (!row->null(8)) {
    if (is_of_ended_run(session, row->text(0))) return token_of_ended_run();
    return invalid("revoked");
  }
  if (now >= from_milliseconds(row->integer(7))) return invalid("expired");
  // It would live until the clock is there again.
  if (now + kClockCorrection < from_milliseconds(row->integer(6))) {
    return invalid("issued while the clock was ahead");
  }
  const Provider* provider = provider_of_type(row->text(9));
  if (!provider) return invalid("its publisher is of an unknown type");
  return PublishToken{row->text(0),
                      row->text(1),
                      row->text(2),
                      row->text(3),
                      provider,
                      Permissions::parse_stored(row->text(4)),
                      boost::json::parse(row->text(5)).as_object(),
                      from_milliseconds(row->integer(6)),
                      from_milliseconds(row->integer(7)),
                      row->text(10),
                      row->text(11)};
}

}  // namespace

MintedToken mint_publish_token(db::Session& session, crypto::Random& random,
                               const TrustedPublisher& publisher, std::string_view package_name,
                               const boost::json::object& run, Time now, std::string version) {
  MintedToken minted;
  minted.text =
      std::string(kPublishTokenPrefix) + stamp_of(now) + random.alphanumeric(kSecretLength);
  minted.token = {new_ordered_uuid(now),
                  publisher.package_id,
                  std::string(package_name),
                  publisher.id,
                  publisher.claims.provider(),
                  publisher.permissions,
                  {},
                  now,
                  now + kPublishTokenLife,
                  std::move(version)};
  const PublishToken& token = minted.token;
  session.run(
      "INSERT INTO publish_token (hash, id, package_id, package_name, publisher_id, permissions, "
      "run, created_at, expires_at, version, type) VALUES (:p1, :p2, :p3, :p4, :p5, :p6, :p7, :p8, "
      ":p9, :p10, :p11)",
      {key_of(minted.text), token.id, token.package_id, token.package_name, token.publisher_id,
       token.permissions.stored(), boost::json::serialize(run), to_milliseconds(token.created_at),
       to_milliseconds(token.expires_at), token.version, publisher.type});
  return minted;
}

Result<PublishToken> find_publish_token(db::Session& session, std::string_view text, Time now) {
  static const std::string sql = std::string(kSelect) + "t.hash = :p1";
  return judged(session, session.row(sql, {key_of(text)}), now);
}

Result<void> still_stands(db::Session& session, const PublishToken& token, Time now) {
  static const std::string sql = std::string(kSelect) + "t.id = :p1";
  const auto found = judged(session, session.row(sql, {token.id}), now);
  if (!found) return pass_on(found);
  return {};
}

Result<void> may(const PublishToken& token, PublishAction action, std::string_view package_name) {
  if (token.package_name != package_name) {
    return refuse(TrustRefusal::other_package,
                  fmt::format("This publish token is for {} alone, not for {}.", token.package_name,
                              package_name));
  }
  if (!granted(token.permissions, action)) {
    return refuse(
        TrustRefusal::permission_not_granted,
        fmt::format(
            "OIDC permission denied for this action: the trusted publisher of {} has {}, and "
            "this needs {}. {}A maintainer can change that on the package's settings page.",
            package_name, token.permissions.stored(), permission_for(action),
            action == PublishAction::publish && granted(token.permissions, PublishAction::stage)
                ? "`npm stage publish` is allowed. "
                : ""));
  }
  return {};
}

Result<void> may_release(const PublishToken& token, std::string_view version) {
  if (!token.version.empty() && token.version != version) {
    return refuse(
        TrustRefusal::version_tag_mismatch,
        fmt::format("The trusted publisher of {} binds the version to the ref, which says {}, "
                    "but {} is being published. Tag the commit with the version of its "
                    "package.json.",
                    token.package_name, token.version, version));
  }
  if (!token.spent_on.empty() && token.spent_on != version) {
    return refuse(
        TrustRefusal::publish_token_spent,
        fmt::format("This publish token was used for {}@{}, and one is good for one version: {} "
                    "needs an exchange of its own. npm publish makes one by itself each time; "
                    "where the job's identity token is used up, get a new one first: on "
                    "CircleCI, run `circleci run oidc get` again.",
                    token.package_name, token.spent_on, version));
  }
  return {};
}

Result<void> spend(db::Session& session, const PublishToken& token, std::string_view version) {
  if (const auto may = may_release(token, version); !may) return may;
  if (!token.spent_on.empty()) return {};
  // Several uploads may have found it empty, and one of them fills it.
  if (session.run("UPDATE publish_token SET spent_on = :p2 WHERE id = :p1 AND spent_on = ''",
                  {token.id, std::string(version)}) == 1) {
    return {};
  }
  const auto row = session.row("SELECT spent_on FROM publish_token WHERE id = :p1", {token.id});
  if (!row) return invalid("forgotten");
  PublishToken spent = token;
  spent.spent_on = row->text(0);
  return may_release(spent, version);
}

std::optional<IssuedToken> issued_token(db::Session& session, std::string_view text) {
  const auto row = session.row(
      "SELECT id, package_name, publisher_id, run, type FROM publish_token WHERE hash = :p1",
      {key_of(text)});
  if (!row) return std::nullopt;
  return IssuedToken{row->text(0), row->text(1), row->text(2), provider_of_type(row->text(4)),
                     boost::json::parse(row->text(3)).as_object()};
}

bool revoke_publish_token(db::Session& session, std::string_view text, Time now) {
  return session.run(
             "UPDATE publish_token SET revoked_at = :p2 WHERE hash = :p1 AND revoked_at IS NULL",
             {key_of(text), to_milliseconds(now)}) == 1;
}

std::int64_t revoke_publish_tokens_of(db::Session& session,
                                      const std::function<bool(std::string_view package)>& covered,
                                      Time now) {
  std::int64_t revoked = 0;
  for (const db::Row& row :
       session.rows("SELECT id, package_name FROM publish_token WHERE revoked_at IS NULL")) {
    if (!covered(row.text(1))) continue;
    revoked += session.run("UPDATE publish_token SET revoked_at = :p2 WHERE id = :p1",
                           {row.text(0), to_milliseconds(now)});
  }
  return revoked;
}

void forget_expired(db::Session& session, Time now) {
  const std::int64_t before = to_milliseconds(now - kReplayMargin);
  forget_marks(session, now - kReplayMargin);
  session.run("DELETE FROM publish_token WHERE expires_at < :p1", {before});
  forget_runs(session, now - kReplayMargin, now);
}

}  // namespace imp::trust
