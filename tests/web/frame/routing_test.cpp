#include "web/fixture.h"
#include "web/frame/handlers.h"

namespace imp::web {
namespace {

using RoutingTest = WebTest;

http::Headers accept(std::string_view value) { return {{"Accept", std::string(value)}}; }
constexpr std::string_view kNpm =
    "application/vnd.npm.install-v1+json; q=1.0, application/json; q=0.8, */*";
constexpr std::string_view kBrowser =
    "text/html,application/xhtml+xml,application/xml;q=0.9,application/json;q=0.1,*/*;q=0.8";

TEST_F(RoutingTest, APackageThatIsCalledLikeAPageTakesNothingFromIt) {
  const auto mallory = person("mallory");
  publish("login", "1.0.0", mallory);
  publish("org", "1.0.0", mallory);
  Browser browser{*this};
  const Answer page = browser.get("/login", accept(kBrowser));
  EXPECT_TRUE(page.has("<h1>Sign in</h1>"));
  EXPECT_TRUE(is_page_request(request(http::Method::get, "/login", accept(kBrowser))));
  // And npm still installs it.
  for (const std::string_view type : {kNpm, std::string_view("application/json")}) {
    const Answer packument = browser.get("/login", accept(type));
    EXPECT_EQ(packument.status, 200) << type;
    EXPECT_TRUE(
        std::holds_alternative<std::shared_ptr<const http::Prepared>>(packument.response.body));
    EXPECT_FALSE(is_page_request(request(http::Method::get, "/login", accept(type))));
  }
  EXPECT_TRUE(browser.get("/org/1.0.0", accept("application/json")).has("\"version\":\"1.0.0\""));
}

TEST_F(RoutingTest, OtherPackagesStayOnTheHotPath) {
  for (const std::string path : {"/lodash", "/@acme/login", "/@acme%2flogin", "/logins", "/"}) {
    EXPECT_FALSE(is_page_request(request(http::Method::get, path, accept(kBrowser)))) << path;
  }
}

// What reads whole tarballs must not hold the threads that exchanges wait for.
TEST_F(RoutingTest, WhatReadsTarballsHasThreadsOfItsOwn) {
  for (const auto& [method, target] : {std::pair(http::Method::get, "/package/lib/staged/1"),
                                       std::pair(http::Method::post, "/package/lib/staged/1"),
                                       std::pair(http::Method::post, "/-/stage/1/approve"),
                                       std::pair(http::Method::get, "/-/stage/1/review")}) {
    http::Request asked = request(method, target);
    const auto match = router_.match(asked);
    ASSERT_TRUE(match.route) << target;
    EXPECT_EQ(match.route->options.pool, http::Pool::program) << target;
  }
}

TEST_F(RoutingTest, AssetsAreNamedByTheirContentAndKept) {
  Browser browser{*this};
  const std::string page = browser.get("/").body;
  for (const std::string file : {"style.css", "copy.js", "icon.svg"}) {
    EXPECT_THAT(page, testing::HasSubstr("/-/assets/" + file + "?v=")) << file;
    EXPECT_EQ(browser.get("/-/assets/" + file).status, 200) << file;
  }
  EXPECT_EQ(browser.get("/-/assets/layout.html").status, 404);
  EXPECT_EQ(browser.get("/-/assets/..%2ftemplates%2flayout.html").status, 400);
}

}  // namespace
}  // namespace imp::web
