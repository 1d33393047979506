#include <algorithm>
#include <array>

#include "crypto/key_impl.h"

namespace imp::crypto {

namespace {

constexpr std::size_t kHalf = 32;

/// The order n of P-256 (SP 800-186 §3.2.1.3), big-endian.
constexpr std::array<std::uint8_t, kHalf> kOrder = {
    0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51};

bool is_scalar(ByteView number) {
  const bool zero = std::ranges::all_of(number, [](std::uint8_t byte) { return byte == 0; });
  return !zero && std::ranges::lexicographical_compare(number, kOrder);
}

}  // namespace

Bytes der_from_raw(ByteView raw) {
  if (raw.size() != 2 * kHalf) return {};
  const ByteView r = raw.first(kHalf);
  const ByteView s = raw.last(kHalf);
  if (!is_scalar(r) || !is_scalar(s)) return {};
  const EcdsaSignature signature(ECDSA_SIG_new());
  BigNumber r_number(BN_bin2bn(r.data(), kHalf, nullptr));
  BigNumber s_number(BN_bin2bn(s.data(), kHalf, nullptr));
  ensure(signature && r_number && s_number &&
             ECDSA_SIG_set0(signature.get(), r_number.release(), s_number.release()) == 1,
         "ECDSA_SIG_set0");
  const int size = i2d_ECDSA_SIG(signature.get(), nullptr);
  ensure(size > 0, "i2d_ECDSA_SIG");
  Bytes der(static_cast<std::size_t>(size));
  std::uint8_t* out = der.data();
  i2d_ECDSA_SIG(signature.get(), &out);
  return der;
}

Bytes raw_from_der(ByteView der) {
  const std::uint8_t* in = der.data();
  const EcdsaSignature signature(d2i_ECDSA_SIG(nullptr, &in, static_cast<long>(der.size())));
  ensure(signature != nullptr, "d2i_ECDSA_SIG");
  Bytes raw(2 * kHalf);
  ensure(BN_bn2binpad(ECDSA_SIG_get0_r(signature.get()), raw.data(), kHalf) == kHalf &&
             BN_bn2binpad(ECDSA_SIG_get0_s(signature.get()), raw.data() + kHalf, kHalf) == kHalf,
         "BN_bn2binpad");
  return raw;
}

}  // namespace imp::crypto
