#include "base/log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <boost/json.hpp>

#include "base/clock.h"

namespace imp {

namespace {

std::string_view name(LogLevel level) {
  switch (level) {
    case LogLevel::debug:
      return "debug";
    case LogLevel::info:
      return "info";
    case LogLevel::warning:
      return "warning";
    case LogLevel::error:
      return "error";
  }
  return "error";
}

/// Quotes a value when it would not read back as one word.
std::string text_value(const std::variant<std::string, std::int64_t>& value) {
  if (const auto* number = std::get_if<std::int64_t>(&value)) return std::to_string(*number);
  const std::string& text = std::get<std::string>(value);
  const bool plain = !text.empty() && text.find_first_of(" \"=\\\n\r\t") == std::string::npos;
  return plain ? text : boost::json::serialize(boost::json::string(text));
}

class StandardError final : public Log {
 public:
  StandardError(LogFormat format, LogLevel level)
      : format_(format),
        level_(level),
        out_("imprimatur", std::make_shared<spdlog::sinks::stderr_sink_mt>()) {
    out_.set_pattern("%v");
    out_.flush_on(spdlog::level::trace);
  }

  bool enabled(LogLevel level) const override { return level >= level_; }

  void write(LogLevel level, std::string_view event, std::initializer_list<Field> fields) override {
    if (!enabled(level)) return;
    out_.log(spdlog::level::info,
             spdlog::string_view_t(format_ == LogFormat::json ? json_line(level, event, fields)
                                                              : text_line(level, event, fields)));
  }

 private:
  std::string text_line(LogLevel level, std::string_view event,
                        std::initializer_list<Field> fields) {
    std::string line = fmt::format("{} {:7} {}", iso8601(clock_.now()), name(level), event);
    for (const Field& field : fields) {
      line += fmt::format(" {}={}", field.key, text_value(field.value));
    }
    return line;
  }

  std::string json_line(LogLevel level, std::string_view event,
                        std::initializer_list<Field> fields) {
    boost::json::object line{
        {"time", iso8601(clock_.now())}, {"level", name(level)}, {"event", event}};
    for (const Field& field : fields) {
      std::visit([&](const auto& value) { line[field.key] = value; }, field.value);
    }
    return boost::json::serialize(line);
  }

  LogFormat format_;
  LogLevel level_;
  SystemClock clock_;
  spdlog::logger out_;
};

class Nowhere final : public Log {
 public:
  void write(LogLevel, std::string_view, std::initializer_list<Field>) override {}
  bool enabled(LogLevel) const override { return false; }
};

}  // namespace

std::unique_ptr<Log> make_log(LogFormat format, LogLevel level) {
  return std::make_unique<StandardError>(format, level);
}

Log& null_log() {
  static Nowhere log;
  return log;
}

}  // namespace imp
