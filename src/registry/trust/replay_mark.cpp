#include "registry/trust/replay_mark.h"

#include "db/forgotten.h"
#include "registry/trust/refusal.h"

namespace imp::trust {

namespace {

constexpr db::Marks kMarks{.table = "used_identity_token",
                           .issuer = "issuer",
                           .time = "expires_at",
                           .forgotten = "forgotten_identity_token"};

}  // namespace

Result<void> use_up(db::Session& session, const jose::Claims& claims) {
  const std::string id = claims.token_id.value_or(claims.signed_hash);
  // may_be_forgotten(), in the statement that marks: an exchange that is granted asks nothing more.
  if (session.insert_if_absent(
          "INSERT INTO used_identity_token (issuer, token_id, expires_at) SELECT :p1, :p2, :p3 "
          "WHERE NOT EXISTS (SELECT 1 FROM forgotten_identity_token WHERE issuer = :p1 AND "
          "day = :p3 / 86400000 AND expires_at >= :p3) ON CONFLICT DO NOTHING",
          {claims.issuer, id, to_milliseconds(claims.expires_at)})) {
    return {};
  }
  if (session.row("SELECT 1 FROM used_identity_token WHERE issuer = :p1 AND token_id = :p2",
                  {claims.issuer, id})) {
    return refuse(TrustRefusal::replayed,
                  "This identity token was exchanged before. Each exchange needs a fresh one: on "
                  "CircleCI, run `circleci run oidc get` again.");
  }
  return refuse(TrustRefusal::clock_set_back,
                "The registry's clock was ahead and was set back, and whether this identity token "
                "was exchanged before is not known any more. Exchange a fresh one: on CircleCI, "
                "run `circleci run oidc get` again.");
}

void forget_marks(db::Session& session, Time expired_before) {
  db::forget(session, kMarks, expired_before);
}

std::vector<db::Migration> replay_mark_migrations() {
  return {{"trust_replay/1",
           "CREATE TABLE forgotten_identity_token (\n"
           "  issuer TEXT NOT NULL, day BIGINT NOT NULL, expires_at BIGINT NOT NULL,\n"
           "  PRIMARY KEY (issuer, day));\n"}};
}

}  // namespace imp::trust
