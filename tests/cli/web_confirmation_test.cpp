#include "cli/web_confirmation.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "cli/registry.h"
#include "fake_registry.h"

namespace imp::cli {
namespace {

constexpr const char* kChallenge =
    R"({"message":"one-time pass","code":"second_factor_required",
        "authUrl":"https://npm.example/login/cli/1","doneUrl":"https://npm.example/-/v1/done/2"})";

std::string header(const http::Fetch& fetch, std::string_view name) {
  const auto found =
      std::ranges::find(fetch.headers, name, &std::pair<std::string, std::string>::first);
  return found == fetch.headers.end() ? std::string() : found->second;
}

/// A registry that asks for a confirmation, and whose done address answers in turn.
struct Flow {
  explicit Flow(std::vector<http::Fetched> done, std::string challenge = kChallenge)
      : done_(std::move(done)), challenge_(std::move(challenge)) {}

  Result<http::Fetched> run(bool somebody_is_there = true) {
    WebConfirmation confirmation{.tell = somebody_is_there ? &told : nullptr,
                                 .sleep = [&](std::chrono::seconds s) { slept += s; }};
    return fetch_confirmed(registry,
                           {.method = "POST",
                            .url = "https://npm.example/x",
                            .headers = {{"authorization", "Bearer npm_x"}},
                            .body = "{}"},
                           confirmation);
  }

  std::ostringstream told;
  std::chrono::seconds slept{0};
  std::size_t polls = 0;
  test::FakeRegistry registry{[this](const http::Fetch& fetch) {
    if (fetch.url.contains("/done/")) return done_[std::min(polls++, done_.size() - 1)];
    if (header(fetch, "npm-otp") == "value") return http::Fetched{200, {}, R"({"ok":true})"};
    return http::Fetched{401, {}, challenge_};
  }};

 private:
  std::vector<http::Fetched> done_;
  std::string challenge_;
};

const http::Fetched kPending{202, {{"retry-after", "3"}}, R"({"message":"pending"})"};
const http::Fetched kDone{200, {}, R"({"token":"value"})"};

TEST(WebConfirmation, RepeatsTheRequestWithWhatTheBrowserConfirmed) {
  Flow flow({kPending, kPending, kDone});
  const auto answer = flow.run();
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->body, R"({"ok":true})");
  EXPECT_TRUE(flow.told.str().contains("https://npm.example/login/cli/1"));
  EXPECT_EQ(flow.slept, std::chrono::seconds(6));  // as the registry wishes
  ASSERT_EQ(flow.registry.asked.size(), 5u);
  EXPECT_EQ(header(flow.registry.asked.front(), "npm-auth-type"), "web");
  EXPECT_NE(header(flow.registry.asked.front(), "npm-command"), "");
  EXPECT_EQ(flow.registry.asked.back().body, "{}");
  EXPECT_EQ(flow.registry.asked.back().method, "POST");
  // The token is for the registry, not for the address that it names.
  EXPECT_EQ(header(flow.registry.asked[1], "authorization"), "");
}

TEST(WebConfirmation, IsNotAskedForWhereNobodyIsThere) {
  Flow flow({kDone});
  EXPECT_EQ(flow.run(false)->status, 401);
  ASSERT_EQ(flow.registry.asked.size(), 1u);
  EXPECT_EQ(header(flow.registry.asked.front(), "npm-auth-type"), "");
}

TEST(WebConfirmation, EndsWithTheRegistrysWords) {
  const struct {
    http::Fetched done;
    const char* code;
    const char* message;
  } rows[] = {
      {{403, {}, R"({"message":"It was denied.","code":"flow_denied"})"},
       "registry_refused",
       "It was denied."},
      {{410, {}, R"({"message":"Too late."})"}, "registry_refused", "Too late."},
      {{500, {}, "oops"}, "registry_refused", "https://npm.example/-/v1/done/2 answered 500."},
      {{200, {}, "{}"}, "registry_refused", "The confirmation in the browser came to nothing."},
      // It never ends: it is given up.
      {kPending, "registry_refused", "The confirmation in the browser came to nothing."}};
  for (const auto& row : rows) {
    Flow flow({row.done});
    const auto answer = flow.run();
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code(), row.code);
    EXPECT_EQ(answer.error().message, row.message);
  }
}

TEST(WebConfirmation, LeavesOtherAnswersAlone) {
  EXPECT_EQ(Flow({kDone}, R"({"code":"not_signed_in"})").run()->status, 401);
  EXPECT_EQ(Flow({kDone}, "not JSON").run()->status, 401);
  EXPECT_EQ(Flow({kDone}, R"({"authUrl":"file:///etc/passwd","doneUrl":"gopher://x"})")
                .run()
                .error()
                .code(),
            "answer_unusable");
}

TEST(WebConfirmation, IsWhatNpmsConfigurationSays) {
  const auto says = [](std::optional<std::string> value) {
    return WebConfirmation::at_terminal([value](std::string_view name) {
             return name == "npm_config_auth_type" ? value : std::optional<std::string>();
           }).tell != nullptr;
  };
  EXPECT_TRUE(says("web"));
  EXPECT_FALSE(says("legacy"));
}

TEST(Registry, AsksInTheBrowserUnlessACodeWasGiven) {
  const Environment web = [](std::string_view name) -> std::optional<std::string> {
    if (name == "npm_config_auth_type") return "web";
    return std::nullopt;
  };
  for (const std::string otp : {"", "123456"}) {
    auto fake = std::make_shared<test::FakeRegistry>(
        [](const http::Fetch&) { return http::Fetched{200, {}, "{}"}; });
    Registry registry = Registry::open({.registry = "https://npm.example", .otp = otp}, web, fake);
    ASSERT_TRUE(registry.ask("GET", "/x"));
    EXPECT_EQ(fake->sent("npm-auth-type"), otp.empty() ? "web" : "");
  }
}

}  // namespace
}  // namespace imp::cli
