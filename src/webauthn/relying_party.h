#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace imp::webauthn {

/// Who a server is to browsers and authenticators.
struct RelyingParty {
  std::string id;      ///< rpId: the host of the public URL. Passkeys are good for it alone.
  std::string origin;  ///< scheme, host and port as browsers write them: no default port

  /// Nothing when browsers would refuse passkeys there: without TLS on any host but localhost, or
  /// at an IP address instead of a name.
  static std::optional<RelyingParty> of(std::string_view public_url);
};

}  // namespace imp::webauthn
