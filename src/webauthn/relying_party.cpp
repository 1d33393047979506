#include "webauthn/relying_party.h"

#include <fmt/format.h>
#include <algorithm>

namespace imp::webauthn {
namespace {

constexpr std::string_view kHttps = "https://";
constexpr std::string_view kHttp = "http://";

std::string lower(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return result;
}

bool is_localhost(std::string_view host) {
  return host == "localhost" || host.ends_with(".localhost");
}

/// URL Standard §3.5: a host whose last label is a number is an IPv4 address.
bool is_name(std::string_view host) {
  if (host.empty() || host.starts_with('[')) return false;
  const std::string_view last = host.substr(host.rfind('.') + 1);
  return !last.empty() && last.find_first_not_of("0123456789") != std::string_view::npos;
}

}  // namespace

std::optional<RelyingParty> RelyingParty::of(std::string_view public_url) {
  const std::string url = lower(public_url);
  const bool tls = url.starts_with(kHttps);
  if (!tls && !url.starts_with(kHttp)) return std::nullopt;
  const std::string_view scheme = tls ? kHttps : kHttp;
  std::string_view authority = std::string_view(url).substr(scheme.size());
  authority = authority.substr(0, authority.find_first_of("/?#"));
  const std::size_t colon = authority.rfind(':');
  const std::string_view host = authority.substr(0, colon);
  const std::string_view port =
      colon == std::string_view::npos ? std::string_view() : authority.substr(colon + 1);
  if (!is_name(host) || (!tls && !is_localhost(host))) return std::nullopt;
  const bool standard = port.empty() || port == (tls ? "443" : "80");
  return RelyingParty{.id = std::string(host),
                      .origin = standard ? fmt::format("{}{}", scheme, host)
                                         : fmt::format("{}{}:{}", scheme, host, port)};
}

}  // namespace imp::webauthn
