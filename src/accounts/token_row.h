#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "accounts/access_token.h"
#include "db/database.h"

namespace imp::accounts {

/// The columns that token_from() reads, of a table named t.
inline constexpr std::string_view kTokenColumns =
    "t.id, t.person_id, t.redacted, t.name, t.description, t.kind, t.reach, t.bypass_2fa, "
    "t.cidr_whitelist, t.created, t.expires, t.last_used";
inline constexpr std::size_t kTokenColumnCount = 12;

/// How lists and reach are stored: as JSON.
std::string reach_text(const TokenReach& reach);
std::string list_text(const std::vector<std::string>& list);

/// Throws db::StoreError when the row is damaged: a token that cannot be read in full must not be
/// taken for one without limits.
AccessToken token_from(const db::Row& row);

}  // namespace imp::accounts
