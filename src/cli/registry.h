#pragma once

#include <boost/json/value.hpp>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/failure.h"
#include "cli/npm_config.h"
#include "http/client.h"

namespace imp::cli {

/// Which registry a command is about, as its options say.
struct RegistryOptions {
  std::string registry;  ///< empty: npm's, else this machine's
  std::string otp;
  bool json = false;  ///< print the answer as it came
};

/// A registry by its address, with the caller's token. Speaks the public API.
class Registry {
 public:
  /// The address and the token of the options, the variable IMPRIMATUR_TOKEN, and npm's
  /// configuration, in this order.
  static Registry open(const RegistryOptions& options, const Environment& environment,
                       std::shared_ptr<http::Client> client = nullptr);

  struct Answer {
    int status = 0;
    boost::json::value document;  ///< null when there is no body
  };
  /// `path` is below the registry's address. A refusal of the registry is `registry_refused` with
  /// its sentence; the detail is its code and where that is explained; what keeps an answer from
  /// coming is a Failure, too.
  Result<Answer> ask(std::string_view method, const std::string& path,
                     const boost::json::value& body = nullptr);
  /// `no_credential` when there is none to send.
  Result<void> needs_token() const;

  const std::string& address() const { return address_; }
  const std::string& otp() const { return otp_; }

 private:
  std::string address_, otp_;
  std::optional<std::string> token_;
  std::shared_ptr<http::Client> client_;
};

/// "/-/package/@scope%2fname/trust"
std::string trust_path(std::string_view package);

}  // namespace imp::cli
