#pragma once

#include <expected>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/encoding.h"
#include "base/failure.h"
#include "http/request.h"
#include "http/response.h"

namespace imp::http {

using Handler = std::function<Response(const Request&)>;

/// Receives a body as it arrives. Called on worker threads, one call at a time, in order.
/// Destroyed without finish() when the client goes away: undo then.
class BodySink {
 public:
  virtual ~BodySink() = default;
  /// A failure ends the request with that answer; the rest of the body is read and dropped up to
  /// the route's limit, so that the client sees the answer.
  virtual Result<void> write(ByteView bytes) = 0;
  /// An AnswerLater is started when the sink is gone.
  virtual Response finish() = 0;
};
/// Called with the head, before the body is asked for with 100-continue and before it is read, but
/// for a small one that comes unasked: a body costs memory or storage only when it comes from
/// somebody who may send it. Instead of the sink, the answer; the body is then read and dropped up
/// to the route's limit, since a client that is sending would not see an answer that cuts it off.
using SinkFactory =
    std::function<std::expected<std::unique_ptr<BodySink>, Response>(const Request&)>;

/// Which bounded pool of worker threads runs the handler: what waits for the database, for another
/// server, or for a program of this machine. A kind that is slow does not hold up the others.
enum class Pool { database, outbound, program };

struct RouteOptions {
  std::size_t body_limit = 64 * 1024;  ///< bytes, after content-encoding is undone; 413 beyond
  Pool pool = Pool::database;
  bool no_store = true;  ///< adds `cache-control: no-store` when the handler set no cache-control
};

/// Patterns are paths whose segments are literal text, `{name}` (one segment, decoded once),
/// `{package}` (a package name: `a`, `@s/a`, `@s%2fa`, `@s%2Fa`, `%40s%2fa`: one capture "@s/a"),
/// or a last `{rest...}` (everything that remains, with its slashes, decoded once). Literal beats
/// {package} beats {name} beats {rest...}; a pattern without the method gives way to the next that
/// has it. {package} does not match "-" before further segments (`/-/` introduces the registry's
/// own paths). A single trailing slash is ignored; an empty segment elsewhere matches nothing. A
/// path that matches with another method is 405 with Allow; HEAD is answered by GET's handler
/// without the body; OPTIONS is answered with Allow. A segment that decodes to "." or "..", holds
/// NUL, or is not UTF-8 never matches a capture (400).
class Router {
 public:
  Router();
  ~Router();
  Router(Router&&) noexcept;
  Router& operator=(Router&&) noexcept;

  /// Both throw std::logic_error for a malformed pattern and for a second route at the same place.
  void add(Method method, std::string_view pattern, Handler handler, RouteOptions options = {});
  void add_sink(Method method, std::string_view pattern, SinkFactory factory,
                RouteOptions options = {});

  struct Route {
    Handler handler;  ///< one of these two is set
    SinkFactory sink;
    RouteOptions options;
    std::string pattern;                  ///< for logs and metrics: never the raw path
    std::vector<std::string_view> names;  ///< of the captures in `pattern`, in order
  };
  struct Match {
    const Route* route = nullptr;  ///< null: answer with `refusal`
    Failure refusal;               ///< not_found, not_allowed or invalid
    std::string allow;             ///< for 405 and OPTIONS: "GET, HEAD, PUT"
  };
  /// Finds the route and fills `request.captures`. Thread-safe once routes are all added.
  Match match(Request& request) const;

 private:
  struct Node;
  void insert(Method method, std::string_view pattern, Handler handler, SinkFactory sink,
              RouteOptions options);
  std::unique_ptr<Node> root_;
};

}  // namespace imp::http
