#include "cli/plan_text.h"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "base/printable.h"
#include "cli/comparison_text.h"
#include "cli/publisher_text.h"

namespace imp::cli {

namespace {

struct Counts {
  std::size_t add = 0, change = 0, remove = 0, extra = 0, unchanged = 0, refused = 0;
};

std::string refusal(const boost::json::object& package, const TrustFile& file) {
  const boost::json::value value(package);
  const std::string name = text_of(value, "package"), message = text_of(value, "message");
  return fmt::format("{}\n  refused: {} ({})\n  {}\n", printable(name), printable(message),
                     printable(text_of(value, "code")),
                     file.place(name, package.if_contains("publisher"), message));
}

std::string permissions_of(const boost::json::value& publisher) {
  std::string out;
  for (const boost::json::value& one : array_of(publisher, "permissions")) {
    const std::string name = one.is_string() ? std::string(one.get_string()) : std::string();
    out += (out.empty() ? "" : ", ") + printable(name);
  }
  return out;
}

std::string change_of(const boost::json::value& change) {
  const auto* members = change.if_object();
  const auto* from = members ? members->if_contains("from") : nullptr;
  const auto* to = members ? members->if_contains("to") : nullptr;
  if (!from || !to) return {};
  std::string out = publisher_text(*to, "  ~ ");
  const std::string before = permissions_of(*from);
  if (before != permissions_of(*to)) out += fmt::format("  ~   before: {}\n", before);
  return out;
}

std::string changes_of(const boost::json::value& package, Counts& counts) {
  std::string out;
  for (const auto& publisher : array_of(package, "add")) {
    out += publisher_text(publisher, "  + ");
    ++counts.add;
  }
  for (const auto& change : array_of(package, "change")) {
    out += change_of(change);
    ++counts.change;
  }
  for (const auto& publisher : array_of(package, "remove")) {
    out += publisher_text(publisher, "  - ");
    ++counts.remove;
  }
  counts.extra += array_of(package, "extra").size();
  return out;
}

}  // namespace

PlanText plan_text(const boost::json::value& answer, const TrustFile& file) {
  const auto* dry = answer.is_object() ? answer.get_object().if_contains("dryRun") : nullptr;
  const bool done = !(dry && dry->is_bool() && dry->get_bool());
  Counts counts;
  std::string out;
  for (const boost::json::value& package : array_of(answer, "packages")) {
    if (text_of(package, "outcome") == "refused") {
      out += refusal(package.as_object(), file);
      ++counts.refused;
      continue;
    }
    const std::string changes = changes_of(package, counts);
    if (changes.empty()) {
      ++counts.unchanged;
    } else {
      out += printable(text_of(package, "package")) + "\n" + changes;
    }
  }
  out += done ? fmt::format("Applied: {} added, {} changed, {} removed", counts.add, counts.change,
                            counts.remove)
              : fmt::format("Plan: {} to add, {} to change, {} to remove", counts.add,
                            counts.change, counts.remove);
  out += fmt::format("; packages unchanged: {}, refused: {}\n", counts.unchanged, counts.refused);
  if (counts.extra > 0) {
    out += fmt::format("{} that the file does not name stay; --prune removes them\n", counts.extra);
  }
  return {out, counts.refused};
}

}  // namespace imp::cli
