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
  const auto& claims = publisher.at("claims").as_object();
  std::string out =
      fmt::format("type: {}\n{}issuer: {}\n{}claims:{}\n", quoted(publisher.at("type")), indent,
                  quoted(publisher.at("issuer")), indent, claims.empty() ? " {}" : "");
  for (const auto& claim : claims) {
    out += fmt::format("{}  {}: {}\n", indent, quoted(boost::json::string(claim.key())),
                       quoted(claim.value()));
  }
  return out + fmt::format("{}permissions: {}\n", indent, quoted(publisher.at("permissions")));
}

/// The parts of a trust file, as they come to be written.
class Writer {
 public:
  explicit Writer(const boost::json::value& listed) {
    for (const char* section : {"scopes", "packages"}) {
      for (const boost::json::value& entry : array_of(listed, section)) {
        for (const auto& publisher : array_of(entry, "publishers")) {
          ++uses_[quoted(wanted(publisher))];
        }
      }
    }
  }

  /// A package or scope with its list.
  std::string entry(const std::string& name, const boost::json::value& listed) {
    const auto publishers = array_of(listed, "publishers");
    std::string out = fmt::format("  {}:{}{}\n", quoted(boost::json::string(name)),
                                  publishers.empty() ? " []" : "",
                                  flag_of(listed, "pending") ? "  # no package yet" : "");
    for (const boost::json::value& publisher : publishers) {
      const boost::json::object one = wanted(publisher);
      const std::string text = quoted(one);
      out += "    - " + (uses_[text] == 1 ? members(one, "      ") : shared_name(one, text) + "\n");
    }
    return out;
  }

  /// Those that have a name, by now.
  const std::string& shared() const { return shared_; }

 private:
  const std::string& shared_name(const boost::json::object& publisher, const std::string& text) {
    std::string& name = names_[text];
    if (name.empty()) {
      name = fmt::format("{}-{}", text_of(publisher, "type"), names_.size());
      shared_ += fmt::format("  {}:\n    {}", name, members(publisher, "    "));
    }
    return name;
  }

  std::map<std::string, int> uses_;
  std::map<std::string, std::string> names_;
  std::string shared_;
};

}  // namespace

std::string trust_file_text(const boost::json::value& listed) {
  Writer writer(listed);
  std::string scopes, packages;
  for (const boost::json::value& scope : array_of(listed, "scopes")) {
    scopes += writer.entry(text_of(scope, "scope"), scope);
  }
  for (const boost::json::value& package : array_of(listed, "packages")) {
    packages += writer.entry(text_of(package, "package"), package);
  }
  std::string out = "# Trusted publishers, as `imprimatur trust export` printed them.\n";
  if (!writer.shared().empty()) out += "publishers:\n" + writer.shared();
  if (!scopes.empty()) out += "scopes:\n" + scopes;
  return out + (packages.empty() ? "packages: {}\n" : "packages:\n" + packages);
}

}  // namespace imp::cli
