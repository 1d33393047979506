#include "accounts/access_tokens.h"

#include <fmt/format.h>
#include <algorithm>
#include <chrono>

#include "accounts/cidr.h"
#include "accounts/people.h"
#include "accounts/refusal.h"
#include "accounts/token_request.h"
#include "accounts/token_row.h"
#include "base/uuid.h"
#include "crypto/hash.h"

namespace imp::accounts {
namespace {

constexpr std::size_t kCachedTokens = 10000;
constexpr Milliseconds kCacheLifetime = std::chrono::seconds(1);
constexpr std::int64_t kMostTokens = 1000;
constexpr std::size_t kShortestKeyPrefix = 6;
constexpr std::size_t kKeyLength = 36;

std::unexpected<Failure> no_such_token() {
  return refuse(AccountRefusal::token_not_found,
                "You have no access token with this key; see `npm token list`.");
}

std::unexpected<Failure> unknown_token() {
  return refuse(AccountRefusal::credential_invalid,
                "The access token is unknown or was revoked; sign in again.");
}

/// LIKE would give '%' and '_' a meaning, so a prefix must look like one.
bool is_key_prefix(std::string_view text) {
  return text.size() >= kShortestKeyPrefix && text.size() <= kKeyLength &&
         text.find_first_not_of("0123456789abcdef-") == std::string_view::npos;
}

std::optional<TokenCache::Entry> read_entry(db::Session& session, const std::string& hash,
                                            Time now) {
  const auto row = session.row(
      fmt::format("SELECT {} FROM accounts_tokens t WHERE t.token_hash = :p1", kTokenColumns),
      {hash});
  if (!row) return std::nullopt;
  AccessToken token = token_from(*row);
  const auto person = find_person(session, token.person_id);
  if (!person) return std::nullopt;
  TokenCache::Entry entry{.person = std::make_shared<const Person>(*person),
                          .token = nullptr,
                          .allowed = {},
                          .read = now};
  for (const std::string& text : token.cidr_whitelist) {
    const auto block = CidrBlock::parse(text);
    if (!block) throw db::StoreError("access token " + token.key + ": bad address range", false);
    entry.allowed.push_back(*block);
  }
  entry.token = std::make_shared<const AccessToken>(std::move(token));
  return entry;
}

bool allowed_from(const std::vector<CidrBlock>& blocks, std::string_view address) {
  if (blocks.empty()) return true;
  const auto parsed = parse_address(address);
  if (!parsed) return false;
  return std::ranges::any_of(blocks,
                             [&](const CidrBlock& block) { return block.contains(*parsed); });
}

}  // namespace

Result<void> still_stands(db::Session& session, const AccessToken& token, Time now) {
  if (session.row("SELECT 1 FROM accounts_tokens WHERE id = :p1 AND expires > :p2",
                  {token.key, to_milliseconds(now)})) {
    return {};
  }
  return refuse(AccountRefusal::credential_invalid,
                "The access token was revoked or expired while the request was on its way.");
}

TokenReach full_reach() {
  return {.packages_permission = TokenPermission::read_write,
          .all_packages = true,
          .orgs_permission = TokenPermission::read_write};
}

AccessTokens::AccessTokens(const Services& services, Trail& trail)
    : services_(services), trail_(trail), cache_(kCachedTokens, kCacheLifetime) {}

Result<MintedToken> AccessTokens::create(const Person& person, const NewToken& token,
                                         const Actor& actor) {
  return services_.database.write([&](db::Session& session) -> Result<MintedToken> {
    return create_in(session, person, token, actor);
  });
}

Result<MintedToken> AccessTokens::create_in(db::Session& session, const Person& person,
                                            const NewToken& token, const Actor& actor) {
  if (auto valid = check_new_token(token, services_.settings); !valid) return pass_on(valid);
  // Else a stolen limited token could turn itself into an unlimited one.
  if (auto full = require_full_credential(actor); !full) return pass_on(full);
  if (!actor.is_admin && actor.person_id != person.id) {
    return refuse(AccountRefusal::administrator_only,
                  "Only the person themselves or an administrator may create this token.");
  }
  const Time now = services_.clock.now();
  const auto count =
      session.row("SELECT COUNT(*) FROM accounts_tokens WHERE person_id = :p1 AND expires > :p2",
                  {person.id, to_milliseconds(now)});
  if (count->integer(0) >= kMostTokens) {
    return refuse(AccountRefusal::token_limit,
                  "You have 1000 access tokens; revoke some that are not needed any more.");
  }

  MintedToken minted{.token = generate_token(services_.random), .row = {}};
  minted.row = {.key = new_uuid(),
                .person_id = person.id,
                .redacted = redact_token(minted.token),
                .name = token.name,
                .description = token.description,
                .kind = token.kind,
                .reach = token.reach,
                .bypass_2fa = token.bypass_2fa,
                .cidr_whitelist = token.cidr_whitelist,
                .created = now,
                .expires = now + lifetime_of(token, services_.settings)};
  const AccessToken& row = minted.row;
  session.run(
      "INSERT INTO accounts_tokens (id, token_hash, person_id, redacted, name, description, kind, "
      "reach, bypass_2fa, cidr_whitelist, created, expires) VALUES (:p1, :p2, :p3, :p4, :p5, :p6, "
      ":p7, :p8, :p9, :p10, :p11, :p12)",
      {row.key, crypto::sha256_hex(minted.token), row.person_id, row.redacted, row.name,
       row.description, std::string(name(row.kind)), reach_text(row.reach),
       std::int64_t{row.bypass_2fa}, list_text(row.cidr_whitelist), to_milliseconds(row.created),
       to_milliseconds(*row.expires)});
  const std::string text =
      fmt::format("{} token of {}, packages {}, until {}{}", name(row.kind), person.name,
                  name(row.reach.packages_permission), time_text(*row.expires),
                  row.bypass_2fa ? ", bypasses 2fa" : "");
  if (row.kind == TokenKind::login) {
    // A sign-in, of which people are told as little as of those in the browser.
    trail_.append(session, actor, "token.create", "token:" + row.key, text);
  } else {
    trail_.append_and_tell(session, actor, person, "token.create", "token:" + row.key, text);
  }
  return minted;
}

Result<std::vector<AccessToken>> AccessTokens::list(std::string_view person_id) const {
  return services_.database.read([&](db::Session& session) -> Result<std::vector<AccessToken>> {
    std::vector<AccessToken> tokens;
    const auto rows =
        session.rows(fmt::format("SELECT {} FROM accounts_tokens t WHERE t.person_id = :p1 "
                                 "ORDER BY t.created DESC, t.id",
                                 kTokenColumns),
                     {std::string(person_id)});
    tokens.reserve(rows.size());
    for (const db::Row& row : rows) tokens.push_back(token_from(row));
    return tokens;
  });
}

Result<void> AccessTokens::revoke(const Person& person, std::string_view key_or_token,
                                  const Actor& actor) {
  if (!actor.is_admin && actor.person_id != person.id) {
    return refuse(AccountRefusal::administrator_only,
                  "Only the person themselves or an administrator may revoke this token.");
  }
  auto done = services_.database.write([&](db::Session& session) -> Result<void> {
    std::vector<db::Row> rows;
    if (is_token(key_or_token)) {
      rows =
          session.rows("SELECT id FROM accounts_tokens WHERE person_id = :p1 AND token_hash = :p2",
                       {person.id, crypto::sha256_hex(key_or_token)});
    } else if (is_key_prefix(key_or_token)) {
      rows = session.rows("SELECT id FROM accounts_tokens WHERE person_id = :p1 AND id LIKE :p2",
                          {person.id, std::string(key_or_token) + "%"});
    }
    if (rows.empty()) return no_such_token();
    if (rows.size() > 1) {
      return refuse(AccountRefusal::token_ambiguous,
                    "Several of your access tokens begin with this; give more of the key.");
    }
    const std::string key = rows.front().text(0);
    if (actor.via != "token:" + key) {
      if (auto full = require_full_credential(actor); !full) return full;
    }
    if (session.run("DELETE FROM accounts_tokens WHERE id = :p1", {key}) == 0) {
      return no_such_token();
    }
    trail_.append(session, actor, "token.revoke", "token:" + key, "of " + person.name);
    return {};
  });
  cache_.clear();
  return done;
}

Result<AccessTokens::Verified> AccessTokens::verify(std::string_view token,
                                                    std::string_view address) {
  if (!is_token(token)) return unknown_token();
  const std::string hash = crypto::sha256_hex(token);
  const Time now = services_.clock.now();
  std::optional<TokenCache::Entry> entry = cache_.find(hash, now);
  if (!entry) {
    const std::uint64_t generation = cache_.generation();
    auto read = services_.database.read([&](db::Session& session) -> Result<TokenCache::Entry> {
      if (auto found = read_entry(session, hash, now)) return *found;
      return unknown_token();
    });
    if (!read) return pass_on(read);
    cache_.put(hash, *read, generation);
    entry = std::move(*read);
  }
  if (now >= *entry->token->expires) {
    return refuse(AccountRefusal::token_expired, "The access token expired on " +
                                                     time_text(*entry->token->expires) +
                                                     "; create a new one or sign in again.");
  }
  if (!allowed_from(entry->allowed, address)) {
    return refuse(AccountRefusal::address_not_allowed,
                  "The access token may not be used from this address.", std::string(address));
  }
  last_used_.note(entry->token->key, now);
  return Verified{.person = entry->person, .token = entry->token};
}

Result<void> AccessTokens::flush_last_used() {
  const auto times = last_used_.take();
  if (times.empty()) return {};
  auto done = services_.database.write([&](db::Session& session) -> Result<void> {
    for (const auto& [key, time] : times) {
      session.run(
          "UPDATE accounts_tokens SET last_used = :p1 WHERE id = :p2 AND "
          "(last_used IS NULL OR last_used < :p3)",
          {to_milliseconds(time), key, to_milliseconds(time)});
    }
    return {};
  });
  if (!done) {
    for (const auto& [key, time] : times) last_used_.note(key, time);
  }
  return done;
}

Result<std::int64_t> AccessTokens::purge_expired(Milliseconds age) {
  return services_.database.write([&](db::Session& session) -> Result<std::int64_t> {
    return session.run("DELETE FROM accounts_tokens WHERE expires <= :p1",
                       {to_milliseconds(services_.clock.now() - age)});
  });
}

}  // namespace imp::accounts
