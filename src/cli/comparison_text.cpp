#include "cli/comparison_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "base/clock.h"
#include "base/printable.h"

namespace imp::cli {

namespace {

std::string claim_lines(const boost::json::value& claim) {
  const std::string name = printable(text_of(claim, "claim"));
  const std::string expected = printable(text_of(claim, "expected"));
  if (flag_of(claim, "agreed")) return fmt::format("    agrees   {}: {}\n", name, expected);
  return fmt::format("    differs  {}\n             expected {}\n             received {}\n", name,
                     expected, printable(text_of(claim, "received")));
}

}  // namespace

std::string text_of(const boost::json::value& document, std::string_view member) {
  const auto* object = document.if_object();
  const auto* found = object ? object->if_contains(member) : nullptr;
  return found && found->is_string() ? std::string(found->get_string()) : std::string();
}

std::string when_of(const boost::json::value& document, std::string_view member) {
  return printable(time_text(text_of(document, member)));
}

boost::json::array array_of(const boost::json::value& document, std::string_view member) {
  const auto* object = document.if_object();
  const auto* found = object ? object->if_contains(member) : nullptr;
  return found && found->is_array() ? found->get_array() : boost::json::array();
}

bool flag_of(const boost::json::value& document, std::string_view member) {
  const auto* object = document.if_object();
  const auto* found = object ? object->if_contains(member) : nullptr;
  return found && found->is_bool() && found->get_bool();
}

std::string comparison_text(const boost::json::array& publishers) {
  std::string out;
  for (const boost::json::value& publisher : publishers) {
    std::string outcome = text_of(publisher, "outcome"), issuer = text_of(publisher, "issuer");
    std::ranges::replace(outcome, '_', ' ');
    out += "  publisher " + printable(text_of(publisher, "publisher"));
    if (!outcome.empty()) out += ": " + printable(outcome);
    if (!issuer.empty()) out += " (" + printable(issuer) + ")";
    out += '\n';
    for (const boost::json::value& claim : array_of(publisher, "claims")) out += claim_lines(claim);
    for (const boost::json::value& claim : array_of(publisher, "unasked")) {
      out += fmt::format("    not required  {}: {}\n", printable(text_of(claim, "claim")),
                         printable(text_of(claim, "received")));
    }
  }
  return out;
}

std::string attempt_line(const boost::json::value& attempt) {
  const auto text = [&](std::string_view member) { return printable(text_of(attempt, member)); };
  return fmt::format("{} {}{}: {}  {}\n", when_of(attempt, "at"), text("action"),
                     text("version").empty() ? "" : " of " + text("version"), text("outcome"),
                     text("id"));
}

std::string attempt_text(const boost::json::value& attempt) {
  const auto text = [&](std::string_view member) { return printable(text_of(attempt, member)); };
  std::string out = fmt::format("{} of {}", text("action"), text("package"));
  if (!text("version").empty()) out += "@" + text("version");
  out += fmt::format(": {}\n", text("outcome"));
  if (!text("message").empty()) out += fmt::format("  {}\n", text("message"));
  out += fmt::format("  attempt {} at {} by {} from {}\n", text("id"), when_of(attempt, "at"),
                     text("actor"), text("address"));
  if (!text("issuer").empty()) {
    const auto* proved = attempt.as_object().if_contains("proved");
    const bool doubtful = proved && proved->is_bool() && !proved->get_bool();
    out += fmt::format("  issuer {}{}\n", text("issuer"), doubtful ? " (claimed, not proved)" : "");
  }
  if (!text("publisher").empty()) out += fmt::format("  by publisher {}\n", text("publisher"));
  if (!text("runner").empty()) out += fmt::format("  ran on {}\n", text("runner"));
  const auto publishers = array_of(attempt, "publishers");
  out += comparison_text(publishers);
  if (publishers.empty() && text("action") == "exchange") {
    out += "  no publisher was compared: the token was refused before, or none is of its issuer\n";
  }
  if (const auto* exchange = attempt.as_object().if_contains("exchange")) {
    out += "its token came of the ";
    out += attempt_text(*exchange);
  }
  return out;
}

}  // namespace imp::cli
