#pragma once

#include <boost/json/object.hpp>
#include <span>
#include <string_view>

#include "testissuer/shape.h"

namespace imp::testissuer {

/// How a token is signed.
enum class Signing {
  good,     ///< with the key that is published
  foreign,  ///< with another key of the same kind, under the published key's id
  none,     ///< the third part is empty
  hmac,     ///< HMAC-SHA-256 with the published key's text as the secret
  cut,      ///< good, and then a bit of it is changed
};

/// A token before it is signed.
struct TokenDraft {
  boost::json::object header;
  boost::json::object claims;
  Signing signing = Signing::good;
  std::string repeated = {};  ///< a claim that the payload names twice; empty: none
};

/// One bad token: what is wrong with it, and what this registry says of it.
struct TokenCase {
  std::string_view name;
  std::string_view help;
  std::string_view code;  ///< of the refusal, for a publisher of the unchanged job
  void (*change)(TokenDraft& draft);
  bool (*fits)(Shape shape) = nullptr;  ///< null: any
};

/// All of them.
std::span<const TokenCase> token_cases();
/// The one of this name that fits the shape, or null.
const TokenCase* token_case_named(std::string_view name, Shape shape);

}  // namespace imp::testissuer
