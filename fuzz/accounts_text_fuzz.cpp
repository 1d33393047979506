#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "accounts/access_token.h"
#include "accounts/cidr.h"
#include "accounts/name.h"
#include "accounts/throttle.h"
#include "accounts/totp.h"

/// The texts that strangers send: names, tokens, address ranges and one-time passwords.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace imp;
  const std::string_view text(reinterpret_cast<const char*>(data), size);

  // Whatever is accepted as a name must be safe in a URL, a header and a file name.
  if (accounts::check_name(text) && text.find_first_of("/%:@\r\n \\") != std::string_view::npos) {
    std::abort();
  }
  if (accounts::is_token(text) && accounts::redact_token(text).size() >= text.size()) std::abort();

  const std::size_t split = text.find(' ');
  const std::string_view first = text.substr(0, split);
  const auto block = accounts::CidrBlock::parse(first);
  if (block) {
    // A block holds the address that it is written with.
    const auto own = accounts::parse_address(first.substr(0, first.find('/')));
    if (!own || !block->contains(*own)) std::abort();
  }
  (void)accounts::throttle_address(text);

  constexpr std::string_view secret = "12345678901234567890";
  const auto step = accounts::match_totp(bytes_of(secret), text, from_milliseconds(59'000), 1);
  if (step && *step <= 1) std::abort();
  return 0;
}
