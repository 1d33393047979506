#include "dsse/envelope.h"

#include <fmt/format.h>

#include <boost/json/array.hpp>
#include <optional>

#include "dsse/refusal.h"

namespace imp::dsse {

namespace {

namespace json = boost::json;

std::unexpected<Failure> malformed(std::string_view what) {
  return refuse(DsseRefusal::malformed_envelope, fmt::format("The DSSE envelope {}.", what));
}

std::optional<std::string_view> text(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  if (value == nullptr || !value->is_string()) return std::nullopt;
  return value->get_string();
}

}  // namespace

std::string signed_text(const Envelope& envelope) {
  return fmt::format("DSSEv1 {} {} {} {}", envelope.payload_type.size(), envelope.payload_type,
                     envelope.payload.size(), envelope.payload);
}

json::object to_json(const Envelope& envelope) {
  const json::object signature{{"keyid", envelope.keyid}, {"sig", base64(envelope.signature)}};
  return {{"payload", base64(bytes_of(envelope.payload))},
          {"payloadType", envelope.payload_type},
          {"signatures", json::array{signature}}};
}

Result<Envelope> parse_envelope(const json::value& value) {
  if (!value.is_object()) return malformed("is not an object");
  const json::object& object = value.get_object();
  Envelope envelope;
  const auto type = text(object, "payloadType");
  if (!type) return malformed("has no \"payloadType\"");
  envelope.payload_type = *type;
  const auto payload = from_base64(text(object, "payload").value_or(""));
  if (!payload || payload->empty()) return malformed("has no \"payload\" in base64");
  envelope.payload = text_of(*payload);
  const json::value* signatures = object.if_contains("signatures");
  if (signatures == nullptr || !signatures->is_array() || signatures->get_array().size() != 1 ||
      !signatures->get_array().front().is_object()) {
    return malformed("must have exactly one signature");
  }
  const json::object& signature = signatures->get_array().front().get_object();
  auto bytes = from_base64(text(signature, "sig").value_or(""));
  if (!bytes || bytes->empty()) return malformed("has a signature that is not base64");
  envelope.signature = std::move(*bytes);
  envelope.keyid = text(signature, "keyid").value_or("");
  return envelope;
}

}  // namespace imp::dsse
