#pragma once

#include <cstdint>

#include "base/encoding.h"

namespace imp::webauthn {

/// COSE algorithms (RFC 9053) that are asked for, most wanted first.
enum class Algorithm : std::int32_t { es256 = -7, eddsa = -8, rs256 = -257 };
inline constexpr Algorithm kAlgorithms[] = {Algorithm::es256, Algorithm::eddsa, Algorithm::rs256};

/// A passkey's public half.
struct Credential {
  Bytes id;
  Algorithm algorithm = Algorithm::es256;
  Bytes public_key;              ///< as libfido2 keeps it: x and y, the point, or n and e
  std::uint32_t sign_count = 0;  ///< how often it had signed; 0 for ever where it does not count
  bool backed_up = false;        ///< synchronised between devices
};

}  // namespace imp::webauthn
