#include "mail/message.h"

#include <fmt/format.h>

#include "base/encoding.h"
#include "mail/address.h"
#include "mail/one_line.h"

namespace imp::mail {
namespace {

Message message(std::string subject, std::string body = "Hello.\n") {
  return {.from = "registry@example.org",
          .to = "ann@example.org",
          .subject = std::move(subject),
          .body = std::move(body),
          .id = "0199aaaa-0000-7000-8000-000000000001",
          .date = from_milliseconds(1'790'000'000'000)};
}

std::string head_of(const std::string& mime) { return mime.substr(0, mime.find("\r\n\r\n") + 2); }
std::string body_of(const std::string& mime) { return mime.substr(mime.find("\r\n\r\n") + 4); }

/// The lines of a head, with those that continue one put together.
std::vector<std::string> fields_of(const std::string& mime) {
  std::vector<std::string> fields;
  std::string_view rest = mime;
  rest = rest.substr(0, rest.find("\r\n\r\n") + 2);
  while (!rest.empty()) {
    const std::size_t end = rest.find("\r\n");
    const std::string line(rest.substr(0, end));
    if (line.starts_with(' ')) {
      fields.back() += line;
    } else {
      fields.push_back(line);
    }
    rest.remove_prefix(end + 2);
  }
  return fields;
}

/// What a reader of mail makes of a quoted-printable body.
std::string decoded(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    if (text.starts_with("=\r\n")) {
      text.remove_prefix(3);
    } else if (text.starts_with('=')) {
      out += text_of(*from_hex(text.substr(1, 2)));
      text.remove_prefix(3);
    } else {
      out += text.front();
      text.remove_prefix(1);
    }
  }
  return out;
}

/// What a reader makes of a subject.
std::string decoded_subject(const std::string& mime) {
  const std::string field = fields_of(mime).at(2);
  EXPECT_TRUE(field.starts_with("Subject: ")) << field;
  std::string_view rest = std::string_view(field).substr(9);
  if (!rest.starts_with("=?")) return std::string(rest);
  std::string out;
  while (rest.starts_with("=?utf-8?B?")) {
    rest.remove_prefix(10);
    const std::size_t end = rest.find("?=");
    const auto bytes = from_base64(rest.substr(0, end));
    EXPECT_TRUE(bytes && is_utf8(text_of(*bytes))) << field;
    out += text_of(bytes.value_or(Bytes()));
    rest.remove_prefix(end + 2);
    if (rest.starts_with(' ')) rest.remove_prefix(1);
  }
  EXPECT_TRUE(rest.empty()) << rest;
  return out;
}

TEST(MailMessage, HasTheFormOfRfc5322) {
  EXPECT_EQ(to_mime(message("Trusted publisher added to @acme/widget", "One line.\n\nAnother.\n")),
            "From: Imprimatur <registry@example.org>\r\n"
            "To: <ann@example.org>\r\n"
            "Subject: Trusted publisher added to @acme/widget\r\n"
            "Date: Mon, 21 Sep 2026 14:13:20 +0000\r\n"
            "Message-ID: <0199aaaa-0000-7000-8000-000000000001@example.org>\r\n"
            "Auto-Submitted: auto-generated\r\n"
            "MIME-Version: 1.0\r\n"
            "Content-Type: text/plain; charset=utf-8\r\n"
            "Content-Transfer-Encoding: quoted-printable\r\n"
            "\r\n"
            "One line.\r\n\r\nAnother.\r\n");
}

// Whatever a name or a reason holds, there are nine header fields, one recipient, and no line that
// a server could take for something else.
TEST(MailMessage, NoTextBecomesAHeaderOrEndsOne) {
  const std::vector<std::string> texts = {
      "a\r\nBcc: eve@example.org",
      "a\nBcc: eve@example.org",
      "a\rBcc: eve@example.org",
      "a\r\n\r\nbody of another",
      "a\r\n.\r\nMAIL FROM:<eve@example.org>",
      "a\r\n Bcc: folded",
      std::string("a\0b", 3),
      "a\x0b"
      "b\x0c"
      "c\x1b[31md",
      "a\xe2\x80\xa8"
      "Bcc: by a line separator",
      "a\xc2\x85"
      "Bcc: by a next line",
      "=?utf-8?B?DQpCY2M6IGV2ZUBleGFtcGxlLm9yZw==?=",
      "=?utf-8?Q?=0D=0ABcc:_eve?=",
      "\xff\xfe not UTF-8 \xc3",
      "ends with an escape \xe2\x80",
      "\xe2\x80\xae"
      "gro.elpmaxe",
      std::string(5000, 'x'),
      std::string(2000, '\r') + "\nBcc: x",
      "caf\xc3\xa9 " + std::string(200, 'y') + " \xf0\x9f\x94\x91",
      " leading and trailing ",
      "",
      "?=\r\nBcc: x",
  };
  for (const std::string& text : texts) {
    const std::string mime = to_mime(message(text, text + "\n" + text));
    const auto fields = fields_of(mime);
    EXPECT_EQ(fields.size(), 9u) << head_of(mime);
    for (const std::string& field : fields) {
      EXPECT_FALSE(field.starts_with("Bcc") || field.starts_with("?=")) << head_of(mime);
    }
    for (const char c : mime) {
      EXPECT_TRUE((c >= 0x20 && c < 0x7F) || c == '\r' || c == '\n') << mime;
    }
    std::string_view rest = mime;
    while (!rest.empty()) {
      const std::size_t end = rest.find("\r\n");
      ASSERT_NE(end, std::string_view::npos);
      const std::string_view line = rest.substr(0, end);
      EXPECT_LE(line.size(), 76u) << line;
      EXPECT_EQ(line.find_first_of("\r\n"), std::string_view::npos) << line;
      EXPECT_FALSE(line.starts_with('.')) << line;
      EXPECT_FALSE(line.starts_with("From ")) << line;
      rest.remove_prefix(end + 2);
    }
    EXPECT_EQ(decoded_subject(mime), one_line(text, 300));
  }
}

TEST(MailMessage, SubjectsInAnyScriptArriveAsTheyAre) {
  for (const std::string text :
       {"plain", "caf\xc3\xa9", "\xe6\xa3\x80\xe6\x9f\xa5\xe5\x8f\x91\xe5\xb8\x83\xe8\x80\x85",
        "a very long subject that does not fit in one line of a header, so it is written as words",
        "\xf0\x9f\x94\x91\xf0\x9f\x94\x91\xf0\x9f\x94\x91\xf0\x9f\x94\x91\xf0\x9f\x94\x91"
        "\xf0\x9f\x94\x91\xf0\x9f\x94\x91\xf0\x9f\x94\x91\xf0\x9f\x94\x91\xf0\x9f\x94\x91"
        "\xf0\x9f\x94\x91\xf0\x9f\x94\x91"}) {
    EXPECT_EQ(decoded_subject(to_mime(message(text))), text);
  }
}

TEST(MailMessage, BodiesArriveAsTheyAre) {
  const std::string text =
      "Umlaute: \xc3\xa4\xc3\xb6\xc3\xbc = fine\n.\n..two\nFrom here\n  indented  \n\ttab\t\n" +
      std::string(500, 'z') + "\nhttps://example.org/?a=b&c=d\n";
  const std::string body = body_of(to_mime(message("x", text)));
  std::string with_crlf;
  for (const char c : text) with_crlf += c == '\n' ? "\r\n" : std::string(1, c);
  EXPECT_EQ(decoded(body), with_crlf);
  // Blanks at a line's end are lost on the way unless they are encoded.
  EXPECT_FALSE(body.contains(" \r\n"));
  EXPECT_FALSE(body.contains("\t\r\n"));
}

TEST(MailAddress, IsOneOfRfc5321OrNotSentTo) {
  for (const char* good : {"ann@example.org", "a.b+c@sub.example.org", "x@localhost",
                           "o'neil@example.org", "-a@example.org", "a@x-y.org"}) {
    EXPECT_TRUE(is_deliverable(good)) << good;
  }
  for (const std::string bad : {"",
                                "@",
                                "ann",
                                "ann@",
                                "@example.org",
                                "a b@example.org",
                                "a@exa mple.org",
                                "ann@example.org>",
                                "<ann@example.org>",
                                "ann@example.org\r\nRCPT TO:<eve@example.org>",
                                "ann@example.org\n",
                                "a\n@example.org",
                                "\"a b\"@example.org",
                                "a@[127.0.0.1]",
                                "a..b@example.org",
                                ".a@example.org",
                                "a.@example.org",
                                "a@.org",
                                "a@example..org",
                                "a@-example.org",
                                "a@example-.org",
                                "a@ex_ample.org",
                                "ann@example.org,eve@example.org",
                                "ann@example.org NOTIFY=NEVER",
                                "\xc3\xa9@example.org",
                                "a@ex\xc3\xa4mple.org",
                                "a(b)@example.org",
                                "a\\b@example.org"}) {
    EXPECT_FALSE(is_deliverable(bad)) << bad;
  }
  EXPECT_FALSE(is_deliverable(std::string("a\0@example.org", 14)));
  EXPECT_FALSE(is_deliverable(std::string(65, 'a') + "@example.org"));
  EXPECT_FALSE(is_deliverable("a@" + std::string(64, 'a') + ".org"));
  EXPECT_FALSE(is_deliverable("a@" + std::string(130, 'a') + "." + std::string(130, 'b')));
  EXPECT_EQ(domain_of("ann@example.org"), "example.org");
}

TEST(OneLine, KeepsTextAndDropsWhatMovesIt) {
  EXPECT_EQ(one_line("a\r\nb", 100), "a b");
  EXPECT_EQ(one_line("\r\na\t\n\tb\n", 100), "a b");
  EXPECT_EQ(one_line("a\x1b[31mb", 100), "a [31mb");
  EXPECT_EQ(one_line("caf\xc3\xa9", 100), "caf\xc3\xa9");
  EXPECT_EQ(one_line("a\xe2\x80\xae"
                     "b\xe2\x81\xa6"
                     "c\xe2\x80\x8f"
                     "d\xd8\x9c"
                     "e",
                     100),
            "a b c d e");
  EXPECT_EQ(one_line("\xe2\x80\x94\xe2\x82\xac", 100), "\xe2\x80\x94\xe2\x82\xac");  // — €
  EXPECT_LE(one_line(std::string(1000, 'x'), 100).size(), 100u);
}

}  // namespace
}  // namespace imp::mail
