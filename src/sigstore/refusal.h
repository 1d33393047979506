#pragma once

#include <cstdint>

#include "base/failure.h"

namespace imp::sigstore {

/// Why a bundle is not believed.
enum class SigstoreRefusal : std::uint8_t {
  malformed_bundle,
  malformed_root,  ///< the operator's trusted root cannot be used
  not_verified,    ///< a check failed; the message says which
};
Reason reason(SigstoreRefusal refusal);

}  // namespace imp::sigstore
