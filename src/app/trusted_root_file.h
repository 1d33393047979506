#pragma once

#include <string>

#include "base/failure.h"
#include "sigstore/trusted_root.h"

namespace imp::app {

/// Reads a trusted_root.json; the refusal names the file.
Result<sigstore::TrustedRoot> load_trusted_root(const std::string& path);

}  // namespace imp::app
