#pragma once

#include <boost/json/object.hpp>
#include <string>
#include <string_view>

#include "base/failure.h"

namespace imp::dsse {

/// An in-toto statement about one artifact, which it names and whose SHA-512 it has, as the
/// statements about npm's packages do.
struct Statement {
  std::string subject;  ///< "pkg:npm/%40acme/widget@1.0.0"
  /// 128 hexadecimal digits, lower case; of one that was read, whatever it says.
  std::string sha512;
  std::string predicate_type;
  boost::json::object predicate;
};

/// The payload of a statement (in-toto Statement v1), in canonical JSON.
std::string statement_text(const Statement& statement);

/// Reads a payload: v1, or v0.1, which is the same for what is read here. Strict JSON; a statement
/// about several subjects is refused. DsseRefusal::malformed_statement.
Result<Statement> parse_statement(std::string_view payload);

}  // namespace imp::dsse
