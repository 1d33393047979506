#pragma once

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

namespace imp::trust {

/// How one sort of claim is written and compared: plain functions, so that a provider's table of
/// claims is data. Values are compared byte for byte; nothing is forgiven.
struct ClaimForm {
  /// What a publisher may require, in the one form in which it is kept, or what it must be ("must
  /// be a UUID"). `given` is null when the publisher does not name the claim. An empty list is kept
  /// as if it were not named.
  std::expected<boost::json::value, std::string> (*normal)(const boost::json::value* given);
  /// A value as text for people; nothing when it has not this form's type.
  std::optional<std::string> (*shown)(const boost::json::value& value);
  /// Whether the value of a token, which could be shown, satisfies the expected one. `token` is all
  /// of it: some claims mean something only together with another.
  bool (*satisfied)(const boost::json::value& expected, const boost::json::value& received,
                    const boost::json::object& token);
  /// What was typed into a form's field, as a trust request has it; null for an empty field.
  boost::json::value (*typed)(std::string_view text);
  /// A field of several lines.
  bool lines = false;
  /// The version that a satisfied expectation binds the publish to; empty when it binds none.
  std::string (*version)(const boost::json::value& expected,
                         const boost::json::value& received) = nullptr;
};

/// One UUID, kept in lower case.
extern const ClaimForm kUuid;
/// host/owner/repository: at least three parts, nothing that belongs to a URL instead.
extern const ClaimForm kVcsOrigin;
/// A list of UUIDs, each of which must be among the token's. Kept in lower case, sorted, unique.
extern const ClaimForm kUuidSet;

/// Any text, compared as it is: of at most 255 bytes, without control characters.
extern const ClaimForm kText;
/// The identifier behind a name: any text of at most 64 bytes, compared as it is.
extern const ClaimForm kIdentifier;

// What forms of other files are made of.
std::optional<std::string> shown_text(const boost::json::value& value);
bool same_text(const boost::json::value& expected, const boost::json::value& received,
               const boost::json::object& token);
boost::json::value typed_text(std::string_view text);
/// UTF-8 of 1 to `longest` bytes without control characters.
bool is_plain(std::string_view text, std::size_t longest = 255);

/// A string member; nothing when absent or not a string.
std::optional<std::string_view> string_claim(const boost::json::object& object,
                                             std::string_view name);

}  // namespace imp::trust
