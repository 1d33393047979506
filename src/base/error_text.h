#pragma once

#include <string>
#include <system_error>

namespace imp {

/// What an errno says: "No such file or directory". As strerror(), for threads too.
inline std::string error_text(int error) { return std::generic_category().message(error); }

}  // namespace imp
