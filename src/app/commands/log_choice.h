#pragma once

#include <memory>
#include <string_view>

#include "base/log.h"

namespace imp::app {

/// A log in the words of the settings `log.format` ("text", "json") and `log.level` ("debug",
/// "info", "warning", "error").
std::unique_ptr<Log> make_log(std::string_view format, std::string_view level);

}  // namespace imp::app
