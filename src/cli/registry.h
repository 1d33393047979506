#pragma once

#include <boost/json/value.hpp>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/failure.h"
#include "cli/npm_config.h"
#include "cli/web_confirmation.h"
#include "http/client.h"

namespace imp::cli {

/// Which registry a command is about, as its options say.
struct RegistryOptions {
  std::string registry;  ///< empty: npm's, else this machine's
  std::string otp;
  bool json = false;            ///< print the answer as it came
  std::string directory = ".";  ///< where the project's .npmrc may be
};

/// A registry by its address, with the caller's token. Speaks the public API.
class Registry {
 public:
  /// The address and the token of the options, the variable IMPRIMATUR_TOKEN, and npm's
  /// configuration, in this order. IMPRIMATUR_TOKEN and the one-time code name no registry, so they
  /// never go to an address that only the project's .npmrc names: whoever wrote that file may be a
  /// stranger. There the token that the file has for this very address is sent, if any.
  static Registry open(const RegistryOptions& options, const Environment& environment,
                       std::shared_ptr<http::Client> client = nullptr);

  /// Sends a request to `path`, which is below the registry's address, with token and code; an
  /// answer with another status than 2xx is a refusal with the registry's sentence, whose detail is
  /// its code and where that is explained: `registry_unavailable` for 429 and 5xx, else
  /// `registry_refused`. What keeps an answer from coming is a Failure, too, and names the address.
  Result<http::Fetched> send(http::Fetch fetch, const std::string& path) const;

  struct Answer {
    int status = 0;
    boost::json::value document;  ///< null when there is no body
  };
  /// send() for what is JSON on both sides; `answer_unusable` for an answer that is not.
  Result<Answer> ask(std::string_view method, const std::string& path,
                     const boost::json::value& body = nullptr,
                     Milliseconds timeout = std::chrono::minutes(2)) const;
  /// `no_credential` when there is none to send; `unusable_argument` when there is no address.
  Result<void> needs_token() const;
  /// `unusable_argument` for what is no web address.
  Result<void> has_address() const;
  /// `registry_not_chosen` when the project's .npmrc alone names this address, so that nothing that
  /// is good elsewhere may be sent to it.
  Result<void> may_be_given_credentials() const;

  const std::string& address() const { return address_; }
  const std::string& otp() const { return otp_; }
  const std::optional<std::string>& token() const { return token_; }

 private:
  Failure not_reached(Failure failure) const;

  std::string address_, otp_;
  std::string project_file_;  // that alone named the address; mostly empty
  bool keeps_credentials_ = false;
  std::optional<std::string> token_;
  std::string token_from_;  ///< for people
  bool address_is_default_ = false;
  WebConfirmation confirmation_;
  std::shared_ptr<http::Client> client_;
};

/// Whether the same request may succeed in a moment: the registry is away, or says so.
bool may_pass(const Failure& failure);

/// What the API has of a package or of a scope: "/-/package/%40acme%2Flib", and "/-/org/acme" for
/// "@acme".
std::string place_path(std::string_view name);
inline std::string trust_path(std::string_view name) { return place_path(name) + "/trust"; }

}  // namespace imp::cli
