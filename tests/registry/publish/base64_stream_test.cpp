#include "registry/publish/base64_stream.h"

#include <gtest/gtest.h>

#include <string>

namespace imp::registry {
namespace {

struct Decoded {
  bool good;
  std::string bytes;
};

Decoded decode_in(std::string_view text, std::size_t piece) {
  Base64Stream stream;
  Bytes out;
  for (std::size_t at = 0; at < text.size(); at += piece) {
    if (!stream.write(text.substr(at, piece), out)) return {false, {}};
  }
  return {stream.finish(), std::string(text_of(out))};
}

TEST(Base64Stream, AgreesWithTheWholeTextDecoderAtEverySplit) {
  std::string bytes;
  for (int i = 0; i < 40; ++i) {
    const std::string text = base64(bytes_of(bytes));
    for (std::size_t piece = 1; piece <= text.size() + 1; ++piece) {
      const Decoded decoded = decode_in(text, piece);
      EXPECT_TRUE(decoded.good) << i << " " << piece;
      EXPECT_EQ(decoded.bytes, bytes);
    }
    bytes += static_cast<char>(i * 37);
  }
}

TEST(Base64Stream, RefusesWhatTheStrictFormDoesNotHave) {
  for (const std::string& text : std::vector<std::string>{"A",        "AA",
                                                          "AAA",      "AA=",
                                                          "=",        "====",
                                                          "A===",     "AA=A",
                                                          "AAA=A",    "AAA=AAAA",
                                                          "AA==AA==", "AAAA=",
                                                          "AAAA====", " AAAA",
                                                          "AA AA",    "AAAA\n",
                                                          "AAA-",     "AAA_",
                                                          "AAA\xc3",  "AB==",
                                                          "AAB=",     std::string("AA\0A", 4)}) {
    for (std::size_t piece : {1u, 2u, 3u, 100u}) {
      EXPECT_FALSE(decode_in(text, piece).good) << text << " " << piece;
    }
  }
  EXPECT_TRUE(decode_in("", 1).good);
}

TEST(Base64Stream, SaysWhere) {
  Base64Stream stream;
  Bytes out;
  ASSERT_TRUE(stream.write("AAAAAA", out));
  EXPECT_FALSE(stream.write("AA*A", out));
  EXPECT_EQ(stream.position(), 8u);
}

}  // namespace
}  // namespace imp::registry
