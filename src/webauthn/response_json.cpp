#include "webauthn/response_json.h"

#include <fmt/format.h>
#include <boost/json.hpp>

#include "webauthn/refusal.h"

namespace imp::webauthn {
namespace {

constexpr std::size_t kLongest = 32 * 1024;

std::unexpected<Failure> malformed(std::string detail) {
  return refuse(WebAuthnRefusal::passkey_malformed,
                "The browser's answer about the passkey is malformed; try again.",
                std::move(detail));
}

}  // namespace

Result<ResponseJson> ResponseJson::parse(std::string_view json) {
  if (json.size() > kLongest) return malformed("too long");
  boost::system::error_code error;
  boost::json::value document = boost::json::parse(json, error);
  if (error || !document.is_object()) return malformed("not a JSON object");
  ResponseJson parsed{.credential = std::move(document.get_object()), .response = {}};
  const boost::json::value* type = parsed.credential.if_contains("type");
  if (!type || !type->is_string() || type->get_string() != "public-key") {
    return malformed("not a public-key credential");
  }
  boost::json::value* response = parsed.credential.if_contains("response");
  if (!response || !response->is_object()) return malformed("no response in it");
  parsed.response = std::move(response->get_object());
  return parsed;
}

Result<Bytes> bytes_member(const boost::json::object& object, std::string_view name) {
  const boost::json::value* value = object.if_contains(name);
  if (!value || value->is_null()) return Bytes();
  if (!value->is_string()) return malformed(fmt::format("{} is not text", name));
  auto bytes = from_base64url(std::string_view(value->get_string()));
  if (!bytes) return malformed(fmt::format("{} is not base64url", name));
  return std::move(*bytes);
}

}  // namespace imp::webauthn
