#include "cli/switches_text.h"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "base/printable.h"
#include "cli/comparison_text.h"

namespace imp::cli {

std::string switches_text(const boost::json::value& switches) {
  std::string out;
  const auto* items = switches.if_object();
  if (!items) return out;
  for (const auto& item : *items) {
    out += fmt::format("{}: {}", printable(item.key()), flag_of(item.value(), "on") ? "on" : "off");
    if (flag_of(item.value(), "scope")) out += ", for the whole scope";
    if (const std::string by = text_of(item.value(), "setBy"); !by.empty()) {
      out += ", by " + printable(by);
    }
    if (const std::string end = when_of(item.value(), "endsAt"); !end.empty()) {
      out += ", relaxed: in force until " + end;
    }
    out += '\n';
  }
  return out;
}

}  // namespace imp::cli
