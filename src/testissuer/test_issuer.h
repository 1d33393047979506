#pragma once

#include <boost/json/object.hpp>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/failure.h"
#include "crypto/keys.h"
#include "testissuer/key_trouble.h"
#include "testissuer/shape.h"

namespace imp::testissuer {

/// What a token is to be like.
struct TokenRequest {
  Shape shape = Shape::circleci;
  ClaimChoices choices;
  boost::json::object claims;        ///< replace the job's
  std::vector<std::string> without;  ///< claims that are left out
  std::string token_case;            ///< TokenCase::name; empty: a good token
  Milliseconds clock_offset{0};      ///< in addition to the issuer's

  /// {"shape", "audience", "root_issuer", "subject_v2", "claims", "without", "case",
  /// "clock_offset_ms"}; all but the first may be left out, and anything else is refused.
  static Result<TokenRequest> parse(std::string_view body);
  boost::json::object to_json() const;
};

/// An issuer for each shape, at <origin>/circleci (and /circleci/org/<id>), /github and /gitlab,
/// with one key for all. Thread-safe.
class TestIssuer {
 public:
  /// `origin` is how it is reached: "http://127.0.0.1:4874". `offset` is how far its clock is off.
  TestIssuer(std::string origin, const Clock& clock, Milliseconds offset);

  /// The claims as they would be signed.
  Result<boost::json::object> claims(const TokenRequest& request) const;
  /// A token. TestIssuerRefusal::unknown_token_case.
  Result<std::string> token(const TokenRequest& request) const;

  /// A new key under a new id; the old one is no longer published.
  void rotate();
  /// What is wrong from now on with answers for keys. TestIssuerRefusal::unknown_trouble.
  Result<void> set_trouble(std::string_view name);

  /// The answer to who asks an issuer for its discovery document or its keys: `issuer` is the path
  /// after the origin ("/github"), which must be one of this server's issuers.
  http::Response answer(const http::Request& request, std::string_view issuer, bool keys) const;
  /// What answers where "redirect" leads.
  http::Response elsewhere(std::string_view issuer, bool keys) const;
  /// {"origin", "kid", "trouble", "asked"}
  boost::json::object state() const;

 private:
  struct Key {
    crypto::PrivateKey key;
    crypto::PrivateKey foreign;  ///< published under the same id by some troubles
    std::string id;
    static Key make();
  };
  Key key() const;
  static boost::json::object good_document(const Key& key, const std::string& address, bool keys);
  Time now(const TokenRequest& request) const;

  std::string origin_;
  const Clock& clock_;
  Milliseconds offset_;
  mutable std::mutex mutex_;  // guards what follows
  Key key_ = Key::make();
  const KeyTrouble* trouble_;
  mutable std::int64_t asked_ = 0;  ///< questions for keys and discovery
};

}  // namespace imp::testissuer
