#include "webauthn/client_data.h"

#include <fmt/format.h>
#include <boost/json.hpp>

#include "crypto/hash.h"
#include "webauthn/refusal.h"

namespace imp::webauthn {
namespace {

constexpr std::size_t kLongest = 4096;

std::unexpected<Failure> malformed(std::string detail) {
  return refuse(WebAuthnRefusal::passkey_malformed,
                "The browser's answer about the passkey is malformed; try again.",
                std::move(detail));
}

bool read_text(const boost::json::object& object, std::string_view name, std::string& text) {
  const boost::json::value* value = object.if_contains(name);
  if (!value || !value->is_string()) return false;
  text = value->get_string();
  return true;
}

}  // namespace

Result<ClientData> ClientData::parse(ByteView json) {
  if (json.size() > kLongest) return malformed("client data too long");
  boost::system::error_code error;
  const boost::json::value document = boost::json::parse(text_of(json), error);
  if (error || !document.is_object()) return malformed("client data is not a JSON object");
  const boost::json::object& object = document.get_object();
  ClientData data;
  if (!read_text(object, "type", data.type) || !read_text(object, "challenge", data.challenge) ||
      !read_text(object, "origin", data.origin)) {
    return malformed("client data without type, challenge or origin");
  }
  if (const boost::json::value* cross = object.if_contains("crossOrigin")) {
    if (!cross->is_bool()) return malformed("crossOrigin is not a boolean");
    data.cross_origin = cross->get_bool();
  }
  // Level 3: present only in a frame of another site.
  if (object.contains("topOrigin")) data.cross_origin = true;
  return data;
}

Result<void> check_client_data(ByteView json, Ceremony ceremony, std::string_view challenge,
                               const RelyingParty& party) {
  const auto data = ClientData::parse(json);
  if (!data) return pass_on(data);
  if (data->type != (ceremony == Ceremony::create ? "webauthn.create" : "webauthn.get")) {
    return refuse(WebAuthnRefusal::passkey_wrong_ceremony,
                  "The passkey was asked for something else than this; try again.", data->type);
  }
  if (challenge.empty() || !crypto::equal_in_constant_time(data->challenge, challenge)) {
    return refuse(WebAuthnRefusal::passkey_wrong_challenge,
                  "The passkey answered another question than this one; try again.");
  }
  if (data->origin != party.origin || data->cross_origin) {
    return refuse(
        WebAuthnRefusal::passkey_wrong_origin,
        fmt::format("The passkey was used on another page; open {} itself.", party.origin),
        fmt::format("origin {}{}", data->origin.substr(0, 200),
                    data->cross_origin ? ", in a frame of another site" : ""));
  }
  return {};
}

}  // namespace imp::webauthn
