#include "jose/token.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "forge.h"

namespace imp::jose {
namespace {

using namespace test;

TEST(Token, IsTakenApart) {
  const auto token = parse_token(good_token());
  ASSERT_TRUE(token) << token.error().message;
  EXPECT_EQ(token->algorithm, Algorithm::rs256);
  EXPECT_EQ(token->key_id, "r");
  EXPECT_FALSE(token->has_certificate_thumbprint);
  EXPECT_EQ(token->unverified_payload, good_claims());
  EXPECT_EQ(token->signing_input, good_token().substr(0, good_token().rfind('.')));
  EXPECT_EQ(token->signature.size(), 256u);
  EXPECT_EQ(*unverified_issuer(*token), kIssuer);
}

struct Row {
  std::string_view name;
  std::string token;
  std::string_view code;
};

TEST(Token, Encoding) {
  const std::string good = good_token();
  const std::string header = encoded(good_header());
  const std::string payload = encoded(good_payload());
  const std::string signature = good.substr(good.rfind('.') + 1);
  const std::string input = header + "." + payload + ".";
  const std::vector<Row> rows = {
      {"good", good, "ok"},
      {"empty", "", "malformed"},
      {"a dot", ".", "malformed"},
      {"two dots", "..", "malformed"},
      {"one segment", header, "malformed"},
      {"two segments", header + "." + payload, "malformed"},
      {"four segments", good + "." + signature, "malformed"},
      {"five segments as JWE", good + ".AAAA.AAAA", "malformed"},
      {"trailing dot", good + ".", "malformed"},
      {"leading dot", "." + good, "malformed"},
      {"empty header", "." + payload + "." + signature, "malformed"},
      {"empty payload", header + ".." + signature, "malformed"},
      {"empty signature", input, "malformed"},
      {"padded header", encoded("{\"alg\":\"RS256\",\"kid\":\"rr\"}") + "=." + payload + ".AAAA",
       "malformed"},
      {"padded payload", header + "." + encoded("{\"a\":\"bb\"}") + "==." + signature, "malformed"},
      {"padded signature", good + "==", "malformed"},
      {"standard alphabet +", input + "+" + signature.substr(1), "malformed"},
      {"standard alphabet /", input + "/" + signature.substr(1), "malformed"},
      {"leading space", " " + good, "malformed"},
      {"trailing space", good + " ", "malformed"},
      {"trailing line feed", good + "\n", "malformed"},
      {"line feed inside", header + "." + payload + ".\n" + signature, "malformed"},
      {"tab in the header", "\t" + header.substr(1) + "." + payload + "." + signature, "malformed"},
      {"trailing NUL", good + std::string(1, '\0'), "malformed"},
      {"trailing garbage", good + "!", "malformed"},
      {"Bearer in front", "Bearer " + good, "malformed"},
      {"quoted", "\"" + good + "\"", "malformed"},
      {"percent-encoded dots", header + "%2E" + payload + "%2E" + signature, "malformed"},
      {"byte order mark in front", "\xef\xbb\xbf" + good, "malformed"},
      {"full-width dots", header + "\xef\xbc\x8e" + payload + "\xef\xbc\x8e" + signature,
       "malformed"},
      {"a length no base64 has", input + "A", "malformed"},
      {"JSON serialization, flattened",
       R"({"payload":")" + payload + R"(","protected":")" + header + R"(","signature":")" +
           signature + R"("})",
       "malformed"},
      {"polyglot of compact and JSON", R"({"a":")" + good + R"("})", "malformed"},
      {"header is no JSON", encoded("hello") + "." + payload + ".AAAA", "malformed"},
      {"header is an array", unsigned_token("[" + good_header() + "]", good_payload()),
       "malformed"},
      {"header with a byte order mark",
       unsigned_token("\xef\xbb\xbf" + good_header(), good_payload()), "malformed"},
      {"header is UTF-16", unsigned_token(std::string("{\0}\0", 4), good_payload()), "malformed"},
  };
  for (const Row& row : rows) EXPECT_EQ(parsed_code(row.token), row.code) << row.name;
}

// RS256's 256 bytes leave two bits in the last of 342 characters: only one of four spellings
// counts.
TEST(Token, TrailingBitsHaveOneSpelling) {
  const std::string good = good_token();
  int accepted = 0;
  for (const char c :
       std::string_view("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")) {
    accepted += verified_code(good.substr(0, good.size() - 1) + c) == "ok" ? 1 : 0;
  }
  EXPECT_EQ(accepted, 1);
}

TEST(Token, PayloadJson) {
  std::string many = "[0";
  for (int i = 1; i < 1500; ++i) many += ",0";
  many += "]";
  struct PayloadRow {
    std::string_view name;
    std::string payload;
    std::string_view code;
  };
  const std::vector<PayloadRow> rows = {
      {"empty object", "{}", "ok"},
      {"null", "null", "malformed"},
      {"array", "[" + good_payload() + "]", "malformed"},
      {"string", "\"x\"", "malformed"},
      {"two objects", good_payload() + good_payload(), "malformed"},
      {"aud twice", payload_with("aud", R"("x","aud":"y")"), "malformed"},
      {"sub twice", payload_with("sub", R"("x","sub":"x")"), "malformed"},
      {"aud twice, one escaped", payload_with("aud", R"("x","\u0061ud":"y")"), "malformed"},
      {"twice deep inside", payload_with("act", R"({"a":[{"b":1,"b":2}]})"), "malformed"},
      {"NUL in a string", payload_with("sub", R"("a\u0000b")"), "malformed"},
      {"NUL in a name", payload_with("sub", R"("a","sub\u0000":"b")"), "malformed"},
      {"lone surrogate", payload_with("sub", R"("\ud800")"), "malformed"},
      {"1e999", payload_with("exp", "1e999"), "malformed"},
      {"deep nesting", payload_with("x", std::string(50, '[') + std::string(50, ']')), "malformed"},
      {"1500 values", payload_with("x", many), "malformed"},
      {"not UTF-8", "{\"sub\":\"\xff\"}", "malformed"},
      {"trailing comma", "{\"sub\":\"x\",}", "malformed"},
  };
  for (const PayloadRow& row : rows) {
    EXPECT_EQ(parsed_code(unsigned_token(good_header(), row.payload)), row.code) << row.name;
  }
}

TEST(Token, SizeIsLimitedBeforeAnythingElse) {
  const std::string padding(kMaxTokenBytes, 'x');
  EXPECT_EQ(parsed_code(padding), "malformed");  // exactly at the limit: looked at
  EXPECT_EQ(parsed_code(padding + "x"), "too_large");
  EXPECT_EQ(parsed_code(std::string(1 << 20, '.')), "too_large");
  EXPECT_EQ(parsed_code(good_token() + std::string(1 << 20, ' ')), "too_large");
  std::string claims = "{\"a\":1";
  for (int i = 0; i < 100'000; ++i) claims += fmt::format(",\"c{}\":1", i);
  EXPECT_EQ(parsed_code(unsigned_token(good_header(), claims + "}")), "too_large");
}

TEST(Token, IssuerMustBeAString) {
  const auto issuer_code = [](std::string_view json_text) -> std::string_view {
    const auto token = parse_token(unsigned_token(good_header(), payload_with("iss", json_text)));
    const auto issuer = unverified_issuer(*token);
    return issuer ? "ok" : issuer.error().code();
  };
  EXPECT_EQ(issuer_code(R"("https://x")"), "ok");
  EXPECT_EQ(issuer_code(""), "missing_claim");
  for (const std::string_view text : {"null", "1", "true", R"(["https://x"])", R"({"a":1})"}) {
    EXPECT_EQ(issuer_code(text), "claim_type") << text;
  }
}

TEST(Token, RefusalsDoNotQuoteTheToken) {
  const std::string secret = "hunter2hunter2";
  const auto token = parse_token(unsigned_token(good_header(), "{\"sub\":\"" + secret + "\",}"));
  ASSERT_FALSE(token);
  EXPECT_FALSE(token.error().message.contains(secret));
  EXPECT_FALSE(token.error().detail.contains(secret));
  EXPECT_TRUE(token.error().message.contains("payload")) << token.error().message;
}

}  // namespace
}  // namespace imp::jose
