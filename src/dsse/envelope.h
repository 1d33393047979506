#pragma once

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <string>
#include <string_view>

#include "base/encoding.h"
#include "base/failure.h"

namespace imp::dsse {

/// The payload type of in-toto statements.
inline constexpr std::string_view kInTotoPayload = "application/vnd.in-toto+json";

/// A payload with its signature: DSSE v1, of one signer.
struct Envelope {
  std::string payload_type;
  std::string payload;  ///< bytes
  std::string keyid;    ///< a hint, which is not signed; may be empty
  Bytes signature;
};

/// What is signed (DSSE v1, "PAE"): type and payload with their lengths, so that neither can be
/// taken for the other.
std::string signed_text(const Envelope& envelope);

/// The form in JSON, in which payload and signature are base64.
boost::json::object to_json(const Envelope& envelope);
/// Takes it apart; proves nothing. DsseRefusal::malformed_envelope; one with no signature or
/// several is malformed, since it would not be clear which one counts.
Result<Envelope> parse_envelope(const boost::json::value& value);

}  // namespace imp::dsse
