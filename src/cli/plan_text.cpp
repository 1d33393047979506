#include "cli/plan_text.h"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "base/printable.h"
#include "cli/comparison_text.h"
#include "cli/publisher_text.h"

namespace imp::cli {

namespace {

struct Counts {
  std::size_t add = 0, prepare = 0, change = 0, remove = 0, extra = 0, unchanged = 0, refused = 0;
};

/// "@acme/widget", "@acme/new (no package yet)", or "scope @acme".
std::string heading(const boost::json::value& entry) {
  const std::string scope = printable(text_of(entry, "scope"));
  if (!scope.empty()) return "scope " + scope;
  return printable(text_of(entry, "package")) +
         (flag_of(entry, "pending") ? " (no package yet)" : "");
}

std::string refusal(const boost::json::value& entry, const TrustFile& file) {
  const std::string scope = text_of(entry, "scope"), message = text_of(entry, "message");
  return fmt::format("{}\n  refused: {} ({})\n  {}\n", heading(entry), printable(message),
                     printable(text_of(entry, "code")),
                     file.place(scope.empty() ? text_of(entry, "package") : scope,
                                entry.as_object().if_contains("publisher"), message));
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

std::string changes_of(const boost::json::value& entry, Counts& counts) {
  std::string out;
  for (const auto& publisher : array_of(entry, "add")) {
    out += publisher_text(publisher, "  + ");
    ++(flag_of(entry, "pending") ? counts.prepare : counts.add);
  }
  for (const auto& change : array_of(entry, "change")) {
    out += change_of(change);
    ++counts.change;
  }
  for (const auto& publisher : array_of(entry, "remove")) {
    out += publisher_text(publisher, "  - ");
    ++counts.remove;
  }
  counts.extra += array_of(entry, "extra").size();
  return out;
}

std::string text_of_entry(const boost::json::value& entry, const TrustFile& file, Counts& counts) {
  if (text_of(entry, "outcome") == "refused") {
    ++counts.refused;
    return refusal(entry, file);
  }
  const std::string changes = changes_of(entry, counts);
  if (!changes.empty()) return heading(entry) + "\n" + changes;
  ++counts.unchanged;
  return {};
}

/// "Plan: 2 to add, 0 to change, 1 to remove"; what is to be prepared where there is any.
std::string totals(const Counts& counts, bool done) {
  const std::string prepare = counts.prepare == 0 ? ""
                                                  : fmt::format(" {} {},", counts.prepare,
                                                                done ? "prepared" : "to prepare");
  if (done) {
    return fmt::format("Applied: {} added,{} {} changed, {} removed", counts.add, prepare,
                       counts.change, counts.remove);
  }
  return fmt::format("Plan: {} to add,{} {} to change, {} to remove", counts.add, prepare,
                     counts.change, counts.remove);
}

}  // namespace

PlanText plan_text(const boost::json::value& answer, const TrustFile& file) {
  const bool done = !flag_of(answer, "dryRun");
  Counts counts;
  std::string out;
  for (const char* section : {"scopes", "packages"}) {
    for (const boost::json::value& entry : array_of(answer, section)) {
      out += text_of_entry(entry, file, counts);
    }
  }
  out += totals(counts, done);
  out += fmt::format("; unchanged: {}, refused: {}\n", counts.unchanged, counts.refused);
  if (counts.extra > 0) {
    out += fmt::format("{} that the file does not name stay; --prune removes them\n", counts.extra);
  }
  return {out, counts.refused};
}

}  // namespace imp::cli
