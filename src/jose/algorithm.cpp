#include "jose/algorithm.h"

namespace imp::jose {

std::string_view name(Algorithm algorithm) {
  switch (algorithm) {
    case Algorithm::rs256:
      return "RS256";
    case Algorithm::es256:
      return "ES256";
    case Algorithm::eddsa:
      return "EdDSA";
  }
  return {};
}

std::optional<Algorithm> algorithm_named(std::string_view text) {
  for (const Algorithm algorithm : {Algorithm::rs256, Algorithm::es256, Algorithm::eddsa}) {
    if (text == name(algorithm)) return algorithm;
  }
  return std::nullopt;
}

Algorithm algorithm_of(crypto::KeyKind kind) {
  switch (kind) {
    case crypto::KeyKind::rsa:
      return Algorithm::rs256;
    case crypto::KeyKind::p256:
      return Algorithm::es256;
    case crypto::KeyKind::ed25519:
      return Algorithm::eddsa;
  }
  return Algorithm::rs256;
}

}  // namespace imp::jose
