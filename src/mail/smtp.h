#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/failure.h"

namespace imp::mail {

/// What came of handing one message to a server.
struct Sent {
  enum class Outcome : std::uint8_t {
    delivered,      ///< the server took it
    later,          ///< it does not take this message or recipient now (4xx)
    refused,        ///< nor ever (5xx)
    server_failed,  ///< it takes nothing from us now: unreachable, TLS, credentials, the sender
    stopped,        ///< `give_up` said so
  } outcome = Outcome::server_failed;
  std::string answer;  ///< the server's last line, or why there was none; holds no credential
};

/// Takes messages to a mail server. Injected, so that tests can replace it. Used by one thread.
class Transport {
 public:
  virtual ~Transport() = default;
  /// Blocks. `mime` is the message (message.h) to one recipient. `give_up` is asked at least once a
  /// second.
  virtual Sent send(const std::string& from, const std::string& to, const std::string& mime,
                    const std::function<bool()>& give_up) = 0;
  /// Nothing more is to be sent for now: the connection is not kept.
  virtual void rest() = 0;
};

enum class Tls : std::uint8_t { automatic, required, none };

struct SmtpOptions {
  std::string server;                  ///< smtp://host[:port] or smtps://host[:port]
  std::string username{}, password{};  ///< both or neither
  Tls tls = Tls::automatic;            ///< automatic: required, but for a server on this machine
  std::string ca_file{};               ///< PEM certificates trusted instead of the system's
  Milliseconds timeout{60'000};        ///< for one message
};

/// Whether the server of this URL is the machine itself: localhost, 127.0.0.0/8, ::1.
bool is_this_machine(std::string_view server);
/// invalid_mail_settings when the URL is not one of the two forms (credentials, paths and queries
/// are no part of it), or when the password would travel without TLS to another machine.
Result<void> check(const SmtpOptions& options);

/// SMTP by libcurl: EHLO, STARTTLS where TLS is wanted and the URL is smtp://, AUTH when there is a
/// user name, one recipient a message. The connection is kept until rest(). `hello` is the name in
/// EHLO.
std::unique_ptr<Transport> make_smtp(SmtpOptions options, const std::string& hello);

}  // namespace imp::mail
