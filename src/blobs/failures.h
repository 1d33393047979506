#pragma once

#include <string>

#include "blobs/store.h"

namespace imp::blobs {

/// A system call failed: `what` names the call and the file, `error` is its errno.
std::unexpected<Failure> broken(const std::string& what, int error);
std::unexpected<Failure> corrupt(const std::string& sha512, const std::string& why);
std::unexpected<Failure> absent(const std::string& sha512);
/// Nothing for a good name.
Result<void> check_name(const std::string& sha512);

}  // namespace imp::blobs
