#pragma once

#include <string>

#include "base/failure.h"

namespace imp::web {

/// The name of the form's field that a refusal is about, so that its page can say it there; empty
/// when it is about no single field. Where forms name the same thing differently, the names with
/// spaces between.
std::string field_of(const Failure& failure);

}  // namespace imp::web
