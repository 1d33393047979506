#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace imp::cli {

/// One of a text/event-stream.
struct StreamEvent {
  std::string id;    ///< the last that the stream has named; empty when it has named none
  std::string name;  ///< "message" when the stream says nothing else
  std::string data;  ///< lines joined by line feeds
};

/// Reads a text/event-stream as it arrives (WHATWG HTML §9.2.6): bytes in, events out. What the
/// reader keeps is bounded: a line or an event that is longer than 1 MiB ends it.
class EventReader {
 public:
  using Sink = std::function<void(const StreamEvent&)>;
  explicit EventReader(Sink sink) : sink_(std::move(sink)) {}

  /// False once something was too long: nothing is read any more.
  bool read(std::string_view bytes);
  /// The connection broke: what was not finished is dropped, and the next bytes begin a stream.
  void begin_again();

  /// To be sent as Last-Event-ID; empty before the first.
  const std::string& last_id() const { return last_id_; }
  /// How long the server wants clients to wait before they ask again.
  std::optional<Milliseconds> retry() const { return retry_; }

 private:
  void line(std::string_view text);
  void field(std::string_view name, std::string_view value);
  void dispatch();

  Sink sink_;
  std::string line_, name_, data_, id_, last_id_;
  std::optional<Milliseconds> retry_;
  bool after_return_ = false;  ///< a line feed right now belongs to the line before
  bool first_line_ = true;     ///< may begin with a byte order mark
  bool too_long_ = false;
};

}  // namespace imp::cli
