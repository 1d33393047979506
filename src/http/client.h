#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/encoding.h"
#include "base/failure.h"
#include "http/request.h"

namespace imp::http {

/// Why a fetch has no answer.
enum class FetchRefusal : std::uint8_t {
  request_invalid,  ///< method, URL or header that cannot be sent
  scheme_refused,   ///< http:// where https_only, or neither of the two
  address_refused,  ///< the host's address is not public
  unreachable,      ///< name, connection or TLS failure
  timed_out,
  body_too_large,
  redirect_refused,  ///< too many, without a place, or with a body to another origin
  stopped,           ///< the sink returned false, or give_up true
  answer_invalid,    ///< not HTTP, or it broke off
};
Reason reason(FetchRefusal refusal);

struct Fetch {
  std::string method = "GET";
  std::string url{};
  Headers headers{};
  std::string body{};
  Milliseconds timeout{5000};        ///< for the whole exchange
  std::size_t body_limit = 1 << 20;  ///< bytes after decompression; more is a failure, not a cut
  int redirects = 0;                 ///< how many to follow
  bool https_only = false;           ///< refuse http:// at the start and in redirects
  /// Refuse loopback, private and link-local addresses, at the moment of connecting, so that a name
  /// cannot change its address in between. Connects directly: a proxy would choose the address.
  bool public_addresses_only = false;
  std::string unix_socket{};  ///< connect to this path instead of the URL's host
  /// When set, asked at least once a second; true ends the exchange as `stopped`.
  std::function<bool()> give_up{};
  /// When set, receives the body of a 2xx answer as it arrives instead of `Fetched::body`.
  /// Returning false stops the transfer with a failure.
  std::function<bool(ByteView)> sink{};
};

struct Fetched {
  int status = 0;
  Headers headers;  ///< of the last answer; names in lower case
  std::string body;
  std::string header(std::string_view lower_case_name) const;
};

/// Outbound HTTP. Injected, so that tests and offline installations can replace it. Thread-safe;
/// blocks the calling (worker) thread. Any status is a success here; failures are transport errors,
/// limits and refused addresses.
class Client {
 public:
  virtual ~Client() = default;
  virtual Result<Fetched> fetch(const Fetch& fetch) = 0;
};

struct ClientOptions {
  std::string ca_file{};  ///< PEM certificates trusted instead of the system's; empty: the system's
  std::string user_agent = "imprimatur";
};

/// libcurl, with connections kept between calls. Proxies from the environment (https_proxy,
/// no_proxy) are used.
std::unique_ptr<Client> make_client(ClientOptions options = {});

}  // namespace imp::http
