#pragma once

#include <expected>
#include <string>

#include "http/request.h"
#include "http/response.h"
#include "registry/api/requester.h"
#include "registry/api/services.h"

namespace imp::registry {

/// Whoever sends a request that only an administrator of the server may, with a sign-in or a
/// personal token and their second factor; else the answer to it, written down.
std::expected<Requester, http::Response> administrator(RegistryServices& services,
                                                       const http::Request& request,
                                                       const std::string& action,
                                                       const std::string& subject);

}  // namespace imp::registry
