#pragma once

#include <boost/json/object.hpp>
#include <string>

#include "registry/api/requester.h"
#include "registry/api/services.h"
#include "registry/trust/check.h"

namespace imp::registry {

/// A check of trust as its asker may see it.
struct TrustCheck {
  trust::CheckAnswer answer;
  bool described = false;
  /// Somebody who governs the package asked, and sees every publisher. Whoever only has a token
  /// sees what the exchange would tell its bearer.
  bool full = false;

  /// "would_be_granted"; of a description "would_be_granted_if_genuine", since nothing proves one;
  /// or the code of the refusal.
  std::string outcome() const;
  /// The same as a sentence.
  std::string message() const;
  boost::json::object to_json(const trust::Issuers& issuers) const;
};

/// "chosen", "agrees" (and a more specific one is chosen), "differs" or "other_issuer".
std::string_view outlook_word(const trust::CheckAnswer& answer, const trust::Outlook& outlook);

/// {"token": …}, or {"claims": {…}, "issuer": …} of a described job. `invalid_check` otherwise.
Result<trust::CheckQuestion> read_trust_question(const std::string& body);

/// Answers it and writes down that it was asked, but not the token. Anybody may ask about a token
/// that they hold; about a described job those who govern the package, or who may create it. What
/// somebody else prepared for a name is not shown, and a description is not held against it.
Result<TrustCheck> check_trust(RegistryServices& services, const Requester& requester,
                               const PackageName& name, trust::CheckQuestion question);

}  // namespace imp::registry
