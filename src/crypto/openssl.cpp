#include "crypto/openssl.h"

#include <fmt/format.h>
#include <openssl/err.h>

#include <array>
#include <stdexcept>

namespace imp::crypto {

void ensure(bool succeeded, std::string_view what) {
  if (succeeded) return;
  std::array<char, 256> reason{};
  ERR_error_string_n(ERR_get_error(), reason.data(), reason.size());
  ERR_clear_error();
  throw std::runtime_error(fmt::format("{}: {}", what, reason.data()));
}

}  // namespace imp::crypto
