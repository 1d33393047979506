#include "hooks/hook.h"

#include <algorithm>
#include <boost/url.hpp>

#include "base/encoding.h"
#include "hooks/refusal.h"

namespace imp::hooks {

namespace {

constexpr std::size_t kLongestUrl = 2000;
constexpr std::size_t kShortestSecret = 24, kLongestSecret = 64;
constexpr std::string_view kSecretPrefix = "whsec_";

constexpr std::string_view kColumns =
    "SELECT id, target_kind, target, url, events, created_by, created_at, paused FROM hook ";

std::unexpected<Failure> bad(std::string message) {
  return refuse(HookRefusal::invalid_hook, std::move(message));
}

std::string stored(const std::vector<std::string>& events) {
  return fmt::format("{}", fmt::join(events, " "));
}

std::vector<std::string> events_from(std::string_view text) {
  std::vector<std::string> events;
  while (!text.empty()) {
    const std::size_t blank = std::min(text.find(' '), text.size());
    events.emplace_back(text.substr(0, blank));
    text.remove_prefix(std::min(blank + 1, text.size()));
  }
  return events;
}

Hook from_row(const db::Row& row) {
  Hook hook;
  hook.id = row.text(0);
  hook.target = {row.text(1) == name(Target::Kind::organization) ? Target::Kind::organization
                                                                 : Target::Kind::package,
                 row.text(2)};
  hook.url = row.text(3);
  hook.events = events_from(row.text(4));
  hook.created_by = row.text(5);
  hook.created = from_milliseconds(row.integer(6));
  hook.paused = row.text(7);
  return hook;
}

Result<void> check_url(const std::string& url, bool private_addresses) {
  const auto parsed = boost::urls::parse_uri(url);
  const std::string_view schemes = private_addresses ? "https:// or http://" : "https://";
  if (!parsed || url.size() > kLongestUrl || parsed->host().empty() || parsed->has_userinfo() ||
      parsed->has_fragment() ||
      !(parsed->scheme() == "https" || (private_addresses && parsed->scheme() == "http"))) {
    return bad(
        fmt::format("\"url\" must be an absolute address that begins with {}, without a "
                    "user name or a fragment, of at most {} characters.{}",
                    schemes, kLongestUrl,
                    parsed && parsed->scheme() == "http"
                        ? " For http:// an operator sets webhooks.private_addresses."
                        : ""));
  }
  return {};
}

}  // namespace

Reason reason(HookRefusal refusal) {
  switch (refusal) {
    case HookRefusal::hook_not_found:
      return {"hook_not_found", FailureKind::not_found};
    case HookRefusal::invalid_hook:
      return {"invalid_hook", FailureKind::invalid};
    case HookRefusal::too_many_hooks:
      return {"too_many_hooks", FailureKind::conflict};
    case HookRefusal::delivery_not_found:
      return {"delivery_not_found", FailureKind::not_found};
    case HookRefusal::hook_paused:
      return {"hook_paused", FailureKind::conflict};
  }
  return {};
}

std::string_view name(Target::Kind kind) {
  return kind == Target::Kind::package ? "package" : "organization";
}

bool Hook::wants(std::string_view type) const {
  return events.empty() || std::ranges::find(events, type) != events.end();
}

std::optional<Bytes> secret_bytes(std::string_view secret) {
  if (!secret.starts_with(kSecretPrefix)) return std::nullopt;
  auto bytes = from_base64(secret.substr(kSecretPrefix.size()));
  if (!bytes || bytes->size() < kShortestSecret || bytes->size() > kLongestSecret) {
    return std::nullopt;
  }
  return bytes;
}

Result<void> check(const HookRequest& request, std::span<const std::string_view> known,
                   bool private_addresses) {
  if (const auto usable = check_url(request.url, private_addresses); !usable) return usable;
  for (const std::string& event : request.events) {
    if (std::ranges::find(known, event) != known.end()) continue;
    return bad(
        fmt::format("There is no event \"{}\"; there are {}.", event, fmt::join(known, ", ")));
  }
  if (!request.secret.empty() && !secret_bytes(request.secret)) {
    return bad(
        fmt::format("\"secret\" must be \"{}\" and base64 of {} to {} bytes. Leave it out, "
                    "and one is made.",
                    kSecretPrefix, kShortestSecret, kLongestSecret));
  }
  return {};
}

std::string hook_purpose(std::string_view hook_id) { return fmt::format("hook/{}", hook_id); }

void add_hook(db::Session& session, const Hook& hook, std::string_view sealed) {
  session.run(
      "INSERT INTO hook (id, target_kind, target, url, events, secret, created_by, created_at, "
      "paused, slow) VALUES (:p1, :p2, :p3, :p4, :p5, :p6, :p7, :p8, '', 0)",
      {hook.id, std::string(name(hook.target.kind)), hook.target.id, hook.url, stored(hook.events),
       std::string(sealed), hook.created_by, to_milliseconds(hook.created)});
}

std::vector<Hook> hooks_of(db::Session& session, const Target& target) {
  static const std::string sql =
      std::string(kColumns) + "WHERE target_kind = :p1 AND target = :p2 ORDER BY created_at, id";
  std::vector<Hook> hooks;
  for (const db::Row& row : session.rows(sql, {std::string(name(target.kind)), target.id})) {
    hooks.push_back(from_row(row));
  }
  return hooks;
}

std::vector<Hook> hooks_made_by(db::Session& session, std::string_view person) {
  static const std::string sql =
      std::string(kColumns) + "WHERE created_by = :p1 ORDER BY created_at, id";
  std::vector<Hook> hooks;
  for (const db::Row& row : session.rows(sql, {std::string(person)})) {
    hooks.push_back(from_row(row));
  }
  return hooks;
}

Result<Hook> find_hook(db::Session& session, const Target& target, std::string_view id) {
  static const std::string sql = std::string(kColumns) + "WHERE id = :p1";
  const auto row = session.row(sql, {std::string(id)});
  if (row) {
    Hook hook = from_row(*row);
    if (hook.target == target) return hook;
  }
  return refuse(HookRefusal::hook_not_found, "There is no such webhook.");
}

void update_hook(db::Session& session, const Hook& hook, const std::optional<std::string>& sealed) {
  session.run(
      "UPDATE hook SET url = :p1, events = :p2, paused = :p3, created_by = :p4 WHERE id = :p5",
      {hook.url, stored(hook.events), hook.paused, hook.created_by, hook.id});
  if (!sealed) return;
  session.run("UPDATE hook SET secret = :p1 WHERE id = :p2", {*sealed, hook.id});
}

void remove_hook(db::Session& session, std::string_view id) {
  session.run("DELETE FROM hook_delivery WHERE hook_id = :p1", {std::string(id)});
  session.run("DELETE FROM hook WHERE id = :p1", {std::string(id)});
}

std::vector<db::Migration> migrations() {
  return {
      {"hooks/1",
       "CREATE TABLE hook (\n"
       "  id TEXT PRIMARY KEY, target_kind TEXT NOT NULL, target TEXT NOT NULL,\n"
       "  url TEXT NOT NULL, events TEXT NOT NULL, secret TEXT NOT NULL,\n"
       "  created_by TEXT NOT NULL, created_at BIGINT NOT NULL, paused TEXT NOT NULL,\n"
       "  slow BIGINT NOT NULL, due_at BIGINT);\n"
       "CREATE INDEX hook_target ON hook (target_kind, target);\n"
       "CREATE INDEX hook_due ON hook (due_at);\n"
       "CREATE TABLE hook_delivery (\n"
       "  id TEXT PRIMARY KEY, hook_id TEXT NOT NULL, seq BIGINT NOT NULL, type TEXT NOT NULL,\n"
       "  body TEXT NOT NULL,\n"
       "  created_at BIGINT NOT NULL, state TEXT NOT NULL, attempts BIGINT NOT NULL,\n"
       "  next_at BIGINT, last_at BIGINT, last_status BIGINT, last_answer TEXT NOT NULL);\n"
       "CREATE INDEX hook_delivery_due ON hook_delivery (hook_id, state, next_at);\n"
       "CREATE INDEX hook_delivery_log ON hook_delivery (hook_id, seq);\n"
       "CREATE INDEX hook_delivery_age ON hook_delivery (state, created_at);\n"},
      // What is paused, or waits for the other threads, is not walked by each look at what is due.
      {"hooks/2",
       "DROP INDEX hook_due;\n"
       "CREATE INDEX hook_due ON hook (slow, due_at) WHERE paused = '';\n"},
      {"hooks/makers/1", "CREATE INDEX hook_maker ON hook (created_by);\n"}};
}

}  // namespace imp::hooks
