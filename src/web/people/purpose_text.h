#pragma once

#include <string_view>

namespace imp::web {

/// What somebody is asked to confirm for a client, in words: "Add a trusted publisher" for
/// trust.create. Empty for an action that has none.
std::string_view purpose_text(std::string_view action);

}  // namespace imp::web
