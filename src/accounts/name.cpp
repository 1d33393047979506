#include "accounts/name.h"

#include "accounts/refusal.h"

namespace imp::accounts {
namespace {

constexpr std::size_t kLongestName = 214;

bool alphanumeric(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

}  // namespace

Result<void> check_name(std::string_view name) {
  if (name.empty()) return refuse(AccountRefusal::name_invalid, "The name is empty.");
  if (name.size() > kLongestName) {
    return refuse(AccountRefusal::name_invalid, "The name is longer than 214 characters.");
  }
  if (!alphanumeric(name.front())) {
    return refuse(AccountRefusal::name_invalid,
                  "A name starts with a lower-case letter or a digit.");
  }
  for (const char c : name) {
    if (alphanumeric(c) || c == '.' || c == '_' || c == '-') continue;
    return refuse(AccountRefusal::name_invalid,
                  "A name consists of lower-case letters, digits, '.', '_' and '-'.");
  }
  return {};
}

Result<void> claim_name(db::Session& session, std::string_view name, NameKind kind,
                        std::string_view id) {
  if (auto valid = check_name(name); !valid) return valid;
  const bool added = session.insert_if_absent(
      "INSERT INTO accounts_names (name, kind, owner_id) VALUES (:p1, :p2, :p3) "
      "ON CONFLICT DO NOTHING",
      {std::string(name), std::string(kind == NameKind::person ? "person" : "organization"),
       std::string(id)});
  if (added) return {};
  return refuse(AccountRefusal::name_taken,
                "The name \"" + std::string(name) +
                    "\" is taken; people and organisations share one set of names.");
}

}  // namespace imp::accounts
