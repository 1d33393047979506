#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace imp::http::test {

/// An answer as it came over the wire.
struct RawAnswer {
  int status = 0;
  std::map<std::string, std::string>
      headers;            ///< names in lower case; repeated ones joined by ", "
  std::string body;       ///< without the chunked coding
  bool complete = false;  ///< false: the connection ended too early

  std::string header(const std::string& name) const {
    const auto found = headers.find(name);
    return found == headers.end() ? std::string() : found->second;
  }
};

/// A socket and no manners: sends exactly these bytes.
class RawClient {
 public:
  explicit RawClient(std::uint16_t port);
  ~RawClient();
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  /// False when the server does not take the bytes any more.
  bool send(std::string_view bytes);
  /// Reads one answer; a 100 is one too. `head`: it has no body.
  RawAnswer read(bool head = false);
  /// Sends, then reads one answer.
  RawAnswer ask(std::string_view bytes, bool head = false);
  /// True when the server closes within the time, with nothing more to read.
  bool closed_within(int milliseconds);
  /// True when no byte arrives for that long.
  bool silent_for(int milliseconds);
  void close();
  /// Reads until the text has arrived, and keeps it for read(). False: it did not.
  bool receives(std::string_view text);
  /// Closing will reset the connection instead of ending it.
  void reset_on_close();

 private:
  bool fill();

  int descriptor_ = -1;
  std::string buffer_;
};

/// "GET <target>" with a Host header.
std::string get(std::string_view target, std::string_view more_headers = {});

}  // namespace imp::http::test
