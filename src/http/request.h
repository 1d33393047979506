#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/failure.h"

namespace imp::http {

enum class Method : std::uint8_t { get, head, post, put, patch, del, options, other };
std::string_view name(Method method);  ///< "GET", "DELETE", …

using Headers = std::vector<std::pair<std::string, std::string>>;

/// One request, read in full (or its head, for a body sink). Plain data: handlers never see a
/// socket.
struct Request {
  Method method = Method::get;
  std::string target;          ///< as sent: path and query, still encoded
  Headers headers;             ///< in order; names as sent
  std::string body;            ///< empty for body sinks; content-encoding gzip is already undone
  std::string remote_address;  ///< the peer's, or the client's from X-Forwarded-For when the peer
                               ///< is trusted
  bool secure = false;         ///< arrived over TLS, or a trusted proxy said so
  std::string id;              ///< for the log and the x-request-id response header
  Time received;
  bool wait_expired = false;  ///< the handler asked to wait (response.h) and the time has passed

  /// Filled by the router: the captures of the route's pattern, decoded once, in order.
  std::vector<std::pair<std::string_view, std::string>> captures;

  /// The encoded path: `target` up to '?'.
  std::string_view path() const;
  /// The encoded query string after '?', or empty.
  std::string_view query_string() const;

  /// The first header of that name, compared without case; empty when absent.
  std::string_view header(std::string_view name) const;
  bool has_header(std::string_view name) const;
  /// A captured path parameter; empty when the pattern has none of that name.
  const std::string& param(std::string_view name) const;
  /// A query parameter, form-decoded; nothing when absent or malformed.
  std::optional<std::string> query(std::string_view name) const;
  /// A cookie's value; empty when absent.
  std::string_view cookie(std::string_view name) const;
  /// The token of `Authorization: Bearer …` (scheme compared without case); empty when absent.
  std::string_view bearer() const;
  /// User and password of `Authorization: Basic …`; nothing when absent or malformed.
  std::optional<std::pair<std::string, std::string>> basic() const;
  /// A field of an application/x-www-form-urlencoded body.
  std::optional<std::string> form(std::string_view name) const;
  /// Every value of a repeated field of an application/x-www-form-urlencoded body, in order.
  std::vector<std::string> form_all(std::string_view name) const;
};

/// True when two header names or values are the same but for ASCII case.
bool equal_ignoring_case(std::string_view a, std::string_view b);

}  // namespace imp::http
