#include "cli/policy_text.h"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "base/printable.h"
#include "cli/comparison_text.h"

namespace imp::cli {

namespace {

/// "  own: 1 approval\n"; nothing for an empty one.
std::string line(std::string_view what, std::string_view text) {
  return text.empty() ? std::string() : fmt::format("  {}: {}\n", what, printable(text));
}

}  // namespace

std::string policy_text(const boost::json::value& policy) {
  std::string out = printable(text_of(policy, "text")) + "\n";
  out += line("group", text_of(policy, "group"));
  out += line("the package's own", text_of(policy, "own"));
  out += line("its organisation's", text_of(policy, "organization"));
  const auto* members = policy.if_object();
  const auto* next = members ? members->if_contains("next") : nullptr;
  if (!next || !next->is_object()) return out;
  const std::string group = text_of(*next, "group");
  out += line("loosened, from " + when_of(*next, "from") + " on",
              text_of(*next, "text") + (group.empty() ? "" : " (" + group + ")"));
  return out;
}

}  // namespace imp::cli
