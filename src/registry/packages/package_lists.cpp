#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include "registry/packages/store.h"

namespace imp::registry {
namespace {

using db::Row;

std::vector<std::string> names(const std::vector<Row>& rows) {
  std::vector<std::string> out;
  out.reserve(rows.size());
  for (const Row& row : rows) out.push_back(row.text(0));
  return out;
}

std::string description(std::string_view hoisted) {
  boost::json::error_code error;
  const boost::json::value value =
      boost::json::parse(boost::json::string_view(hoisted.data(), hoisted.size()), error);
  if (error || !value.is_object()) return {};
  const boost::json::value* text = value.get_object().if_contains("description");
  return text != nullptr && text->is_string() ? std::string(text->get_string()) : std::string();
}

// '%' and '_' of the text stand for themselves.
std::string containing(std::string_view text) {
  std::string out = "%";
  for (char c : text) {
    if (c == '%' || c == '_' || c == '\\') out += '\\';
    out += c;
  }
  return out + "%";
}

}  // namespace

std::vector<PackageLine> list_packages(db::Session& session, const Caller& caller,
                                       std::string_view text, std::int64_t limit,
                                       std::int64_t offset) {
  // Which restricted packages the caller may see is decided in SQL, so that pages stay full.
  std::string sql =
      "SELECT p.name, p.access, p.modified, t.version, v.hoisted FROM package p "
      "JOIN package_tag t ON t.package_id = p.id AND t.tag = 'latest' "
      "JOIN package_version v ON v.package_id = p.id AND v.version = t.version "
      "WHERE p.name LIKE :p1 ESCAPE '\\' AND (p.access = 'public' OR p.name = :p2 "
      "OR EXISTS (SELECT 1 FROM package_maintainer m WHERE m.package_id = p.id AND m.person = :p3)";
  const std::string person = caller.only_package ? std::string() : caller.person;
  std::vector<db::Value> parameters{containing(text), caller.only_package.value_or(""), person};
  if (!caller.only_package) {
    for (const Membership& membership : caller.organizations) {
      parameters.emplace_back(membership.organization);
      sql += " OR p.owner = :p" + std::to_string(parameters.size());
    }
  }
  parameters.emplace_back(limit);
  sql += ") ORDER BY p.modified DESC, p.name LIMIT :p" + std::to_string(parameters.size());
  parameters.emplace_back(offset);
  sql += " OFFSET :p" + std::to_string(parameters.size());

  std::vector<PackageLine> out;
  for (const Row& row : session.rows(sql, std::move(parameters))) {
    out.push_back({row.text(0), access_from(row.text(1)).value_or(Access::restricted),
                   from_milliseconds(row.integer(2)), row.text(3), description(row.text(4))});
  }
  return out;
}

std::vector<std::string> packages_maintained_by(db::Session& session, std::string_view person) {
  return names(
      session.rows("SELECT p.name FROM package p JOIN package_maintainer m ON m.package_id = p.id "
                   "WHERE m.person = :p1 ORDER BY p.name",
                   {std::string(person)}));
}

std::vector<std::string> packages_owned_by(db::Session& session, std::string_view organization) {
  return names(session.rows("SELECT name FROM package WHERE owner = :p1 ORDER BY name",
                            {std::string(organization)}));
}

std::int64_t count_owned_packages(db::Session& session, std::string_view organization) {
  return session.row("SELECT COUNT(*) FROM package WHERE owner = :p1", {std::string(organization)})
      ->integer(0);
}

}  // namespace imp::registry
