#include "dsse/canonical_json.h"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>

namespace imp::dsse {
namespace {

struct Case {
  const char* given;
  const char* text;
};

TEST(CanonicalJson, OneValueHasOneText) {
  const Case cases[] = {
      {R"({"b":1,"a":2})", R"({"a":2,"b":1})"},
      {R"({ "a" : [ { "z" : null , "y" : true } , -3 ] })", R"({"a":[{"y":true,"z":null},-3]})"},
      // Upper case comes first: the order is that of bytes, not of a language.
      {R"({"a":"","B":"","_":""})", R"({"B":"","_":"","a":""})"},
      {R"({"é":1,"z":2})", R"({"z":2,"é":1})"},
      {R"({"q":"\u0022\u005c\u002f\u0009"})", R"({"q":"\"\\/\t"})"},
      {"[]", "[]"},
      {"{}", "{}"},
  };
  for (const Case& one : cases) {
    EXPECT_EQ(canonical_json(boost::json::parse(one.given)), one.text) << one.given;
  }
}

}  // namespace
}  // namespace imp::dsse
