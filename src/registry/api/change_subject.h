#pragma once

#include <string>
#include <string_view>

namespace imp::registry {

/// The subject of a second factor for one change: what is changed, and how, as the page says it on
/// which it is confirmed: "@acme/widget: turn off trusted publishing only". Such a confirmation is
/// good for that change alone: other texts are other subjects, also where they look alike or are
/// too long to be shown, for which their hash stands.
std::string change_subject(std::string_view of, std::string_view change);

}  // namespace imp::registry
