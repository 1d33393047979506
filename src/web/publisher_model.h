#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <string_view>
#include <vector>

#include "registry/trust/attempt.h"
#include "registry/trust/publisher.h"
#include "web/visit.h"

namespace imp::web {

boost::json::array publishers_model(const std::vector<trust::TrustedPublisher>& publishers,
                                    const trust::Issuers& issuers, Time now);
boost::json::array attempts_model(const std::vector<trust::Attempt>& attempts, Time now);

/// The form's fields as the array that npm posts.
boost::json::array publisher_request(const Visit& visit);

}  // namespace imp::web
