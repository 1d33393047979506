#include "http/request.h"

#include <gtest/gtest.h>

namespace imp::http {
namespace {

TEST(Request, SplitsPathAndQuery) {
  Request request;
  request.target = "/a/b?x=1&y=2";
  EXPECT_EQ(request.path(), "/a/b");
  EXPECT_EQ(request.query_string(), "x=1&y=2");
  request.target = "/a?";  // a mark alone is an empty query
  EXPECT_EQ(request.path(), "/a");
  EXPECT_EQ(request.query_string(), "");
}

TEST(Request, DecodesQueryParametersOnce) {
  const struct {
    const char* target;
    std::optional<std::string> value;
  } table[] = {
      {"/?q=a", "a"},
      {"/?x=1&q=two+words", "two words"},
      {"/?q=%2B", "+"},
      {"/?q=%2525", "%25"},  // once, not twice
      {"/?q", ""},           // present without a value
      {"/?q=", ""},
      {"/?q=1&q=2", "1"},         // the first counts
      {"/?%71=1", "1"},           // the name is encoded too
      {"/?q=%zz", std::nullopt},  // malformed
      {"/?q=%ff", std::nullopt},  // not UTF-8
      {"/?qq=1", std::nullopt},
      {"/", std::nullopt},
  };
  for (const auto& row : table) {
    Request request;
    request.target = row.target;
    EXPECT_EQ(request.query("q"), row.value) << row.target;
  }
}

TEST(Request, FindsHeadersWithoutCase) {
  Request request;
  request.headers = {{"X-One", "1"}, {"x-one", "2"}};
  EXPECT_EQ(request.header("x-ONE"), "1");
  EXPECT_TRUE(request.has_header("X-ONE"));
  EXPECT_FALSE(request.has_header("x-two"));
}

TEST(Request, ReadsCookies) {
  Request request;
  request.headers = {{"Cookie", "a=1; session=abc=def ;b"}, {"cookie", "late=yes"}};
  EXPECT_EQ(request.cookie("session"), "abc=def");  // only the first '=' divides
  EXPECT_EQ(request.cookie("late"), "yes");
  EXPECT_EQ(request.cookie("b"), "");
  EXPECT_EQ(request.cookie("ses"), "");
}

TEST(Request, ReadsBearerTokens) {
  const struct {
    const char* header;
    const char* token;
  } table[] = {
      {"Bearer abc", "abc"}, {"bearer  abc ", "abc"}, {"BEARER abc", "abc"}, {"Bearerabc", ""},
      {"Basic abc", ""},     {"Bearer", ""},          {"Bearer ", ""},       {" Bearer abc", ""},
  };
  for (const auto& row : table) {
    Request request;
    request.headers = {{"Authorization", row.header}};
    EXPECT_EQ(request.bearer(), row.token) << row.header;
  }
}

TEST(Request, ReadsBasicCredentials) {
  Request request;
  request.headers = {{"Authorization", "Basic dXNlcjpwYTpzcw=="}};
  const auto both = request.basic();
  ASSERT_TRUE(both);
  EXPECT_EQ(both->first, "user");
  EXPECT_EQ(both->second, "pa:ss");  // a password may hold colons
  for (const char* bad : {"Basic dXNlcg==", "Basic %%%", "Basic ", "Basic dXNlcjr/"}) {
    request.headers = {{"Authorization", bad}};
    EXPECT_FALSE(request.basic()) << bad;
  }
}

TEST(Request, ReadsForms) {
  Request request;
  request.headers = {{"Content-Type", "application/x-www-form-urlencoded; charset=utf-8"}};
  request.body = "scope=read&scope=write&name=J%C3%BCrgen+K.&bad=%";
  EXPECT_EQ(request.form("name"), "J\u00fcrgen K.");
  EXPECT_EQ(request.form("bad"), std::nullopt);
  EXPECT_EQ(request.form_all("scope"), (std::vector<std::string>{"read", "write"}));
  request.headers = {{"Content-Type", "application/json"}};
  EXPECT_EQ(request.form("name"), std::nullopt);  // another type is not a form
}

}  // namespace
}  // namespace imp::http
