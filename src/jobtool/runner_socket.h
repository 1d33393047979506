#pragma once

#include <string>
#include <string_view>

namespace imp::jobtool {

/// Builds one request to the runner: a JSON object on one line.
class Request {
 public:
  explicit Request(std::string_view what) { add("request", what); }
  void add(std::string_view key, std::string_view value);
  void add(std::string_view key, bool value);
  std::string line() const { return "{" + members_ + "}\n"; }

 private:
  void add_key(std::string_view key);

  std::string members_;
};

struct Answer {
  bool granted = false;
  std::string text;  ///< what was asked for, or why not
};

/// Sends the request to the socket that CIRCLE_INTERNAL_SOCKET names and waits for the answer: one
/// line "ok" or "error", then text to the end of the stream.
Answer ask_runner(const Request& request);

}  // namespace imp::jobtool
