#include "hooks/signature.h"

#include "crypto/hash.h"

namespace imp::hooks {

std::string signature(ByteView secret, std::string_view id, std::int64_t timestamp,
                      std::string_view body) {
  const std::string text = fmt::format("{}.{}.{}", id, timestamp, body);
  return "v1," + base64(crypto::hmac_sha256(secret, bytes_of(text)));
}

}  // namespace imp::hooks
