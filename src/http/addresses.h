#pragma once

#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace imp::http {

/// An IP address. IPv4 is held in its IPv6-mapped form, so that both spellings are equal.
struct Address {
  std::array<std::uint8_t, 16> bytes{};

  static std::optional<Address> parse(std::string_view text);
  /// Of an AF_INET or AF_INET6 socket address; nothing for another family.
  static std::optional<Address> of(const sockaddr* address);
  bool is_v4() const;
  std::string text() const;  ///< dotted for IPv4, RFC 5952 for IPv6
  bool operator==(const Address&) const = default;
};

/// An address or a CIDR block: "10.0.0.0/8", "::1".
struct AddressBlock {
  Address base;
  unsigned bits = 128;  ///< counted over the 16 bytes of Address

  static std::optional<AddressBlock> parse(std::string_view text);
  bool contains(const Address& address) const;
};

/// True for addresses of the public internet: not loopback, private, link-local, shared, multicast,
/// documentation or otherwise special (the IANA special-purpose registries), also when such an IPv4
/// address is embedded in an IPv6 one (mapped, NAT64, 6to4).
bool is_public(const Address& address);

}  // namespace imp::http
