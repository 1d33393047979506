#pragma once

#include <string_view>

namespace imp::mail {

/// What people are told when an action is recorded: the subject of the message, what happened, and
/// what to do when it was not expected. {place}, {actor}, {switch}, {from}, {ends} and {reason}
/// stand for what the record says of them, other words for that member of its detail.
struct NoticeText {
  std::string_view action, subject, happened, advice;
};

/// Null for actions that nobody is told of.
const NoticeText* notice_text(std::string_view action);

}  // namespace imp::mail
