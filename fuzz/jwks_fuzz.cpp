#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "base/encoding.h"
#include "jose/jwks.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace imp;
  const auto keys = jose::KeySet::parse(text_of({data, size}));
  if (!keys) return 0;
  if (keys->size() + keys->skipped().size() > jose::kMaxKeys * 2) std::abort();
  if (keys->find("") != nullptr) std::abort();  // a token cannot name it
  if (const auto* key = keys->find("r")) {
    if (keys->is_ambiguous("r") || key->key_id != "r") std::abort();
    // A key that was accepted can be used: refusing a signature must not throw.
    if (key->key.verify(bytes_of("header.payload"), Bytes(256, 1))) std::abort();
  }
  return 0;
}
