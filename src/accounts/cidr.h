#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace imp::accounts {

/// An address in the form of IPv6; IPv4 is mapped (RFC 4291 §2.5.5.2), so that "::ffff:10.0.0.1"
/// and "10.0.0.1" are the same.
using Address = std::array<std::uint8_t, 16>;
std::optional<Address> parse_address(std::string_view text);

/// A block of addresses: "10.0.0.0/8", "2001:db8::/32", or one address.
class CidrBlock {
 public:
  /// Nothing when malformed or when bits beyond the prefix are set.
  static std::optional<CidrBlock> parse(std::string_view text);
  bool contains(const Address& address) const;

 private:
  Address address_{};
  int bits_ = 128;
};

}  // namespace imp::accounts
