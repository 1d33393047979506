#include "jose/strict_json.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <string>
#include <vector>

namespace imp::jose {
namespace {

namespace json = boost::json;

std::string outcome(std::string_view text, const JsonLimits& limits = {}) {
  const auto object = parse_strict_object(text, limits);
  return object ? json::serialize(*object) : object.error();
}

struct Row {
  std::string_view name;
  std::string text;
  std::string outcome;
};

TEST(StrictJson, AcceptsWhatJsonIs) {
  const std::vector<Row> rows = {
      {"empty", "{}", "{}"},
      {"white space around", " \t\r\n{ } \n", "{}"},
      {"all kinds", R"({"a":[1,-2,1.5,true,false,null,"s",{}]})",
       R"({"a":[1,-2,1.5E0,true,false,null,"s",{}]})"},
      {"escapes are decoded", R"({"\u0061":"\n\"\\\/\u00e9"})", "{\"a\":\"\\n\\\"\\\\/\xc3\xa9\"}"},
      {"a surrogate pair", R"({"a":"\ud83d\ude00"})", "{\"a\":\"\xf0\x9f\x98\x80\"}"},
      {"the same name in different objects", R"({"a":{"a":1},"b":[{"a":2},{"a":3}]})",
       R"({"a":{"a":1},"b":[{"a":2},{"a":3}]})"},
      // NFC and NFD are different names; comparing them is nobody's business here
      {"names that only look equal", "{\"\xc3\xa9\":1,\"e\xcc\x81\":2,\"E\":3}",
       "{\"\xc3\xa9\":1,\"e\xcc\x81\":2,\"E\":3}"},
      {"an empty name once", R"({"":1})", R"({"":1})"},
      {"largest signed", R"({"a":9223372036854775807})", R"({"a":9223372036854775807})"},
      {"largest unsigned", R"({"a":18446744073709551615})", R"({"a":18446744073709551615})"},
      {"a tiny number is zero", R"({"a":1e-999})", R"({"a":0E0})"},
  };
  for (const Row& row : rows) EXPECT_EQ(outcome(row.text), row.outcome) << row.name;
}

TEST(StrictJson, RefusesRepeatedNames) {
  const std::string_view why = "a member name is repeated in one object";
  for (const std::string_view text : {
           R"({"aud":1,"aud":2})",
           R"({"aud":1,"aud":1})",  // even with the same value
           R"({"aud":1,"\u0061ud":2})",
           R"({"\u0061ud":1,"a\u0075d":2})",
           R"({"a/":1,"a\/":2})",
           R"({"x":{"y":[{"b":1,"c":2,"b":3}]}})",
           R"({"":1,"":2})",
           R"({"é":1,"\u00e9":2})",
           R"({"😀":1,"\ud83d\ude00":2})",
           R"({"a":{"a":1},"a":2})",
       }) {
    EXPECT_EQ(outcome(text), why) << text;
  }
}

TEST(StrictJson, RepeatedNamesOfAnyLengthAreFound) {
  const std::string name(5000, 'n');  // longer than the parser's buffer: it comes in parts
  EXPECT_EQ(outcome("{\"" + name + "\":1,\"" + name + "\":2}"),
            "a member name is repeated in one object");
  EXPECT_EQ(outcome("{\"" + name + "\":1,\"" + name + "\\u0061\":2,\"" + name + "a\":3}"),
            "a member name is repeated in one object");
  EXPECT_TRUE(outcome("{\"" + name + "\":1,\"" + name + "a\":2}").starts_with("{"));
}

TEST(StrictJson, RefusesNul) {
  const std::string_view why = "a string contains U+0000";
  EXPECT_EQ(outcome(R"({"a":"x\u0000y"})"), why);
  EXPECT_EQ(outcome(R"({"sub\u0000x":"y"})"), why);
  EXPECT_EQ(outcome(R"({"a":["\u0000"]})"), why);
  EXPECT_EQ(outcome("{\"a\":\"" + std::string(4000, 'x') + "\\u0000\"}"), why);
  EXPECT_TRUE(outcome(std::string("{\"a\":\"\0\"}", 9)).starts_with("it is not valid JSON"));
}

TEST(StrictJson, RefusesWhatIsNotAnObject) {
  for (const std::string_view text : {"[]", "[{}]", "null", "true", "1", "\"{}\""}) {
    EXPECT_EQ(outcome(text), "it is not a JSON object") << text;
  }
}

TEST(StrictJson, RefusesWhatIsNotJson) {
  const std::vector<std::string> rows = {
      "",
      " ",
      "{",
      "}",
      "{\"a\"}",
      "{\"a\":}",
      "{\"a\":1,}",
      "{,}",
      "{'a':1}",
      "{a:1}",
      "{\"a\":1 \"b\":2}",
      "{\"a\":01}",
      "{\"a\":+1}",
      "{\"a\":.5}",
      "{\"a\":1.}",
      "{\"a\":0x10}",
      "{\"a\":NaN}",
      "{\"a\":Infinity}",
      "{\"a\":True}",
      "{\"a\":1/**/}",
      "// x\n{}",
      "{\"a\":\"\t\"}",     // a raw control character
      "{\"a\":\"\\x41\"}",  // not a JSON escape
      "{\"a\":\"\\u12\"}",
      "{\"a\":\"\\ud800\"}",  // lone surrogates
      "{\"a\":\"\\udc00\"}",
      "{\"a\":\"\\ud800\\ud800\"}",
      "{\"\\udfff\":1}",
      "{\"a\":\"\xff\"}",          // not UTF-8
      "{\"a\":\"\xc0\xaf\"}",      // overlong
      "{\"a\":\"\xed\xa0\x80\"}",  // a surrogate in UTF-8
      "{\"a\":\"\xf4\x90\x80\x80\"}",
      "{\"\xc3\":1}",
      "\xef\xbb\xbf{}",  // a byte order mark
      "\xfe\xff",
  };
  for (const std::string& row : rows) {
    EXPECT_TRUE(outcome(row).starts_with("it is not valid JSON"))
        << row << " gave " << outcome(row);
  }
}

TEST(StrictJson, RefusesWhatFollows) {
  for (const std::string& text :
       {std::string("{}{}"), std::string("{} x"), std::string("{}]"), std::string("{},"),
        std::string("{}\0", 3), std::string("{}\v")}) {
    EXPECT_FALSE(parse_strict_object(text, {})) << text;
  }
}

TEST(StrictJson, RefusesNumbersBeyondADouble) {
  for (const std::string_view number : {"1e999", "-1e999", "1e309", "123456789e400"}) {
    EXPECT_EQ(outcome("{\"a\":" + std::string(number) + "}"), "a number is out of range") << number;
  }
  const std::string digits(400, '9');
  EXPECT_EQ(outcome("{\"a\":" + digits + "}"), "a number is out of range");
}

TEST(StrictJson, DepthIsBounded) {
  const auto nested = [](std::size_t depth) {
    return "{\"a\":" + std::string(depth - 1, '[') + std::string(depth - 1, ']') + "}";
  };
  EXPECT_TRUE(parse_strict_object(nested(16), {}));
  EXPECT_EQ(outcome(nested(17)), "it is nested too deeply");
  EXPECT_EQ(outcome(nested(100'000)), "it is nested too deeply");
  std::string objects;
  for (int i = 0; i < 5000; ++i) objects += "{\"a\":";
  EXPECT_EQ(outcome(objects), "it is nested too deeply");
}

TEST(StrictJson, CountIsBounded) {
  const auto members = [](std::size_t count) {
    std::string text = "{";
    for (std::size_t i = 0; i < count; ++i) text += fmt::format("{}\"{}\":1", i ? "," : "", i);
    return text + "}";
  };
  // The outermost object counts as a value too.
  EXPECT_TRUE(parse_strict_object(members(9), {.depth = 4, .values = 10}));
  EXPECT_EQ(outcome(members(10), {.depth = 4, .values = 10}), "there are too many values");
  EXPECT_EQ(outcome(members(100'000)), "there are too many values");
  EXPECT_EQ(outcome("{\"a\":[" + std::string(100'000, '0') + "]}"), outcome("{\"a\":[00]}"));
  std::string zeros = "0";
  for (int i = 0; i < 100'000; ++i) zeros += ",0";
  EXPECT_EQ(outcome("{\"a\":[" + zeros + "]}"), "there are too many values");
}

}  // namespace
}  // namespace imp::jose
