#include "base/encoding.h"

#include <gtest/gtest.h>

namespace imp {
namespace {

std::string decoded(const std::optional<Bytes>& bytes) {
  return bytes ? std::string(text_of(*bytes)) : "refused";
}

TEST(Encoding, Base64KnownAnswers) {
  // RFC 4648 §10.
  const std::pair<const char*, const char*> cases[] = {
      {"", ""},        {"f", "Zg=="},        {"fo", "Zm8="},
      {"foo", "Zm9v"}, {"foob", "Zm9vYg=="}, {"foobar", "Zm9vYmFy"}};
  for (const auto& [plain, encoded] : cases) {
    EXPECT_EQ(base64(bytes_of(plain)), encoded);
    EXPECT_EQ(decoded(from_base64(encoded)), plain);
  }
}

TEST(Encoding, StrictDecodersRefuseEveryOtherSpelling) {
  for (const char* bad : {"Zg", "Zg=", "Zh==", "Zm9=", "Z===", "Zm9v\n", " Zm9v", "Zm-_", "===="}) {
    EXPECT_EQ(decoded(from_base64(bad)), "refused") << bad;
  }
  for (const char* bad : {"Zg==", "Zh", "Zm9", "Z", "Zm9v\n", "Zm+/", "Zm9v Zg"}) {
    EXPECT_EQ(decoded(from_base64url(bad)), "refused") << bad;
  }
  EXPECT_EQ(decoded(from_base64url("Zg")), "f");
}

TEST(Encoding, Base64RoundTripsEveryByteAndLength) {
  Bytes bytes;
  for (int i = 0; i < 600; ++i) {
    EXPECT_EQ(from_base64(base64(bytes)), bytes);
    EXPECT_EQ(from_base64url(base64url(bytes)), bytes);
    EXPECT_EQ(from_hex(hex(bytes)), bytes);
    bytes.push_back(static_cast<std::uint8_t>(i * 7));
  }
}

TEST(Encoding, Hex) {
  EXPECT_EQ(hex(bytes_of("\x01\xff")), "01ff");
  EXPECT_EQ(decoded(from_hex("4A4b")), "JK");
  EXPECT_FALSE(from_hex("4"));
  EXPECT_FALSE(from_hex("4g"));
}

TEST(Encoding, PercentDecodesOnce) {
  EXPECT_EQ(percent_decode("%2561"), "%61");
  EXPECT_EQ(percent_decode("a%2Fb"), "a/b");
  EXPECT_EQ(percent_encode("@a/b c~"), "%40a%2Fb%20c~");
  for (const char* bad : {"%", "%2", "%zz", "a%2"}) EXPECT_FALSE(percent_decode(bad)) << bad;
}

TEST(Encoding, Utf8) {
  for (const char* good : {"", "a", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80"}) {
    EXPECT_TRUE(is_utf8(good)) << good;
  }
  const char* bad[] = {
      "\x80",              // a continuation alone
      "\xc0\xaf",          // overlong '/'
      "\xe0\x80\xaf",      // overlong, three bytes
      "\xed\xa0\x80",      // a surrogate
      "\xf4\x90\x80\x80",  // beyond U+10FFFF
      "\xe2\x82",          // cut off
      "\xff",
  };
  for (const char* text : bad) EXPECT_FALSE(is_utf8(text)) << hex(bytes_of(text));
}

TEST(Encoding, HtmlEscapesWhatEndsTextOrAttributes) {
  EXPECT_EQ(html_escape("<a href=\"x\" b='y'>&"),
            "&lt;a href=&quot;x&quot; b=&#39;y&#39;&gt;&amp;");
}

}  // namespace
}  // namespace imp
