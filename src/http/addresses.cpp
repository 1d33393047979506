#include "http/addresses.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <charconv>
#include <cstring>

namespace imp::http {

namespace {

constexpr std::array<std::uint8_t, 12> kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

Address from_v4(const std::uint8_t* four) {
  Address address;
  std::ranges::copy(kMapped, address.bytes.begin());
  std::copy(four, four + 4, address.bytes.begin() + 12);
  return address;
}

constexpr std::string_view kSpecial[] = {
    "0.0.0.0/8",     "10.0.0.0/8",      "100.64.0.0/10",  "127.0.0.0/8",    "169.254.0.0/16",
    "172.16.0.0/12", "192.0.0.0/24",    "192.0.2.0/24",   "192.88.99.0/24", "192.168.0.0/16",
    "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4",    "240.0.0.0/4",
};

bool is_public_v4(const Address& address) {
  return std::ranges::none_of(kSpecial, [&](std::string_view block) {
    return AddressBlock::parse(block)->contains(address);
  });
}

}  // namespace

std::optional<Address> Address::parse(std::string_view text) {
  const std::string copy(text);
  if (copy.size() != text.size() || copy.find('\0') != std::string::npos) return std::nullopt;
  in_addr four{};
  if (inet_pton(AF_INET, copy.c_str(), &four) == 1) {
    return from_v4(reinterpret_cast<const std::uint8_t*>(&four));
  }
  Address address;
  if (inet_pton(AF_INET6, copy.c_str(), address.bytes.data()) == 1) return address;
  return std::nullopt;
}

std::optional<Address> Address::of(const sockaddr* address) {
  if (address->sa_family == AF_INET) {
    const auto* four = reinterpret_cast<const sockaddr_in*>(address);
    return from_v4(reinterpret_cast<const std::uint8_t*>(&four->sin_addr));
  }
  if (address->sa_family != AF_INET6) return std::nullopt;
  const auto* six = reinterpret_cast<const sockaddr_in6*>(address);
  Address made;
  std::memcpy(made.bytes.data(), &six->sin6_addr, 16);
  return made;
}

bool Address::is_v4() const { return std::equal(kMapped.begin(), kMapped.end(), bytes.begin()); }

std::string Address::text() const {
  char buffer[INET6_ADDRSTRLEN] = {};
  if (is_v4()) {
    inet_ntop(AF_INET, bytes.data() + 12, buffer, sizeof buffer);
  } else {
    inet_ntop(AF_INET6, bytes.data(), buffer, sizeof buffer);
  }
  return buffer;
}

std::optional<AddressBlock> AddressBlock::parse(std::string_view text) {
  const auto slash = text.find('/');
  const auto base = Address::parse(text.substr(0, slash));
  if (!base) return std::nullopt;
  AddressBlock block{*base, 128};
  if (slash == std::string_view::npos) return block;
  const std::string_view digits = text.substr(slash + 1);
  // The written form decides what the number counts: "::ffff:10.0.0.0/104" is an IPv6 block.
  const bool dotted = text.find(':') == std::string_view::npos;
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), block.bits);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  if (block.bits > (dotted ? 32U : 128U)) return std::nullopt;
  if (dotted) block.bits += 96;
  return block;
}

bool AddressBlock::contains(const Address& address) const {
  const unsigned whole = bits / 8;
  if (!std::equal(base.bytes.begin(), base.bytes.begin() + whole, address.bytes.begin())) {
    return false;
  }
  if (bits % 8 == 0) return true;
  const auto mask = static_cast<std::uint8_t>(0xff << (8 - bits % 8));
  return (base.bytes[whole] & mask) == (address.bytes[whole] & mask);
}

bool is_public(const Address& address) {
  if (address.is_v4()) return is_public_v4(address);
  static constexpr std::string_view nat64 = "64:ff9b::/96";
  if (AddressBlock::parse(nat64)->contains(address)) {
    return is_public_v4(from_v4(address.bytes.data() + 12));
  }
  if (AddressBlock::parse("2002::/16")->contains(address)) {
    return is_public_v4(from_v4(address.bytes.data() + 2));
  }
  // Only 2000::/3 is global unicast; within it, these are special.
  if (!AddressBlock::parse("2000::/3")->contains(address)) return false;
  static constexpr std::string_view special[] = {"2001::/23", "2001:db8::/32", "3fff::/20"};
  return std::ranges::none_of(special, [&](std::string_view block) {
    return AddressBlock::parse(block)->contains(address);
  });
}

}  // namespace imp::http
