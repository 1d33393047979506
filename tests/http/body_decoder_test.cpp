#include "http/body_decoder.h"

#include <gtest/gtest.h>
#include <libdeflate.h>

#include <memory>

namespace imp::http {
namespace {

enum class Form { gzip, zlib, raw };

std::string compress(const std::string& text, Form form = Form::gzip) {
  const std::unique_ptr<libdeflate_compressor, void (*)(libdeflate_compressor*)> compressor(
      libdeflate_alloc_compressor(6), libdeflate_free_compressor);
  std::string out(text.size() + 1000, '\0');
  const auto make = form == Form::gzip   ? libdeflate_gzip_compress
                    : form == Form::zlib ? libdeflate_zlib_compress
                                         : libdeflate_deflate_compress;
  out.resize(make(compressor.get(), text.data(), text.size(), out.data(), out.size()));
  return out;
}

/// Decodes `raw` in pieces of `step`, with at most `full` bytes of output at a time.
Result<std::string> decode(ContentCoding coding, std::string_view raw, std::uint64_t limit,
                           std::size_t step = std::string::npos,
                           std::size_t full = std::string::npos) {
  BodyDecoder decoder(coding, limit);
  std::string all;
  while (!raw.empty()) {
    std::string_view piece = raw.substr(0, step);
    raw.remove_prefix(piece.size());
    while (!piece.empty() || decoder.has_more()) {
      std::string out;
      const auto decoded = decoder.decode(piece, out, full);
      EXPECT_LE(out.size(), full);
      if (!decoded) return pass_on(decoded);
      all += out;
    }
  }
  const auto whole = decoder.finish();
  if (!whole) return pass_on(whole);
  return all;
}

const std::string kText = [] {
  std::string text;
  for (int i = 0; i < 5000; ++i) text += "line " + std::to_string(i * i) + "\n";
  return text;
}();

TEST(BodyDecoder, UndoesEachCodingHoweverItArrives) {
  const struct {
    ContentCoding coding;
    std::string raw;
  } table[] = {
      {ContentCoding::identity, kText},
      {ContentCoding::gzip, compress(kText)},
      {ContentCoding::deflate, compress(kText, Form::zlib)},
      {ContentCoding::deflate, compress(kText, Form::raw)},  // sent by some clients as "deflate"
  };
  for (const auto& row : table) {
    for (const std::size_t step : {std::size_t(1), std::size_t(100), std::string::npos}) {
      for (const std::size_t full : {std::size_t(1000), std::string::npos}) {
        const auto decoded = decode(row.coding, row.raw, kText.size(), step, full);
        ASSERT_TRUE(decoded) << decoded.error().message;
        EXPECT_EQ(*decoded, kText);
      }
    }
  }
}

TEST(BodyDecoder, ReadsSeveralGzipMembers) {
  EXPECT_EQ(decode(ContentCoding::gzip, compress("ab") + compress("cd"), 4), "abcd");
  EXPECT_EQ(decode(ContentCoding::gzip, compress("ab") + compress("cd"), 4, 1), "abcd");
}

TEST(BodyDecoder, AnEmptyBodyIsEmptyInEveryCoding) {
  EXPECT_EQ(decode(ContentCoding::gzip, "", 0), "");
  EXPECT_EQ(decode(ContentCoding::identity, "", 0), "");
}

TEST(BodyDecoder, LimitsTheDecodedSize) {
  for (const auto coding : {ContentCoding::identity, ContentCoding::gzip}) {
    const std::string raw = coding == ContentCoding::gzip ? compress(kText) : kText;
    EXPECT_TRUE(decode(coding, raw, kText.size()));
    const auto over = decode(coding, raw, kText.size() - 1);
    ASSERT_FALSE(over);
    EXPECT_EQ(over.error().code(), "body_too_large");
  }
}

TEST(BodyDecoder, ABombIsStoppedAtTheLimit) {
  const std::string bomb = compress(std::string(64 << 20, '\0'));
  ASSERT_LT(bomb.size(), 100'000U);
  BodyDecoder decoder(ContentCoding::gzip, 1 << 20);
  std::string_view raw = bomb;
  std::string out;
  const auto decoded = decoder.decode(raw, out, std::string::npos);
  ASSERT_FALSE(decoded);
  EXPECT_EQ(decoded.error().kind(), FailureKind::too_large);
  EXPECT_LE(out.size(), (1U << 20) + 16 * 1024);  // not much was made before it was noticed
}

TEST(BodyDecoder, EndlessEmptyMembersAreStopped) {
  // They decode to nothing, so only the coded size can stop them.
  const std::string nothing = compress("");
  std::string raw;
  while (raw.size() < 200'000) raw += nothing;
  const auto decoded = decode(ContentCoding::gzip, raw, 1000);
  ASSERT_FALSE(decoded);
  EXPECT_EQ(decoded.error().kind(), FailureKind::too_large);
}

TEST(BodyDecoder, RefusesBrokenBodies) {
  const std::string gzip = compress(kText);
  std::string flipped = gzip;
  flipped[gzip.size() - 5] = static_cast<char>(flipped[gzip.size() - 5] ^ 1);  // in the CRC
  const struct {
    const char* what;
    ContentCoding coding;
    std::string raw;
  } table[] = {
      {"not gzip", ContentCoding::gzip, "hello, this is not gzip"},
      {"cut off", ContentCoding::gzip, gzip.substr(0, gzip.size() / 2)},
      {"cut off in the trailer", ContentCoding::gzip, gzip.substr(0, gzip.size() - 1)},
      {"wrong checksum", ContentCoding::gzip, flipped},
      {"bytes behind it", ContentCoding::gzip, gzip + "more"},
      {"bytes behind deflate", ContentCoding::deflate, compress(kText, Form::zlib) + "more"},
      {"zlib called gzip", ContentCoding::gzip, compress(kText, Form::zlib)},
  };
  for (const auto& row : table) {
    for (const std::size_t step : {std::size_t(1), std::string::npos}) {
      const auto decoded = decode(row.coding, row.raw, 1 << 20, step);
      ASSERT_FALSE(decoded) << row.what;
      EXPECT_EQ(decoded.error().code(), "body_malformed") << row.what;
    }
  }
}

TEST(ContentCoding, IsOneOfThree) {
  EXPECT_EQ(content_coding(""), ContentCoding::identity);
  EXPECT_EQ(content_coding("Identity"), ContentCoding::identity);
  EXPECT_EQ(content_coding("GZIP"), ContentCoding::gzip);
  EXPECT_EQ(content_coding("x-gzip"), ContentCoding::gzip);
  EXPECT_EQ(content_coding("deflate"), ContentCoding::deflate);
  for (const char* other : {"br", "gzip, gzip", "zstd", "gzip;q=1"}) {
    const auto coding = content_coding(other);
    ASSERT_FALSE(coding) << other;
    EXPECT_EQ(coding.error().kind(), FailureKind::unsupported);
  }
}

}  // namespace
}  // namespace imp::http
