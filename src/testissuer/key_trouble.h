#pragma once

#include <boost/json/object.hpp>
#include <span>
#include <string>
#include <string_view>

#include "http/request.h"
#include "http/response.h"

namespace imp::testissuer {

/// What was asked for, and the good answer to it.
struct KeyQuestion {
  const http::Request& request;
  bool keys = false;           ///< the key set; else the discovery document
  std::string issuer;          ///< whose: a path, such as "/github"
  boost::json::object good;    ///< the document
  std::string foreign_jwks{};  ///< a key set with another key under the same id
};

/// One bad way to answer whoever asks for discovery or keys.
struct KeyTrouble {
  std::string_view name;
  std::string_view help;
  http::Response (*answer)(const KeyQuestion& question);
};

/// The path before the issuer's, at which the good document is whatever the trouble: where
/// "redirect" leads.
std::string_view elsewhere(bool keys);

/// All of them; the first is "none".
std::span<const KeyTrouble> key_troubles();
const KeyTrouble* key_trouble_named(std::string_view name);

}  // namespace imp::testissuer
