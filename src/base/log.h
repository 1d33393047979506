#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace imp {

enum class LogLevel : std::uint8_t { debug, info, warning, error };

/// One key of a structured log line.
struct Field {
  std::string_view key;
  std::variant<std::string, std::int64_t> value;
};

/// Structured logs: one line an event, as `key=value` text or as JSON. Thread-safe.
/// Never pass a credential: neither a token, nor a password, nor an Authorization header.
class Log {
 public:
  virtual ~Log() = default;
  virtual void write(LogLevel level, std::string_view event,
                     std::initializer_list<Field> fields) = 0;
  /// False when write() would drop the line, so that a caller need not build its fields.
  virtual bool enabled(LogLevel) const { return true; }

  void debug(std::string_view event, std::initializer_list<Field> fields = {}) {
    write(LogLevel::debug, event, fields);
  }
  void info(std::string_view event, std::initializer_list<Field> fields = {}) {
    write(LogLevel::info, event, fields);
  }
  void warning(std::string_view event, std::initializer_list<Field> fields = {}) {
    write(LogLevel::warning, event, fields);
  }
  void error(std::string_view event, std::initializer_list<Field> fields = {}) {
    write(LogLevel::error, event, fields);
  }
};

enum class LogFormat : std::uint8_t { text, json };

/// A log on standard error that writes lines of at least `level`.
std::unique_ptr<Log> make_log(LogFormat format, LogLevel level);
/// A log that drops everything, for tests.
Log& null_log();

}  // namespace imp
