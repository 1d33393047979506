#pragma once

#include <cstdint>

#include "registry/staging/staged_release.h"
#include "web/frame/visit.h"

namespace imp::web {

/// What waits for the visitor's decision, whatever the package: the staged releases of the packages
/// that they may publish, newest first, `per_page` of them from page `page` (from 0) on, and how
/// many there are. Nobody's are none.
Result<registry::StagedPage> waiting_releases(const Visit& visit, std::int64_t page,
                                              std::int64_t per_page);

/// How many those are, counted up to `most`: for every page, so nothing is read of them.
Result<std::int64_t> count_waiting(const Visit& visit, std::int64_t most);

}  // namespace imp::web
