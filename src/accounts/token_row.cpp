#include "accounts/token_row.h"

#include <boost/json.hpp>

namespace imp::accounts {
namespace {

namespace json = boost::json;

json::array array_of(const std::vector<std::string>& list) {
  return json::array(list.begin(), list.end());
}

[[noreturn]] void damaged(const std::string& key, std::string_view what) {
  throw db::StoreError("access token " + key + ": " + std::string(what) + " is damaged", false);
}

json::value parse(const std::string& key, std::string_view what, std::string_view text) {
  boost::system::error_code error;
  json::value value = json::parse(text, error);
  if (error) damaged(key, what);
  return value;
}

std::vector<std::string> list_from(const std::string& key, const json::value* value) {
  if (value == nullptr || !value->is_array()) damaged(key, "a list");
  std::vector<std::string> list;
  for (const json::value& item : value->get_array()) {
    if (!item.is_string()) damaged(key, "a list");
    list.emplace_back(item.get_string());
  }
  return list;
}

TokenPermission permission_from(const std::string& key, const json::value* value) {
  if (value == nullptr || !value->is_string()) damaged(key, "a permission");
  const auto permission = token_permission(std::string_view(value->get_string()));
  if (!permission) damaged(key, "a permission");
  return *permission;
}

TokenReach reach_from(const std::string& key, std::string_view text) {
  const json::value value = parse(key, "the reach", text);
  const json::object* object = value.if_object();
  if (object == nullptr) damaged(key, "the reach");
  const json::value* all = object->if_contains("all_packages");
  if (all == nullptr || !all->is_bool()) damaged(key, "the reach");
  return {.packages_permission = permission_from(key, object->if_contains("packages_permission")),
          .all_packages = all->get_bool(),
          .packages = list_from(key, object->if_contains("packages")),
          .scopes = list_from(key, object->if_contains("scopes")),
          .orgs_permission = permission_from(key, object->if_contains("orgs_permission")),
          .orgs = list_from(key, object->if_contains("orgs"))};
}

TokenKind kind_from(const std::string& key, std::string_view text) {
  for (const TokenKind kind : {TokenKind::login, TokenKind::personal, TokenKind::granular}) {
    if (text == name(kind)) return kind;
  }
  damaged(key, "the kind");
}

}  // namespace

std::string reach_text(const TokenReach& reach) {
  return json::serialize(json::object{{"packages_permission", name(reach.packages_permission)},
                                      {"all_packages", reach.all_packages},
                                      {"packages", array_of(reach.packages)},
                                      {"scopes", array_of(reach.scopes)},
                                      {"orgs_permission", name(reach.orgs_permission)},
                                      {"orgs", array_of(reach.orgs)}});
}

std::string list_text(const std::vector<std::string>& list) {
  return json::serialize(array_of(list));
}

AccessToken token_from(const db::Row& row) {
  const std::string& key = row.text(0);
  const json::value whitelist = parse(key, "the address list", row.text(8));
  AccessToken token{.key = key,
                    .person_id = row.text(1),
                    .redacted = row.text(2),
                    .name = row.text(3),
                    .description = row.text(4),
                    .kind = kind_from(key, row.text(5)),
                    .reach = reach_from(key, row.text(6)),
                    .bypass_2fa = row.flag(7),
                    .cidr_whitelist = list_from(key, &whitelist),
                    .created = from_milliseconds(row.integer(9)),
                    .expires = from_milliseconds(row.integer(10))};
  if (const auto used = row.maybe_integer(11)) token.last_used = from_milliseconds(*used);
  return token;
}

}  // namespace imp::accounts
