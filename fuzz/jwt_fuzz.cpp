#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/encoding.h"
#include "jose/token.h"
#include "jose/verify.h"

namespace {

using namespace imp;

void require(bool holds) {
  if (!holds) std::abort();
}

/// Whatever parses spells its own segments in the one canonical way, and nothing that was not
/// signed by a key of the set is ever verified.
void check(std::string_view compact) {
  const auto token = jose::parse_token(compact);
  if (!token) {
    require(!token.error().code().empty() && !token.error().message.empty());
    return;
  }
  require(compact == token->signing_input + "." + base64url(token->signature));
  require(!token->key_id.empty() && token->key_id.size() <= jose::kMaxKeyIdBytes);

  const auto issuer = jose::unverified_issuer(*token);
  const Bytes seven(32, 7);
  const auto key = crypto::PublicKey::ed25519(seven);
  const auto keys = key ? jose::KeySet::of({{token->key_id, *key}}) : jose::KeySet();
  const jose::VerifyPolicy policy{
      .algorithms = {jose::Algorithm::rs256, jose::Algorithm::es256, jose::Algorithm::eddsa},
      .issuer = issuer ? std::string(*issuer) : std::string(),
      .audiences = {"npm:registry.example"}};
  require(!jose::verify(*token, keys, policy, from_milliseconds(1'800'000'000'000)));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = imp::text_of({data, size});
  check(text);
  // Random bytes are hardly ever base64url: split at a line feed and encode, to reach the JSON.
  const std::size_t end = text.find('\n');
  if (end != std::string_view::npos) {
    check(imp::base64url(imp::bytes_of(text.substr(0, end))) + "." +
          imp::base64url(imp::bytes_of(text.substr(end + 1))) + ".AAAA");
  }
  return 0;
}
