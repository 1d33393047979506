#pragma once

#include <string>
#include <string_view>

namespace imp::registry {

/// One spelling for the many of a git dependency at a well-known host: "u/r", "github:u/r",
/// "git+https://github.com/u/r.git" and "git@github.com:u/r" all become "github.com/u/r", with
/// "#<commit-ish>" kept. Any other text is returned without surrounding blanks.
std::string normal_dependency(std::string_view spec);

}  // namespace imp::registry
