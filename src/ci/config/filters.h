#pragma once

#include <optional>
#include <string>

#include "ci/config/report.h"
#include "ci/expressions/environment.h"

namespace imp::ci::config {

/// What a job's filters look at.
struct Subject {
  const expr::Environment& environment;  ///< for expressions
  std::string branch;                    ///< empty on a tag
  std::string tag;                       ///< empty on a branch
};

/// Branch and tag from the pipeline values in `environment`.
Subject subject_of(const expr::Environment& environment);

/// Whether a job with these `filters` runs. Either an expression, or a map:
///
///     branches: {only: X, ignore: X}        without it: every branch
///     tags: {only: X, ignore: X}            without it: no tag
///
/// X is a text or a list; `/.../` is a regular expression for the whole name. `only` wins over
/// `ignore`. A tag is judged by `tags` alone, a branch by `branches` alone. An expression replaces
/// both rules. Errors are reported; a key that is not one of these is one, since a filter that is
/// misspelt would let everything pass.
std::optional<bool> passes(Report& report, const Place& filters, const Subject& subject);

/// Whether a job without filters runs: on branches, never on tags.
bool passes_without_filters(const Subject& subject);

}  // namespace imp::ci::config
