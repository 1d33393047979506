#pragma once

#include <cstddef>
#include <optional>

#include "base/encoding.h"

namespace imp::webauthn {

/// The length of the CBOR item at the start of `bytes`, when it is whole and as CTAP2 writes it:
/// definite lengths, at most four levels deep, no tags. Decoders allocate what a length claims;
/// nothing claims more here than the bytes that follow can hold.
std::optional<std::size_t> cbor_item_length(ByteView bytes);

}  // namespace imp::webauthn
