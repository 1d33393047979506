#pragma once

#include <string>

namespace imp::accounts {

/// What a second factor is asked for. A confirmation made on the web, or with a passkey, counts for
/// this alone.
struct Purpose {
  std::string action =
      {};  ///< "trust.create", "stage.approve", "package.publish", "token.create", …
  std::string subject = {};  ///< "@acme/pkg", a stage id, …; may be empty
  /// For actions that a client carries out in several requests with one code (`npm unpublish`) or
  /// repeats after a 5xx: the same code counts again for sixty seconds, for the same credential,
  /// action and subject. Never for approvals and trust.
  bool repeatable = false;
};

}  // namespace imp::accounts
