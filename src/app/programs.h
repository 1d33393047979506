#pragma once

#include <string>

namespace imp::app {

/// The path of this program, and of the `circleci` program installed or built beside it (empty when
/// there is none).
std::string own_path();
std::string jobtool_path();

}  // namespace imp::app
