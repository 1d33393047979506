#include "http/forwarded.h"

#include <algorithm>
#include <string_view>

namespace imp::http {

namespace {

bool trusted(const Address& address, std::span<const AddressBlock> proxies) {
  return std::ranges::any_of(proxies, [&](const auto& block) { return block.contains(address); });
}

/// The last item of a comma-separated list, which is shortened by it.
std::string_view take_last(std::string_view& list) {
  const auto comma = list.rfind(',');
  std::string_view item = comma == std::string_view::npos ? list : list.substr(comma + 1);
  list = comma == std::string_view::npos ? std::string_view() : list.substr(0, comma);
  while (!item.empty() && (item.front() == ' ' || item.front() == '\t')) item.remove_prefix(1);
  while (!item.empty() && (item.back() == ' ' || item.back() == '\t')) item.remove_suffix(1);
  return item;
}

/// The value of the header's last line: what the nearest proxy wrote or appended to.
std::string_view last_line(const Request& request, std::string_view name) {
  std::string_view last;
  for (const auto& [key, value] : request.headers) {
    if (equal_ignoring_case(key, name)) last = value;
  }
  return last;
}

}  // namespace

void resolve_client(Request& request, const Address& peer, bool over_tls,
                    std::span<const AddressBlock> trusted_proxies) {
  request.secure = over_tls;
  Address client = peer;
  if (!trusted_proxies.empty() && trusted(peer, trusted_proxies)) {
    std::string_view hops = last_line(request, "x-forwarded-for");
    while (!hops.empty() && trusted(client, trusted_proxies)) {
      const auto hop = Address::parse(take_last(hops));
      if (!hop) break;
      client = *hop;
    }
    std::string_view schemes = last_line(request, "x-forwarded-proto");
    if (!schemes.empty()) request.secure = equal_ignoring_case(take_last(schemes), "https");
  }
  request.remote_address = client.text();
}

}  // namespace imp::http
