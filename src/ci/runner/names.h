#pragma once

#include <string_view>

namespace imp::ci::runner {

/// [A-Za-z_][A-Za-z0-9_]*: what a POSIX shell can export.
bool is_variable_name(std::string_view text);

/// 40 (SHA-1) or 64 (SHA-256) lower-case hexadecimal digits.
bool is_git_object_name(std::string_view text);

/// A ref or a branch name as git check-ref-format(1) allows it, and never one that git would take
/// for an option ("-x") or a refspec ("a:b", "+a").
bool is_git_reference(std::string_view text);

}  // namespace imp::ci::runner
