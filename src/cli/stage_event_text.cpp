#include "cli/stage_event_text.h"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "base/printable.h"
#include "cli/comparison_text.h"

namespace imp::cli {

std::string stage_event_text(std::string_view name, const boost::json::value& data) {
  const auto text = [&](std::string_view member) { return printable(text_of(data, member)); };
  if (name == "gap") return fmt::format("gap: {}", text("message"));
  std::string out = fmt::format("{} {:<9} {}@{}", when_of(data, "at"), printable(name),
                                text("package"), text("version"));
  std::string by = text("decidedBy");
  if (name == "approval") by = text("approvedBy");
  if (name == "staged" || name == "held") by = text("actor");
  if (!by.empty()) out += " by " + by;
  if (name == "approval") {
    const auto* object = data.if_object();
    const auto* needed = object ? object->if_contains("needed") : nullptr;
    out += fmt::format(" ({} of {})", array_of(data, "approvals").size(),
                       needed && needed->is_int64() ? std::to_string(needed->get_int64()) : "?");
  }
  const std::string why = name == "held" ? text("heldReason") : text("reason");
  if (!why.empty()) out += ": " + why;
  return out + "  " + text("id");
}

}  // namespace imp::cli
