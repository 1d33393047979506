#pragma once

#include <expected>
#include <string>

#include "http/request.h"
#include "http/response.h"
#include "registry/api/requester.h"
#include "registry/api/services.h"

namespace imp::registry {

/// Whoever sends a request that only an administrator of the server may, with a sign-in or a
/// personal token and their second factor for `confirms` (change_subject.h), or for `subject` where
/// that is empty; else the answer to it, written down.
std::expected<Requester, http::Response> administrator(RegistryServices& services,
                                                       const http::Request& request,
                                                       const std::string& action,
                                                       const std::string& subject,
                                                       const std::string& confirms = {});

/// The same question inside the transaction of what is asked for: the office may have been taken
/// away while the code was typed.
Result<void> still_administers(db::Session& session, const Requester& requester, Time now);

}  // namespace imp::registry
