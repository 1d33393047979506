#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <string_view>

#include "http/client.h"

namespace imp::app {

/// A registry that a command talks to over HTTP, as the person whose access token is in the
/// environment variable IMPRIMATUR_TOKEN.
struct RegistryClient {
  std::string registry = "http://localhost:4873";
  std::string otp;  ///< a one-time code, where the command needs one

  /// --registry, and --otp for commands that need a second factor.
  void add_flags(CLI::App& command, bool needs_factor);

  /// Sends a request to a path of the registry. Any answer but 2xx is a refusal with its message,
  /// of kind unavailable when it may be tried again.
  Result<http::Fetched> ask(http::Fetch fetch, std::string_view path) const;
};

}  // namespace imp::app
