#include "app/commands/log_choice.h"

namespace imp::app {

namespace {

LogLevel level_named(std::string_view name) {
  if (name == "debug") return LogLevel::debug;
  if (name == "warning") return LogLevel::warning;
  if (name == "error") return LogLevel::error;
  return LogLevel::info;
}

}  // namespace

std::unique_ptr<Log> make_log(std::string_view format, std::string_view level) {
  return imp::make_log(format == "json" ? LogFormat::json : LogFormat::text, level_named(level));
}

}  // namespace imp::app
