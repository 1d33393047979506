#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <string>
#include <vector>

#include "base/clock.h"
#include "registry/staging/release_review.h"
#include "registry/staging/staged_release.h"

namespace imp::web {

boost::json::array texts_model(const std::vector<std::string>& texts);

/// What the templates show of a staged release.
boost::json::object release_model(const registry::StagedRelease& release, Time now);
/// And of the release against the last one.
boost::json::object review_model(const registry::ReleaseReview& review);

}  // namespace imp::web
