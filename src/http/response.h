#pragma once

#include <boost/json/fwd.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

#include "base/clock.h"
#include "base/failure.h"
#include "http/request.h"

namespace imp::http {

struct Prepared;  // http/prepared.h

/// A file to be sent as it is. The descriptor is closed with the last copy of the body.
struct FileBody {
  std::shared_ptr<const int> descriptor;
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
};
/// Opens a file for a FileBody of its whole size.
Result<FileBody> open_file_body(const std::string& path);

/// One step of a streamed body.
struct StreamStep {
  std::string bytes{};       ///< what to send now; may be empty
  bool done = false;         ///< nothing comes after these bytes
  std::string wait_topic{};  ///< when not done: call again once this topic is notified (Waiters) …
  Milliseconds wait_at_most{15000};  ///< … or after this long, whichever comes first
};
/// A body produced piece by piece (live logs, server-sent events). `next` is called on a worker
/// thread, never twice at once; destroyed when the client has gone.
struct StreamBody {
  std::function<StreamStep()> next;
};

/// "Not now": the request is parked without a thread; the handler is called again with the same
/// request when the topic is notified, or with `wait_expired` set after `at_most`.
struct WaitFor {
  std::string topic{};
  Milliseconds at_most{0};
};

class Reply;

/// "Somebody else answers": `start` is called on the handler's thread, which is then free for other
/// requests. The request is not there any more when the reply is given.
struct AnswerLater {
  std::function<void(Reply)> start;
};

/// What a handler answers. Plain data.
struct Response {
  int status = 200;
  Headers headers;
  std::variant<std::string, std::shared_ptr<const Prepared>, FileBody, StreamBody, WaitFor,
               AnswerLater>
      body;

  Response& header(std::string_view name, std::string_view value);  ///< adds, does not replace
  /// Adds a text to a body that is a JSON object with members, as those of failure() are.
  Response& member(std::string_view name, std::string_view value);
};

/// Where the answer to one request goes: called once, with the answer, from any thread. Let go
/// before that, it answers 500.
class Reply {
 public:
  explicit Reply(std::move_only_function<void(Response)> send) : send_(std::move(send)) {}
  Reply(Reply&&) = default;
  Reply& operator=(Reply&&) = default;
  ~Reply();
  void operator()(Response response);

 private:
  std::move_only_function<void(Response)> send_;
};

/// Status and body with content-type text/plain, text/html or application/json.
Response text(int status, std::string body);
Response html(int status, std::string body);
Response json(int status, const boost::json::value& body);
/// Already serialised JSON.
Response json_text(int status, std::string body);
/// 204 without a body.
Response no_content();
/// An AnswerLater.
Response later(std::function<void(Reply)> start);
/// 303 See Other.
Response see_other(std::string_view location);

/// The status code of a kind of failure.
int status_of(FailureKind kind);
/// Where this server explains a code of refusal: a path, with an anchor.
std::string help_path(std::string_view code);
/// A refusal in the form every npm client shows: {"error": …, "message": …, "code": …, "help": …}
/// with the kind's status. `message` goes to two keys, with what is no UTF-8 replaced; `help` is
/// help_path(); `detail` is not sent.
Response failure(const Failure& failure);

}  // namespace imp::http
