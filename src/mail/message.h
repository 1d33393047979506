#pragma once

#include <string>

#include "base/clock.h"

namespace imp::mail {

/// A message of plain text, before it is written down.
struct Message {
  std::string from, to;  ///< addresses that are deliverable (address.h)
  std::string subject;   ///< any text
  std::string body;      ///< any text; lines end with \n
  std::string id;        ///< UUID: the same message, sent twice, has one Message-ID
  Time date;
};

/// The message as RFC 5322 and MIME (RFC 2045 to 2047) have it, in ASCII, with CRLF and no line of
/// more than 76 bytes but for an address: From, To, Subject, Date, Message-ID, Auto-Submitted
/// (RFC 3834, so that nobody's absence answers it), and the body as quoted-printable UTF-8. Nothing
/// that subject or body hold becomes a header or ends one.
std::string to_mime(const Message& message);

}  // namespace imp::mail
