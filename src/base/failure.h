#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

namespace imp {

/// What sort of refusal it is; `http/` maps each kind to one status code.
enum class FailureKind : std::uint8_t {
  invalid,          ///< the input is malformed or breaks a rule            400
  unauthenticated,  ///< no credential, or one that is not valid            401
  challenge,        ///< a second factor is needed                          401 + www-authenticate
  forbidden,        ///< known caller, not allowed                          403
  not_found,        ///< absent, or hidden from this caller                 404
  not_allowed,      ///< the route exists, the method does not              405
  conflict,         ///< the state moved on or the name is taken            409
  gone,             ///< existed once and never will again                  410
  too_large,        ///< over a size limit                                  413
  unsupported,      ///< media type or encoding not understood              415
  unprocessable,    ///< well-formed but contradicts itself                 422
  rate_limited,     ///< too often                                          429
  internal,         ///< a bug or a broken store; nothing was changed       500
  upstream,         ///< a foreign server answered badly                    502
  unavailable,      ///< overloaded, stopping, or a dependency is down      503
};

/// One row of a module's table of refusals. Each module has a closed enum of refusals and a
/// function `Reason reason(ThatEnum)`; codes are stable, lower snake case, and documented in
/// docs/guide/troubleshooting.md.
struct Reason {
  std::string_view code;  ///< static storage, e.g. "claim_mismatch"
  FailureKind kind = FailureKind::internal;
};

/// Why something was refused: the only error type that crosses a module boundary.
struct Failure {
  Reason reason;
  std::string message;  ///< a sentence for the caller: what was wrong, where, what to do
  std::string detail;   ///< for the log, the audit trail and those who may see it; never sent as is

  std::string_view code() const { return reason.code; }
  FailureKind kind() const { return reason.kind; }
};

template <class T>
using Result = std::expected<T, Failure>;

/// `return refuse(TrustRefusal::replayed, "This identity token was used before.", jti);`
/// finds the enum's `reason()` by argument-dependent lookup.
template <class Refusal>
std::unexpected<Failure> refuse(Refusal refusal, std::string message, std::string detail = {}) {
  return std::unexpected(Failure{reason(refusal), std::move(message), std::move(detail)});
}

/// Passes on the failure of another result: `if (!a) return pass_on(a);`
template <class T>
std::unexpected<Failure> pass_on(const Result<T>& failed) {
  return std::unexpected(failed.error());
}

}  // namespace imp
