#pragma once

#include <chrono>
#include <functional>
#include <iosfwd>
#include <string>

#include "base/failure.h"
#include "cli/npm_config.h"
#include "http/client.h"

namespace imp::cli {

/// npm's web flow for a second factor, which is the only way for accounts whose factor is a
/// passkey: the request says `npm-auth-type: web`; the registry answers 401 with `authUrl`, which a
/// person opens, and `doneUrl`, which answers 202 until they have confirmed there and then the
/// value for `npm-otp` of the same request, once.

/// How a person is told, and how time passes in between.
struct WebConfirmation {
  std::ostream* tell = nullptr;  ///< null: nobody is there, and the flow is not asked for
  std::function<void(std::chrono::seconds)> sleep = {};

  /// For the person at the terminal of this process: where `npm_config_auth_type` is "web", or is
  /// not set and both standard input and standard error are terminals.
  static WebConfirmation at_terminal(const Environment& environment);
};

/// client.fetch() and, when the registry asks for a confirmation in the browser, the same again
/// once it was given. `registry_refused` with the registry's sentence when it was denied or took
/// too long; `answer_unusable` when the addresses are no web addresses.
Result<http::Fetched> fetch_confirmed(http::Client& client, http::Fetch fetch,
                                      const WebConfirmation& confirmation);

}  // namespace imp::cli
