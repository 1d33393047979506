#pragma once

#include <string>

#include "base/clock.h"
#include "demo/narrator.h"
#include "demo/outcome.h"

namespace imp::demo {

/// The npm of the walk's people: the one at `wanted` when that is not empty; else the machine's own
/// when it knows `npm trust` and `npm stage` (11.15 or newer); else the Node and npm that jobs get
/// for cimg/node:22.14, from the npm registry that this machine uses, kept in `cache_directory`
/// (the runner's). Absolute path of an `npm` that has its `node` beside it or in the PATH.
Outcome<std::string> choose_npm(const std::string& wanted, const std::string& cache_directory,
                                const Clock& clock, Narrator& say);

}  // namespace imp::demo
