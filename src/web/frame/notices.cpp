#include "web/frame/notices.h"

#include <utility>

namespace imp::web {

std::string_view notice_text(std::string_view word) {
  static constexpr std::pair<std::string_view, std::string_view> kNotices[] = {
      {"saved", "Saved."},
      {"created", "Created."},
      {"removed", "Removed."},
      {"added", "Added."},
      {"kept", "Kept: it is yours now."},
      {"password", "The password is changed, and every other session is signed out."},
      {"factor-off", "The second factor is switched off."},
      {"signed-out", "You are signed out."},
      {"published", "Approved: the version is published."},
      {"rejected", "Rejected: nothing was published, and the version number is free again."},
      {"withdrawn", "Withdrawn: nothing was published, and the version number is free again."},
      {"redelivered", "It is sent again."},
      {"approval",
       "Your approval is recorded. It is published when enough others approved it, too."},
      {"policy", "The policy is set."},
      {"approved", "Approved: the jobs behind it go on."},
      {"canceled", "Canceled."},
      {"rerun", "Started again as a new workflow."},
  };
  for (const auto& [name, text] : kNotices) {
    if (name == word) return text;
  }
  return {};
}

}  // namespace imp::web
