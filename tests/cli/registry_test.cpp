#include "cli/registry.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <fstream>
#include <map>

#include "db/temporary_directory.h"
#include "fake_registry.h"

namespace imp::cli {
namespace {

Environment with(std::map<std::string, std::string, std::less<>> variables) {
  return [variables](std::string_view name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    return found == variables.end() ? std::nullopt : std::optional(found->second);
  };
}

TEST(Registry, AsksWithTokenAndCode) {
  auto fake = std::make_shared<test::FakeRegistry>(
      [](const http::Fetch&) { return http::Fetched{200, {}, R"({"ok":true})"}; });
  Registry registry = Registry::open({.registry = "https://npm.example//", .otp = "123456"},
                                     with({{"IMPRIMATUR_TOKEN", "npm_x"}}), fake);
  EXPECT_TRUE(registry.needs_token());
  const auto answer = registry.ask("POST", trust_path("@acme/lib"), boost::json::object{{"a", 1}});
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->document, boost::json::parse(R"({"ok":true})"));
  EXPECT_EQ(fake->asked.back().url, "https://npm.example/-/package/%40acme%2Flib/trust");
  EXPECT_EQ(fake->asked.back().body, R"({"a":1})");
  EXPECT_EQ(fake->sent("authorization"), "Bearer npm_x");
  EXPECT_EQ(fake->sent("npm-otp"), "123456");
}

// A checkout of a stranger's branch says where its registry is. npm's own tokens are bound to their
// hosts; these are not.
TEST(Registry, TheProjectsNpmrcGetsNoTokenOfTheEnvironment) {
  imp::test::TemporaryDirectory project, home;
  const auto fake = std::make_shared<test::FakeRegistry>(
      [](const http::Fetch&) { return http::Fetched{200, {}, "{}"}; });
  const struct {
    const char* why;
    const char* project;
    const char* person;
    std::map<std::string, std::string, std::less<>> variables;
    RegistryOptions options;
    std::optional<std::string> sent;  // "token otp"; nothing: nobody is asked
  } cases[] = {
      {"the token", "", "", {{"IMPRIMATUR_TOKEN", "npm_mine"}}, {}, std::nullopt},
      {"the code",
       "//evil.example/:_authToken=npm_theirs\n",
       "",
       {},
       {.otp = "123456"},
       std::nullopt},
      {"the token, by name",
       "//evil.example/:_authToken=${IMPRIMATUR_TOKEN}\n",
       "",
       {{"IMPRIMATUR_TOKEN", "npm_mine"}},
       {},
       "${IMPRIMATUR_TOKEN} "},
      {"its own token",
       "//evil.example/:_authToken=npm_theirs\n",
       "",
       {{"IMPRIMATUR_TOKEN", "npm_mine"}},
       {},
       "npm_theirs "},
      {"nothing to send", "", "", {}, {}, " "},
      {"they chose it: the option",
       "",
       "",
       {{"IMPRIMATUR_TOKEN", "npm_mine"}},
       {.registry = "https://evil.example", .otp = "123456"},
       "npm_mine 123456"},
      {"they chose it: a variable",
       "",
       "",
       {{"IMPRIMATUR_TOKEN", "npm_mine"}, {"npm_config_registry", "https://evil.example/"}},
       {.otp = "123456"},
       "npm_mine 123456"},
      {"they chose it: their file",
       "",
       "registry=https://evil.example\n",
       {{"IMPRIMATUR_TOKEN", "npm_mine"}},
       {.otp = "123456"},
       "npm_mine 123456"},
      {"they are signed in there",
       "",
       "//evil.example/:_authToken=npm_there\n",
       {},
       {.otp = "123456"},
       "npm_there 123456"},
  };
  for (auto each : cases) {
    SCOPED_TRACE(each.why);
    std::ofstream(project.path() / ".npmrc") << "registry=https://evil.example/\n" << each.project;
    std::ofstream(home.path() / ".npmrc") << each.person;
    each.variables["HOME"] = home.path();
    each.options.directory = project.path();
    fake->asked.clear();
    Registry registry = Registry::open(each.options, with(each.variables), fake);
    const auto answer = registry.ask("GET", "/x");
    if (!each.sent) {
      EXPECT_EQ(answer.error().code(), "registry_not_chosen");
      EXPECT_TRUE(answer.error().message.contains((project.path() / ".npmrc").string()));
      EXPECT_EQ(registry.needs_token().error().code(), "registry_not_chosen");
      EXPECT_EQ(registry.may_be_given_credentials().error().code(), "registry_not_chosen");
      EXPECT_TRUE(fake->asked.empty());
      continue;
    }
    ASSERT_TRUE(answer) << answer.error().message;
    const std::string token = fake->sent("authorization");
    EXPECT_EQ((token.empty() ? token : token.substr(7)) + " " + fake->sent("npm-otp"), *each.sent);
  }
}

// At home there is no project: what would be its file is the person's.
TEST(Registry, APersonsFileIsTheirsWhereverTheyStand) {
  imp::test::TemporaryDirectory home;
  std::ofstream(home.path() / ".npmrc") << "registry=https://npm.example/\n";
  const auto fake = std::make_shared<test::FakeRegistry>(
      [](const http::Fetch&) { return http::Fetched{200, {}, "{}"}; });
  Registry registry =
      Registry::open({.directory = home.path()},
                     with({{"HOME", home.path()}, {"IMPRIMATUR_TOKEN", "npm_mine"}}), fake);
  ASSERT_TRUE(registry.ask("GET", "/x"));
  EXPECT_EQ(fake->sent("authorization"), "Bearer npm_mine");
}

TEST(Registry, AsksWithoutATokenWhenThereIsNone) {
  auto fake = std::make_shared<test::FakeRegistry>(
      [](const http::Fetch&) { return http::Fetched{204, {}, ""}; });
  Registry registry = Registry::open({.registry = "https://npm.example"}, with({}), fake);
  EXPECT_EQ(registry.needs_token().error().code(), "no_credential");
  EXPECT_TRUE(registry.ask("GET", "/-/ping"));
  EXPECT_EQ(fake->sent("authorization"), "");
}

// What the client says names no server, and who mistyped an address should see it.
TEST(Registry, SaysWhichRegistryIsAway) {
  auto fake = std::make_shared<test::FakeRegistry>([](const http::Fetch&) -> Result<http::Fetched> {
    return refuse(http::FetchRefusal::unreachable, "Nobody is there.", "curl's words");
  });
  const auto said = [&](RegistryOptions options) {
    const auto answer = Registry::open(options, with({}), fake).ask("GET", "/x");
    EXPECT_TRUE(may_pass(answer.error()));
    EXPECT_EQ(answer.error().detail, "curl's words");
    return answer.error().message;
  };
  imp::test::TemporaryDirectory empty;
  EXPECT_EQ(said({.registry = "https://npm.example"}),
            "Nobody is there. Is https://npm.example the registry's address, and does it run? "
            "--registry names another.");
  EXPECT_EQ(said({.directory = empty.path().string()}),
            "Nobody is there. No registry is configured, so http://localhost:4873 was asked: name "
            "yours with --registry, or `npm config set registry URL`.");
}

TEST(Registry, AsksNothingAtWhatIsNoAddress) {
  auto fake = std::make_shared<test::FakeRegistry>(
      [](const http::Fetch&) { return http::Fetched{200, {}, "{}"}; });
  for (const char* address : {"npm.example", "localhost:4873", "ftp://npm.example", "https://"}) {
    const Registry registry =
        Registry::open({.registry = address}, with({{"IMPRIMATUR_TOKEN", "npm_x"}}), fake);
    for (const auto& failure :
         {registry.needs_token().error(), registry.ask("GET", "/x").error()}) {
      EXPECT_EQ(failure.code(), "unusable_argument") << address;
      EXPECT_TRUE(failure.message.contains("begins with http:// or https://")) << failure.message;
    }
  }
  EXPECT_TRUE(fake->asked.empty());
}

TEST(Registry, SaysWhereATokenThatIsNoGoodCameFrom) {
  auto fake = std::make_shared<test::FakeRegistry>([](const http::Fetch&) {
    return http::Fetched{401, {}, R"({"message":"It is unknown.","code":"credential_invalid"})"};
  });
  imp::test::TemporaryDirectory home;
  const std::string file = (home.path() / ".npmrc").string();
  std::ofstream(file) << "//npm.example/:_authToken=npm_y\n";
  const auto said = [&](std::map<std::string, std::string, std::less<>> variables) {
    return Registry::open({.registry = "https://npm.example"}, with(std::move(variables)), fake)
        .ask("GET", "/x")
        .error()
        .message;
  };
  EXPECT_EQ(said({{"IMPRIMATUR_TOKEN", "npm_x"}}),
            "It is unknown. The token is that of IMPRIMATUR_TOKEN.");
  EXPECT_EQ(said({{"npm_config_userconfig", file}}),
            "It is unknown. The token is that of npm's configuration.");
}

TEST(Registry, PassesOnWhatTheRegistrySays) {
  const struct {
    int status;
    const char* body;
    const char* code;
    const char* message;
    const char* detail;
  } cases[] = {
      {403, R"({"message":"No.","code":"no","help":"/-/docs/x#y"})", "registry_refused", "No.",
       "no: https://npm.example/-/docs/x#y"},
      {401, R"({"message":"Code?","code":"second_factor_required"})", "registry_refused",
       "Code? Give it with --otp.", "second_factor_required"},
      {401, R"({"message":"Again with --otp=<code>.","code":"second_factor_required"})",
       "registry_refused", "Again with --otp=<code>.", "second_factor_required"},
      {500, "", "registry_unavailable", "https://npm.example/x answered 500.", ""},
      {502, "<html>", "registry_unavailable", "https://npm.example/x answered 502.", ""},
      {503, R"({"message":"Busy.","code":"review_busy"})", "registry_unavailable", "Busy.",
       "review_busy"},
      {429, R"({"message":"Slower.","code":"too_many_attempts"})", "registry_unavailable",
       "Slower.", "too_many_attempts"},
      {404, "<html>", "answer_unusable", nullptr, ""},
      {403, R"({"message":"No.\u001b[2J\nimprimatur: yes","code":"no"})", "registry_refused",
       "No.<U+001B>[2J<U+000A>imprimatur: yes", "no"},
      {200, "<html>", "answer_unusable", nullptr, ""},
  };
  for (const auto& each : cases) {
    auto fake = std::make_shared<test::FakeRegistry>(
        [&](const http::Fetch&) { return http::Fetched{each.status, {}, each.body}; });
    Registry registry = Registry::open({.registry = "https://npm.example"}, with({}), fake);
    const auto answer = registry.ask("GET", "/x");
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code(), each.code);
    EXPECT_EQ(may_pass(answer.error()), answer.error().code() == "registry_unavailable");
    if (each.message) {
      EXPECT_EQ(answer.error().message, each.message);
      EXPECT_EQ(answer.error().detail, each.detail);
    }
  }
}

TEST(Registry, SendsWhatIsNoJson) {
  auto fake = std::make_shared<test::FakeRegistry>(
      [](const http::Fetch&) { return http::Fetched{200, {}, "text"}; });
  const Registry registry = Registry::open({.registry = "https://npm.example"},
                                           with({{"npm_config_userconfig", "/nowhere"}}), fake);
  const auto answer = registry.send({.headers = {{"accept", "text/plain"}}}, "/x");
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->body, "text");
  EXPECT_EQ(fake->sent("accept"), "text/plain");
}

TEST(TrustPath, IsOfAPackageOrAScope) {
  EXPECT_EQ(place_path("lib"), "/-/package/lib");
  EXPECT_EQ(trust_path("lib"), "/-/package/lib/trust");
  EXPECT_EQ(trust_path("@acme/lib"), "/-/package/%40acme%2Flib/trust");
  EXPECT_EQ(trust_path("@acme"), "/-/org/acme/trust");
}

}  // namespace
}  // namespace imp::cli
