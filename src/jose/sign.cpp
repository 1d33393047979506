#include "jose/sign.h"

#include <boost/json/serialize.hpp>

#include "base/encoding.h"
#include "jose/algorithm.h"

namespace imp::jose {

namespace json = boost::json;

std::string sign(const json::object& claims, const crypto::PrivateKey& key,
                 std::string_view key_id) {
  const json::object header = {
      {"alg", name(algorithm_of(key.kind()))}, {"kid", key_id}, {"typ", "JWT"}};
  std::string token = base64url(bytes_of(json::serialize(header)));
  token += '.';
  token += base64url(bytes_of(json::serialize(claims)));
  const Bytes signature = key.sign(bytes_of(token));
  token += '.';
  token += base64url(signature);
  return token;
}

}  // namespace imp::jose
