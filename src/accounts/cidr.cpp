#include "accounts/cidr.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <string>

namespace imp::accounts {
namespace {

constexpr std::size_t kMappedPrefix = 12;

bool bit(const Address& address, int number) {
  return (address[static_cast<std::size_t>(number / 8)] >> (7 - number % 8)) & 1;
}

}  // namespace

std::optional<Address> parse_address(std::string_view text) {
  const std::string terminated(text);
  if (terminated.find('\0') != std::string::npos) return std::nullopt;
  Address address{};
  if (inet_pton(AF_INET6, terminated.c_str(), address.data()) == 1) return address;
  address.fill(0);
  address[10] = address[11] = 0xff;
  if (inet_pton(AF_INET, terminated.c_str(), address.data() + kMappedPrefix) == 1) return address;
  return std::nullopt;
}

std::optional<CidrBlock> CidrBlock::parse(std::string_view text) {
  const std::size_t slash = text.find('/');
  const std::optional<Address> address = parse_address(text.substr(0, slash));
  if (!address) return std::nullopt;
  CidrBlock block;
  block.address_ = *address;
  if (slash == std::string_view::npos) return block;

  const std::string_view prefix = text.substr(slash + 1);
  const bool leading_zero = prefix.size() > 1 && prefix.front() == '0';
  int bits = -1;
  const auto [end, error] = std::from_chars(prefix.data(), prefix.data() + prefix.size(), bits);
  if (error != std::errc() || end != prefix.data() + prefix.size() || leading_zero) {
    return std::nullopt;
  }
  const bool dotted = text.substr(0, slash).find(':') == std::string_view::npos;
  const int width = dotted ? 32 : 128;
  if (bits < 0 || bits > width) return std::nullopt;
  block.bits_ = bits + (128 - width);
  for (int number = block.bits_; number < 128; ++number) {
    if (bit(block.address_, number)) return std::nullopt;
  }
  return block;
}

bool CidrBlock::contains(const Address& address) const {
  for (int number = 0; number < bits_; ++number) {
    if (bit(address, number) != bit(address_, number)) return false;
  }
  return true;
}

}  // namespace imp::accounts
