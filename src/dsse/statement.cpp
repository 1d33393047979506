#include "dsse/statement.h"

#include <fmt/format.h>

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

#include "dsse/canonical_json.h"
#include "dsse/refusal.h"
#include "jose/strict_json.h"

namespace imp::dsse {

namespace {

namespace json = boost::json;

constexpr std::string_view kVersion1 = "https://in-toto.io/Statement/v1";
constexpr std::string_view kVersion01 = "https://in-toto.io/Statement/v0.1";
/// Provenance of a build lists what went into it.
constexpr jose::JsonLimits kLimits{.depth = 32, .values = 20'000};

std::unexpected<Failure> malformed(std::string_view what) {
  return refuse(DsseRefusal::malformed_statement, fmt::format("The in-toto statement {}.", what));
}

std::string text(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

}  // namespace

std::string statement_text(const Statement& statement) {
  const json::object subject{{"name", statement.subject},
                             {"digest", {{"sha512", statement.sha512}}}};
  return canonical_json(json::object{{"_type", kVersion1},
                                     {"subject", json::array{subject}},
                                     {"predicateType", statement.predicate_type},
                                     {"predicate", statement.predicate}});
}

Result<Statement> parse_statement(std::string_view payload) {
  const auto object = jose::parse_strict_object(payload, kLimits);
  if (!object) return malformed(fmt::format("is not a JSON object: {}", object.error()));
  const std::string type = text(*object, "_type");
  if (type != kVersion1 && type != kVersion01) return malformed("is of another \"_type\"");
  const json::value* subjects = object->if_contains("subject");
  if (subjects == nullptr || !subjects->is_array() || subjects->get_array().size() != 1 ||
      !subjects->get_array().front().is_object()) {
    return malformed("must have exactly one subject");
  }
  const json::object& subject = subjects->get_array().front().get_object();
  Statement statement;
  statement.subject = text(subject, "name");
  const json::value* digest = subject.if_contains("digest");
  if (digest != nullptr && digest->is_object()) {
    statement.sha512 = text(digest->get_object(), "sha512");
  }
  if (statement.subject.empty() || statement.sha512.empty()) {
    return malformed("has a subject without \"name\" or \"digest.sha512\"");
  }
  statement.predicate_type = text(*object, "predicateType");
  if (statement.predicate_type.empty()) return malformed("has no \"predicateType\"");
  const json::value* predicate = object->if_contains("predicate");
  if (predicate == nullptr || !predicate->is_object()) return malformed("has no \"predicate\"");
  statement.predicate = predicate->get_object();
  return statement;
}

}  // namespace imp::dsse
