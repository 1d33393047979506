// Signed statements as `imprimatur verify` gets them from a registry that it does not believe.

#include <algorithm>
#include <boost/json.hpp>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "dsse/canonical_json.h"
#include "dsse/envelope.h"
#include "dsse/statement.h"
#include "jose/strict_json.h"

namespace {

using namespace imp;

/// Takes what is signed apart again: "DSSEv1 <length> <type> <length> <payload>".
bool says(std::string_view text, std::string_view type, std::string_view payload) {
  const auto take = [&](std::string_view expected) {
    if (!text.starts_with(expected)) return false;
    text.remove_prefix(expected.size());
    return true;
  };
  return take("DSSEv1 ") && take(std::to_string(type.size())) && take(" ") && take(type) &&
         take(" ") && take(std::to_string(payload.size())) && take(" ") && take(payload) &&
         text.empty();
}

/// Whether all numbers are whole. Boost.JSON does not read others to the last bit, so that a text
/// of theirs may come back as another one.
bool is_read_exactly(const boost::json::value& value) {
  if (const auto* array = value.if_array()) return std::ranges::all_of(*array, is_read_exactly);
  const auto* object = value.if_object();
  if (!object) return !value.is_double();
  return std::ranges::all_of(*object,
                             [](const auto& member) { return is_read_exactly(member.value()); });
}

void check_statement(std::string_view payload) {
  const auto statement = dsse::parse_statement(payload);
  if (!statement) return;
  if (statement->subject.empty() || statement->sha512.empty()) std::abort();
  if (!is_read_exactly(statement->predicate)) return;
  const std::string text = dsse::statement_text(*statement);
  const auto again = dsse::parse_statement(text);
  if (!again || again->subject != statement->subject || again->sha512 != statement->sha512 ||
      again->predicate_type != statement->predicate_type ||
      again->predicate != statement->predicate || dsse::statement_text(*again) != text) {
    std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check_statement(text);
  const auto document = jose::parse_strict_object(text, {});
  if (!document) return 0;
  // One text for equal values, which says the same.
  const std::string canonical = dsse::canonical_json(*document);
  const auto parsed = boost::json::parse(canonical);
  if (is_read_exactly(*document) && dsse::canonical_json(parsed) != canonical) std::abort();
  const auto envelope = dsse::parse_envelope(*document);
  if (!envelope) return 0;
  if (!says(dsse::signed_text(*envelope), envelope->payload_type, envelope->payload)) std::abort();
  const auto again = dsse::parse_envelope(dsse::to_json(*envelope));
  if (!again || again->payload != envelope->payload || again->signature != envelope->signature ||
      again->payload_type != envelope->payload_type || again->keyid != envelope->keyid) {
    std::abort();
  }
  check_statement(envelope->payload);
  return 0;
}
