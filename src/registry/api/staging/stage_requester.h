#pragma once

#include <expected>
#include <string_view>

#include "registry/api/requester.h"
#include "registry/api/services.h"

namespace imp::registry {

/// A person who may look at and decide staged releases, or the refusal, recorded. Publish tokens
/// never may, not even their own.
std::expected<Requester, http::Response> deciding_person(RegistryServices& services,
                                                         const http::Request& request,
                                                         std::string_view action);

}  // namespace imp::registry
