#pragma once

#include <boost/json/object.hpp>
#include <string_view>

#include "base/failure.h"
#include "registry/packages/package_name.h"

namespace imp::registry {

/// The `_rev` of a packument that a client sends back; empty when it has none.
std::string_view document_rev(const boost::json::object& document);

/// The refusal of a change that was made from an older revision.
std::unexpected<Failure> stale(const PackageName& name);

/// Refuses a document whose `_id` or `name` is that of another package. Either may be absent.
Result<void> same_document_name(const boost::json::object& document, const PackageName& name);

}  // namespace imp::registry
