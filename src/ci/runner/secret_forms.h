#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace imp::ci::runner {

/// Whether a value is masked: not when it is shorter than four bytes, or one of the words true,
/// True, false and False, for that would blacken half of the output.
bool is_secret(std::string_view value);

/// How a secret may show in output, each at least four bytes: as it is, without white space around
/// it, line by line (lines of eight bytes and more: shorter ones are not of this secret alone), and
/// in base64, alone or as a part of something longer ("user:secret"). Any other transformation
/// (reversed, encrypted, broken into lines of 76) is not recognised. Empty for values that are no
/// secrets.
std::vector<std::string> secret_forms(std::string_view value);

}  // namespace imp::ci::runner
