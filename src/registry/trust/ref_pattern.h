#pragma once

#include <boost/json/value.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "registry/trust/claim_forms.h"

namespace imp::trust {

/// A full ref ("refs/heads/main"), or a pattern: `*` stands for anything but a slash,
/// `{{version}}`, at most once, for the version that is published.
extern const ClaimForm kRef;
/// The same without the need to begin with refs/: issuers write branches and tags in many ways.
extern const ClaimForm kAnyRef;

inline constexpr std::string_view kRefHint =
    "refs/heads/main, or a pattern such as refs/tags/v{{version}}: then the tag must name the "
    "version "
    "that is published.";

/// The version in a ref that the pattern is satisfied by. Nothing when it is not satisfied; an
/// empty text when the pattern does not bind the version.
std::optional<std::string> version_in(std::string_view pattern, std::string_view ref);

}  // namespace imp::trust
