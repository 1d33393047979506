#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"

namespace imp {

/// A random version 4 UUID (RFC 9562) in lower case, from the system's random source.
std::string new_uuid();

/// A version 7 UUID: the time in milliseconds, then 74 random bits. For rows that are made often:
/// their keys come in order, so that those made together share pages of an index. Tells when it was
/// made, so it is not for what strangers see.
std::string new_ordered_uuid(Time now);

/// True for the 8-4-4-4-12 form with hexadecimal digits of either case. Every version is accepted:
/// foreign servers choose their own.
bool is_uuid(std::string_view text);

}  // namespace imp
