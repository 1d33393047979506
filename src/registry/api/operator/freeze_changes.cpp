#include "registry/api/operator/freeze_changes.h"

#include "accounts/organizations.h"
#include "audit/log.h"
#include "registry/api/news/told_people.h"
#include "registry/trust/publish_token.h"

namespace imp::registry {

namespace {

/// Whose administrators may see the record: of a scope, or of a package's scope.
std::optional<std::string> owner_of(db::Session& session, const FreezeTarget& target) {
  std::string_view key = target.key();
  if (!key.starts_with('@')) return std::nullopt;
  key.remove_prefix(1);
  const auto organization =
      accounts::find_organization_by_name(session, key.substr(0, key.find('/')));
  return organization ? std::optional(organization->id) : std::nullopt;
}

void write_down(db::Session& session, audit::Record record, std::string_view action,
                const Freeze& freeze) {
  record.action = action;
  record.subject = freeze.target.subject();
  record.outcome = "granted";
  record.organization = owner_of(session, freeze.target);
  record.detail["freeze"] = freeze.to_json();
  audit::append(session, record);
  tell_governors(session, record);
}

}  // namespace

Result<Freeze> freeze(db::Session& session, const FreezeTarget& target, std::string_view reason,
                      std::string_view created_by, audit::Record record) {
  auto added = add_freeze(session, target, reason, created_by, record.at);
  if (added) write_down(session, std::move(record), "freeze.add", *added);
  return added;
}

Result<Freeze> unfreeze(db::Session& session, std::string_view id, audit::Record record) {
  auto removed = remove_freeze(session, id);
  if (!removed) return removed;
  const std::int64_t revoked = trust::revoke_publish_tokens_of(
      session, [&](std::string_view package) { return removed->target.covers(package); },
      record.at);
  if (revoked > 0) record.detail["publish_tokens_revoked"] = revoked;
  write_down(session, std::move(record), "freeze.remove", *removed);
  return removed;
}

}  // namespace imp::registry
