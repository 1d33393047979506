#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/encoding.h"
#include "base/failure.h"
#include "webauthn/relying_party.h"

namespace imp::webauthn {

enum class Ceremony : std::uint8_t { create, get };

/// What the browser says it was asked to sign (level 3 §5.8.1).
struct ClientData {
  std::string type;
  std::string challenge;  ///< base64url
  std::string origin;
  bool cross_origin = false;  ///< in a frame of another site's page

  static Result<ClientData> parse(ByteView json);
};

/// The right ceremony, the issued challenge, and exactly this server's origin.
Result<void> check_client_data(ByteView json, Ceremony ceremony, std::string_view challenge,
                               const RelyingParty& party);

}  // namespace imp::webauthn
