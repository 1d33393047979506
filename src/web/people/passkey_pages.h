#pragma once

#include <boost/json/array.hpp>
#include <string>
#include <vector>

#include "accounts/passkey.h"
#include "accounts/second_factor.h"
#include "web/frame/page.h"

namespace imp::web {

/// A person's passkeys, for the account page.
boost::json::array passkeys_model(const std::vector<accounts::Passkey>& passkeys, Time now);

/// Adds to a page with a form that asks for a second factor what {{>_code}} needs: whether there is
/// one, and of which kinds, and the script that asks for passkeys.
void add_factor(Page& page, const accounts::SecondFactorState& factor);

}  // namespace imp::web
