#include "web/frame/model.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "web/ci/ci_view.h"
#include "web/frame/embedded_file.h"
#include "web/frame/mustache.h"

namespace imp::web {
namespace {

TEST(Model, LinksLeadToTheWebOrNowhere) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"https://example.org/x", "https://example.org/x"},
      {"git+https://example.org/x.git", "https://example.org/x.git"},
      {"http://example.org", "http://example.org"},
      {"javascript:alert(1)", ""},
      {"JavaScript:alert(1)", ""},
      {" https://example.org", ""},
      {"data:text/html,x", ""},
      {"git+ssh://git@example.org/x", ""},
      {"", ""},
  };
  for (const auto& [given, expected] : cases) EXPECT_EQ(safe_link(given), expected) << given;
}

TEST(Model, PackageLinksSurviveEveryOldName) {
  EXPECT_EQ(package_link("left-pad"), "/package/left-pad");
  EXPECT_EQ(package_link("@acme/lib"), "/package/@acme/lib");
  EXPECT_EQ(package_link("it's"), "/package/it%27s");
  EXPECT_EQ(package_link("@a/b?c#d"), "/package/@a/b%3Fc%23d");
}

TEST(Model, TimesAreNearOrDated) {
  const Time now = *parse_iso8601("2026-11-23T21:16:42Z");
  const std::pair<std::chrono::seconds, std::string_view> cases[] = {
      {std::chrono::seconds(0), "just now"},        {std::chrono::seconds(60), "1 minute ago"},
      {std::chrono::minutes(59), "59 minutes ago"}, {std::chrono::hours(1), "1 hour ago"},
      {std::chrono::hours(50), "2 days ago"},       {std::chrono::hours(24 * 20), "3 Nov 2026"},
      {std::chrono::seconds(-90), "23 Nov 2026"},  // a clock that was set back
  };
  for (const auto& [ago, expected] : cases) {
    EXPECT_EQ(time_model(now - ago, now).at("text").as_string(), expected);
  }
  EXPECT_EQ(time_model(now, now).at("full").as_string(), "2026-11-23 21:16:42 UTC");
}

TEST(Model, Browsers) {
  EXPECT_EQ(browser_text("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"),
            "Firefox on Linux");
  EXPECT_EQ(
      browser_text("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like "
                   "Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0"),
      "Edge on Windows");
  EXPECT_EQ(browser_text("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) "
                         "AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/604.1"),
            "Safari on iPhone");
  EXPECT_EQ(browser_text("curl/7.88.1"), "curl/7.88.1");
  EXPECT_EQ(browser_text(""), "an unnamed client");
}

TEST(Model, StatusesAreWords) {
  EXPECT_EQ(status_text("on_hold"), "on hold");
  EXPECT_EQ(status_text("timedout"), "timed out");
  EXPECT_EQ(status_text("PENDING"), "planned");
  EXPECT_EQ(status_text("SUCCESS"), "success");
}

TEST(Model, SizesAndDurations) {
  EXPECT_EQ(size_text(999), "999 B");
  EXPECT_EQ(size_text(1500), "1.5 kB");
  EXPECT_EQ(size_text(2'500'000'000), "2.5 GB");
  EXPECT_EQ(duration_text(Milliseconds(1400)), "1.4 s");
  EXPECT_EQ(duration_text(std::chrono::seconds(125)), "2 min 5 s");
  EXPECT_EQ(duration_text(std::chrono::minutes(125)), "2 h 5 min");
}

/// Who writes a template that shows text unescaped must find this list.
TEST(Templates, OnlyFramesAndQrCodesAreUnescaped) {
  for (const EmbeddedFile& file : embedded_files()) {
    if (!file.name.starts_with("templates/")) continue;
    std::string text(file.text);
    if (file.name == "templates/layout.html") text.erase(text.find("{{{content}}}"), 13);
    if (file.name == "templates/second_factor.html") text.erase(text.find("{{{qr}}}"), 8);
    if (file.name == "templates/docs.html") text.erase(text.find("{{{html}}}"), 10);
    EXPECT_EQ(text.find("{{{"), std::string::npos) << file.name;
    EXPECT_EQ(text.find("{{&"), std::string::npos) << file.name;
  }
}

TEST(Templates, EveryFormThatChangesSomethingCarriesTheToken) {
  for (const EmbeddedFile& file : embedded_files()) {
    std::string_view rest = file.text;
    for (auto at = rest.find("method=\"post\""); at != std::string_view::npos;
         at = rest.find("method=\"post\"")) {
      rest.remove_prefix(at + 1);
      const std::string_view form = rest.substr(0, rest.find("</form>"));
      EXPECT_TRUE(form.contains("{{>_csrf}}") || form.contains("name=\"csrf_token\""))
          << file.name << ": " << form;
    }
  }
}

TEST(Templates, ValuesAreEscapedAndEmptyOnesAreFalse) {
  EXPECT_THROW(render("nothing", {}), std::logic_error);
  const std::string text = render("failure", {{"text", "<&\"'>"}, {"code", ""}, {"request", ""}});
  EXPECT_NE(text.find("&lt;&amp;&quot;&apos;&gt;"), std::string::npos);
  EXPECT_EQ(text.find("request <code>"), std::string::npos);
}

}  // namespace
}  // namespace imp::web
