#include "mail/message.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/clean_text.h"
#include "base/encoding.h"
#include "mail/address.h"
#include "mail/one_line.h"

namespace imp::mail {

namespace {

constexpr std::size_t kLongestSubject = 300;
constexpr std::size_t kPlainSubject = 66;  // with "Subject: " within 76
constexpr std::size_t kWordBytes = 39;     // 52 in base64, 64 with "=?utf-8?B?…?="
constexpr std::size_t kQuotedLine = 76;    // RFC 2045 §6.7, the "=" of a soft break included
constexpr std::size_t kLongestBody = 100'000;

/// RFC 2047: as it is where that is possible, else base64 words on lines of their own.
std::string header_text(std::string_view text) {
  const bool plain = text.size() <= kPlainSubject && !text.contains("=?") &&
                     !text.starts_with(' ') &&
                     std::ranges::all_of(text, [](char c) { return c >= 0x20 && c < 0x7F; });
  if (plain) return std::string(text);
  std::string words;
  while (!text.empty()) {
    std::size_t end = std::min(text.size(), kWordBytes);
    // A word holds whole characters.
    while (end < text.size() && (text[end] & 0xC0) == 0x80) --end;
    if (!words.empty()) words += "\r\n ";
    words += "=?utf-8?B?" + base64(bytes_of(text.substr(0, end))) + "?=";
    text.remove_prefix(end);
  }
  return words;
}

/// One line of the body, without its end.
void add_quoted(std::string& out, std::string_view line) {
  std::size_t width = 0;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    const bool last = i + 1 == line.size();
    const bool blank = c == ' ' || c == '\t';
    // A dot alone ends the message in SMTP, and "From " begins another one in a mailbox.
    const bool first = i == 0 && (c == '.' || c == 'F');
    const bool literal = !first && ((c > 0x20 && c < 0x7F && c != '=') || (blank && !last));
    const std::string piece =
        literal ? std::string(1, c) : fmt::format("={:02X}", static_cast<unsigned char>(c));
    if (width + piece.size() > kQuotedLine - 1) {
      out += "=\r\n";
      width = 0;
    }
    out += piece;
    width += piece.size();
  }
  out += "\r\n";
}

std::string quoted_printable(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    add_quoted(out, line);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

/// RFC 5322 §3.3, which has a number where HTTP has "GMT".
std::string date_text(Time time) {
  std::string date = http_date(time);
  return date.substr(0, date.size() - 3) + "+0000";
}

}  // namespace

std::string to_mime(const Message& message) {
  std::string out = "From: Imprimatur <" + message.from + ">\r\n";
  out += "To: <" + message.to + ">\r\n";
  out += "Subject: " + header_text(one_line(message.subject, kLongestSubject)) + "\r\n";
  out += "Date: " + date_text(message.date) + "\r\n";
  out += fmt::format("Message-ID: <{}@{}>\r\n", message.id, domain_of(message.from));
  out += "Auto-Submitted: auto-generated\r\n";
  out += "MIME-Version: 1.0\r\n";
  out += "Content-Type: text/plain; charset=utf-8\r\n";
  out += "Content-Transfer-Encoding: quoted-printable\r\n\r\n";
  return out + quoted_printable(clean_text(message.body, kLongestBody));
}

}  // namespace imp::mail
