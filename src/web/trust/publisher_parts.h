#pragma once

#include <boost/json/object.hpp>
#include <string>

#include "registry/api/trust/trust_place.h"
#include "web/frame/page.h"
#include "web/frame/visit.h"

namespace imp::web {

/// What the pages of trusted publishers have in common, whatever these hang on.

/// What _publishers.html and _publisher_form.html show; `base` is the page, and forms are
/// sent to `forms` and `forms`/remove, /keep and /restore; what is typed is checked by
/// `forms`/check (publisher.js).
Result<boost::json::object> publisher_parts(const Visit& visit, const registry::TrustTarget& target,
                                            const registry::TrustPlace& place,
                                            const std::string& base, const std::string& forms);
/// Adds whether the visitor has a second factor, for the forms.
Result<void> add_factor_of_visitor(const Visit& visit, Page& page);

/// What the forms do: somebody who governs it, with a code for this very change; then back to the
/// page `base`.
Result<http::Response> add_publisher_by_form(const Visit& visit, const std::string& base);
Result<http::Response> remove_publisher_by_form(const Visit& visit, const std::string& base);
Result<http::Response> keep_publisher_by_form(const Visit& visit, const std::string& base);
Result<http::Response> restore_publisher_by_form(const Visit& visit, const std::string& base);

}  // namespace imp::web
