#pragma once

#include <string>
#include <vector>

#include "web/frame/visit.h"

namespace imp::web {

/// The account page; forms of several files show it again.
Result<http::Response> show_account(const Visit& visit);

/// The sign-in page; the form of passkeys shows it again too.
Result<http::Response> show_sign_in(const Visit& visit);

/// Codes that were just made, shown this once.
http::Response show_recovery_codes(const Visit& visit, const std::vector<std::string>& codes);

/// The person's password, as the field "password" of a form that must not be sent by somebody who
/// found a browser open.
Result<void> check_password_field(const Visit& visit);

}  // namespace imp::web
