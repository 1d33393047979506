#pragma once

#include "web/visit.h"

namespace imp::web {

/// The account page; forms of several files show it again.
Result<http::Response> show_account(const Visit& visit);

/// The person's password, as the field "password" of a form that must not be sent by somebody who
/// found a browser open.
Result<void> check_password_field(const Visit& visit);

}  // namespace imp::web
