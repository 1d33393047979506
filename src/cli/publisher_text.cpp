#include "cli/publisher_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "base/printable.h"
#include "cli/comparison_text.h"

namespace imp::cli {

namespace {

/// Texts as they are, everything else as JSON.
std::string value_text(const boost::json::value& value) {
  return printable(value.is_string() ? std::string(value.get_string())
                                     : boost::json::serialize(value));
}

}  // namespace

std::string publisher_text(const boost::json::value& publisher, std::string_view indent) {
  const std::string issuer = printable(text_of(publisher, "issuer"));
  const std::string id = printable(text_of(publisher, "id"));
  std::string out =
      fmt::format("{}{}{}{}\n", indent, printable(text_of(publisher, "type")),
                  issuer.empty() ? "" : " (" + issuer + ")", id.empty() ? "" : " " + id);
  const auto* members = publisher.if_object();
  const auto* claims = members ? members->if_contains("claims") : nullptr;
  if (claims && claims->is_object()) {
    for (const auto& claim : claims->get_object()) {
      out += fmt::format("{}  {}: {}\n", indent, printable(claim.key()), value_text(claim.value()));
    }
  }
  const auto* learnt = members ? members->if_contains("learnt") : nullptr;
  if (learnt && learnt->is_object()) {
    for (const auto& claim : learnt->get_object()) {
      out += fmt::format("{}  {}: {} (the identifier behind a name)\n", indent,
                         printable(claim.key()), value_text(claim.value()));
    }
  }
  std::string permissions;
  for (const boost::json::value& permission : array_of(publisher, "permissions")) {
    permissions += (permissions.empty() ? "" : ", ") + value_text(permission);
  }
  out += fmt::format("{}  permissions: {}\n", indent, permissions);
  const std::string from = when_of(publisher, "usableFrom");
  if (!from.empty()) out += fmt::format("{}  can be used from {} on\n", indent, from);
  const std::string ends = when_of(publisher, "expiresAt");
  if (!ends.empty())
    out +=
        fmt::format("{}  ends at {} unless something is published with it before\n", indent, ends);
  if (flag_of(publisher, "makerLeft")) {
    const std::string until = when_of(publisher, "keepBy");
    out += fmt::format(
        "{}  added by somebody who may not decide here any more: {}\n", indent,
        until.empty() ? "keep or remove it" : "it ends at " + until + " unless somebody keeps it");
  }
  if (const std::string ended = when_of(publisher, "endedAt"); !ended.empty()) {
    out +=
        fmt::format("{}  ended: {} ({})\n", indent, ended, printable(text_of(publisher, "reason")));
  }
  return out;
}

std::string no_package_note(const boost::json::value& answer, std::string_view name) {
  const auto* publishers = answer.if_array();
  if (!publishers || std::ranges::none_of(*publishers, [](const boost::json::value& publisher) {
        return flag_of(publisher, "pending");
      })) {
    return {};
  }
  return fmt::format("there is no package {} yet: this waits for its first version\n", name);
}

}  // namespace imp::cli
