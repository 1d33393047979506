#include "registry/publish/json_scanner.h"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>

namespace imp::registry {
namespace {

// Streams the string at "s" of the outermost object, keeps the rest.
struct Collector final : JsonEvents {
  bool wants_stream() override { return scanner->path().size() == 1 && scanner->path()[0] == "s"; }
  Result<void> string_piece(std::string_view piece) override {
    streamed += piece;
    return {};
  }
  Result<void> string_end() override {
    ++ends;
    return {};
  }
  Result<void> text(std::string_view raw) override {
    kept += raw;
    return {};
  }
  JsonScanner* scanner = nullptr;
  std::string streamed, kept;
  int ends = 0;
};

struct Scanned {
  Result<void> result;
  std::string kept, streamed;
  int ends = 0;
};

Scanned scan(std::string_view document, std::size_t piece, const ScanLimits& limits = {}) {
  Collector collector;
  JsonScanner scanner(collector, limits);
  collector.scanner = &scanner;
  Result<void> result;
  for (std::size_t at = 0; at < document.size() && result; at += piece) {
    result = scanner.write(document.substr(at, piece));
  }
  if (result) result = scanner.finish();
  return {result, collector.kept, collector.streamed, collector.ends};
}

TEST(JsonScanner, AcceptsJsonAtEverySplit) {
  for (const std::string document :
       {R"({})", R"([])", R"(1)", R"(-0)", R"("x")", R"(true)", R"( [ null , false ] )",
        R"({"a":1,"b":[1,2,{"c":[]}],"d":{"e":"f"}})", R"([0,-1.5,1e5,1E-5,0.25e+3,123456789])",
        R"({"":{"":""}})", R"(["\"\\\/\b\f\n\r\t\u0041\ud83d\ude00\u20ac"])",
        "[\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\xf4\x8f\xbf\xbf\xed\x9f\xbf\"]",
        "\r\n\t {\"a\" : \"b\"}\n"}) {
    for (std::size_t piece = 1; piece <= document.size(); ++piece) {
      const Scanned scanned = scan(document, piece);
      ASSERT_TRUE(scanned.result) << document << " " << piece << scanned.result.error().message;
      EXPECT_EQ(scanned.kept, document) << piece;
    }
  }
}

TEST(JsonScanner, RefusesWhatIsNotJsonAtEverySplit) {
  using namespace std::string_literals;
  for (const std::string& document : {""s,
                                      " "s,
                                      "{"s,
                                      "}"s,
                                      "["s,
                                      "]"s,
                                      "{]"s,
                                      "[}"s,
                                      "[1"s,
                                      "[1,"s,
                                      "[1,]"s,
                                      "[,1]"s,
                                      "{\"a\"}"s,
                                      "{\"a\":}"s,
                                      "{\"a\":1,}"s,
                                      "{,}"s,
                                      "{a:1}"s,
                                      "{'a':1}"s,
                                      "{1:1}"s,
                                      "01"s,
                                      "-"s,
                                      "-a"s,
                                      "+1"s,
                                      "1."s,
                                      ".5"s,
                                      "1e"s,
                                      "1e+"s,
                                      "[1.]"s,
                                      "[1e]"s,
                                      "0x1"s,
                                      "NaN"s,
                                      "Infinity"s,
                                      "tru"s,
                                      "True"s,
                                      "nul"s,
                                      "nulll"s,
                                      "\"a"s,
                                      "\"\\\""s,
                                      "\"\\x\""s,
                                      "\"\\u12\""s,
                                      "\"\\u12g4\""s,
                                      "\"\\ud800\""s,
                                      "\"\\ud800a\""s,
                                      "\"\\ud800\\n\""s,
                                      "\"\\ud800\\ud800\""s,
                                      "\"\\ud800\\u0041\""s,
                                      "\"\\udc00\""s,
                                      "\"a\nb\""s,
                                      "\"\x00\""s,
                                      "\"\x1f\""s,
                                      "\"\x80\""s,
                                      "\"\xc0\x80\""s,
                                      "\"\xc3\""s,
                                      "\"\xe0\x9f\xbf\""s,
                                      "\"\xed\xa0\x80\""s,
                                      "\"\xf0\x8f\xbf\xbf\""s,
                                      "\"\xf4\x90\x80\x80\""s,
                                      "\"\xff\""s,
                                      "\"\xe2\x82\""s,
                                      "{} {}"s,
                                      "{}x"s,
                                      "[]]"s,
                                      "1 2"s,
                                      "\xef\xbb\xbf{}"s,
                                      "/*c*/{}"s,
                                      "[1 2]"s,
                                      "{\"a\" 1}"s,
                                      "{\"a\":1 \"b\":2}"s,
                                      "[\"a\":1]"s}) {
    for (std::size_t piece :
         {std::size_t{1}, std::size_t{2}, std::size_t{3}, document.size() + 1}) {
      const Scanned scanned = scan(document, piece);
      ASSERT_FALSE(scanned.result) << document << " in pieces of " << piece;
      EXPECT_EQ(scanned.result.error().code(), "malformed_json") << document;
    }
  }
}

// The two parsers must agree, or one of them would see another document.
TEST(JsonScanner, AgreesWithTheParserThatReadsItsOutput) {
  for (const std::string document : {R"([1,2])", R"([1,2)", R"({"a":"\u0000"})", R"([1e999])",
                                     R"(["\ud800"])", R"([00])", R"([-])", R"([1E+2])"}) {
    boost::json::error_code error;
    boost::json::parse(document, error);
    EXPECT_EQ(scan(document, 1).result.has_value(), !error.failed()) << document;
  }
}

TEST(JsonScanner, StreamsTheWantedString) {
  const std::string document = R"({"a":"kept","s":"x\/y\u00e9\n","b":{"s":"kept too"}})";
  for (std::size_t piece = 1; piece <= document.size(); ++piece) {
    const Scanned scanned = scan(document, piece);
    ASSERT_TRUE(scanned.result) << piece;
    EXPECT_EQ(scanned.streamed, "x/y\xc3\xa9\n") << piece;
    EXPECT_EQ(scanned.kept, R"({"a":"kept","s":"","b":{"s":"kept too"}})") << piece;
    EXPECT_EQ(scanned.ends, 1);
  }
}

TEST(JsonScanner, AnEscapedKeyIsTheSameKey) {
  const Scanned scanned = scan(R"({"\u0073":"streamed"})", 1);
  ASSERT_TRUE(scanned.result);
  EXPECT_EQ(scanned.streamed, "streamed");
}

TEST(JsonScanner, RefusesKeysTwiceInOneObject) {
  for (const char* document :
       {R"({"a":1,"a":2})", R"({"a":1,"\u0061":2})", R"({"x":{"b":1,"c":2,"b":3}})",
        R"({"":1,"":2})", R"([{"a":1},{"a":1,"a":1}])", R"({"__proto__":1,"__proto__":2})"}) {
    const Scanned scanned = scan(document, 1);
    ASSERT_FALSE(scanned.result) << document;
    EXPECT_EQ(scanned.result.error().code(), "duplicate_key") << document;
  }
  // The same key in different objects, and keys that only look alike.
  EXPECT_TRUE(scan(R"({"a":{"a":1},"b":[{"a":1},{"a":2}],"A":1})", 1).result);
}

TEST(JsonScanner, LimitsDepthValuesAndKeys) {
  EXPECT_TRUE(scan(std::string(64, '[') + std::string(64, ']'), 7).result);
  EXPECT_EQ(scan(std::string(65, '['), 7).result.error().code(), "document_too_deep");
  EXPECT_EQ(scan(std::string(1'000'000, '['), 4096).result.error().code(), "document_too_deep");
  EXPECT_EQ(scan("[1,1,1,1]", 9, {.values = 4}).result.error().code(), "document_too_large");
  EXPECT_TRUE(scan(R"([{"a":1},{"b":1},{"c":1}])", 9, {.open_keys = 1}).result);
  EXPECT_EQ(scan(R"({"a":{"b":1}})", 9, {.open_keys = 1}).result.error().code(),
            "document_too_large");
}

TEST(JsonScanner, SaysWhere) {
  const Scanned scanned = scan(R"({"versions":{"1.0.0":[{"x":1},{"y":!}]}})", 3);
  ASSERT_FALSE(scanned.result);
  EXPECT_NE(scanned.result.error().message.find("at byte 35, in versions/1.0.0/[1]/y"),
            std::string::npos)
      << scanned.result.error().message;
}

}  // namespace
}  // namespace imp::registry
