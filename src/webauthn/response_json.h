#pragma once

#include <boost/json/object.hpp>
#include <string_view>

#include "base/encoding.h"
#include "base/failure.h"

namespace imp::webauthn {

/// The two objects that a browser's answer consists of.
struct ResponseJson {
  boost::json::object credential;  ///< "id", "type"
  boost::json::object response;    ///< "clientDataJSON", …

  static Result<ResponseJson> parse(std::string_view json);
};

/// A member that holds base64url; absent or null is empty.
Result<Bytes> bytes_member(const boost::json::object& object, std::string_view name);

}  // namespace imp::webauthn
