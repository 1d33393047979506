#include <fmt/format.h>

#include <boost/json.hpp>
#include <map>

#include "cli/comparison_text.h"
#include "cli/trust_file.h"

namespace imp::cli {

namespace {

/// JSON texts are double-quoted YAML ones, and JSON lists and objects flow ones.
std::string quoted(const boost::json::value& value) { return boost::json::serialize(value); }

/// What a file says of a publisher: without its id, and with what it has learnt among its claims.
boost::json::object wanted(const boost::json::value& publisher) {
  boost::json::object claims;
  for (const char* member : {"claims", "learnt"}) {
    const auto* found = publisher.as_object().if_contains(member);
    if (!found || !found->is_object()) continue;
    for (const auto& claim : found->get_object()) claims[claim.key()] = claim.value();
  }
  return {{"type", text_of(publisher, "type")},
          {"issuer", text_of(publisher, "issuer")},
          {"claims", std::move(claims)},
          {"permissions", array_of(publisher, "permissions")}};
}

std::string members(const boost::json::object& publisher, const std::string& indent) {
  std::string out = fmt::format("type: {}\n{}issuer: {}\n{}claims:\n", quoted(publisher.at("type")),
                                indent, quoted(publisher.at("issuer")), indent);
  for (const auto& claim : publisher.at("claims").as_object()) {
    out += fmt::format("{}  {}: {}\n", indent, quoted(boost::json::string(claim.key())),
                       quoted(claim.value()));
  }
  return out + fmt::format("{}permissions: {}\n", indent, quoted(publisher.at("permissions")));
}

}  // namespace

std::string trust_file_text(const boost::json::array& packages) {
  std::map<std::string, int> uses;
  for (const boost::json::value& package : packages) {
    for (const auto& publisher : array_of(package, "publishers")) {
      ++uses[quoted(wanted(publisher))];
    }
  }
  std::map<std::string, std::string> names;
  std::string shared, own;
  for (const boost::json::value& package : packages) {
    own += fmt::format("  {}:{}\n", quoted(boost::json::string(text_of(package, "package"))),
                       array_of(package, "publishers").empty() ? " []" : "");
    for (const auto& publisher : array_of(package, "publishers")) {
      const boost::json::object one = wanted(publisher);
      const std::string text = quoted(one);
      if (uses[text] == 1) {
        own += "    - " + members(one, "      ");
        continue;
      }
      std::string& name = names[text];
      if (name.empty()) {
        name = fmt::format("{}-{}", text_of(publisher, "type"), names.size());
        shared += fmt::format("  {}:\n    {}", name, members(one, "    "));
      }
      own += fmt::format("    - {}\n", name);
    }
  }
  std::string out = "# Trusted publishers, as `imprimatur trust export` printed them.\n";
  if (!shared.empty()) out += "publishers:\n" + shared;
  return out + (own.empty() ? "packages: {}\n" : "packages:\n" + own);
}

}  // namespace imp::cli
