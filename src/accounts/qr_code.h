#pragma once

#include <string>
#include <string_view>

#include "base/failure.h"

namespace imp::accounts {

/// The text as a QR code: a stand-alone SVG element with a quiet zone, dark on white in every
/// colour scheme, with a title for screen readers.
Result<std::string> qr_code_svg(std::string_view text, std::string_view title);
/// The same for a terminal, two modules a character.
Result<std::string> qr_code_text(std::string_view text);

}  // namespace imp::accounts
