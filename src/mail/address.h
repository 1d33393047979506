#pragma once

#include <string_view>

namespace imp::mail {

/// Whether mail can be sent to, or from, this address: `local@domain` of RFC 5321 §4.1.2 in ASCII,
/// a dot-atom before the @ and a domain of labels after it, at most 254 bytes. Quoted local parts,
/// address literals and internationalised addresses are not sent to. No such address can hold what
/// ends a line or a command.
bool is_deliverable(std::string_view address);
/// What stands after the @ of one that is.
std::string_view domain_of(std::string_view address);

}  // namespace imp::mail
