#pragma once

#include <boost/json/object.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "base/failure.h"
#include "crypto/hash.h"
#include "http/client.h"

namespace imp::verify {

/// A registry as anybody sees it.
class Registry {
 public:
  /// `token` may be empty; it is sent to `address` alone.
  Registry(http::Client& client, std::string address, std::string token);

  const std::string& address() const { return address_; }
  /// The document at a path of the registry, strict JSON; nothing for 404.
  Result<std::optional<boost::json::object>> document(const std::string& path) const;
  /// The same where 404 is a refusal like any other status.
  Result<boost::json::object> required(const std::string& path) const;

  struct Digested {
    crypto::Sha512 sha512{};
    std::uint64_t size = 0;
  };
  /// The digest of the bytes at a path; they are not kept.
  Result<Digested> digest(const std::string& path) const;

 private:
  http::Fetch fetch(const std::string& path) const;

  http::Client& client_;
  std::string address_;
  std::string token_;
};

/// A member that is text; empty when there is none.
std::string text_member(const boost::json::object& object, std::string_view name);
/// A member that is an object or an array; null when there is none.
const boost::json::object* object_member(const boost::json::object& object, std::string_view name);
const boost::json::array* array_member(const boost::json::object& object, std::string_view name);

}  // namespace imp::verify
