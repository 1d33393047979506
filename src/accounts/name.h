#pragma once

#include <string>
#include <string_view>

#include "base/failure.h"
#include "db/database.h"

namespace imp::accounts {

/// People and organisations share one set of names, because both are npm scopes: "@alice" and
/// "@acme" must never mean two things. Lower case letters, digits, '.', '_' and '-', starting with
/// a letter or digit, at most 214 characters; a subset of what npm's clients accept, chosen so that
/// a name needs no escaping in a URL, a header or a file name.
Result<void> check_name(std::string_view name);

/// Names that a `claim_name` may be made for.
enum class NameKind { person, organization };

/// Takes the name for the person or organisation with this id, within the caller's transaction.
/// Refuses names that are malformed or taken.
Result<void> claim_name(db::Session& session, std::string_view name, NameKind kind,
                        std::string_view id);

}  // namespace imp::accounts
