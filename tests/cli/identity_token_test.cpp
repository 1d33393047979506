#include "cli/identity_token.h"

#include <gtest/gtest.h>

#include <map>

#include "cli/refusal.h"
#include "fake_registry.h"

namespace imp::cli {
namespace {

using Variables = std::map<std::string, std::string, std::less<>>;

Environment with(Variables variables) {
  return [variables](std::string_view name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    return found == variables.end() ? std::nullopt : std::optional(found->second);
  };
}

struct Job {
  explicit Job(Variables variables) : environment(with(std::move(variables))) {}

  Result<std::string> fetch(const std::string& audience = "npm:npm.example") {
    return fetch_identity_token(
        environment, github,
        [&](const std::string& line) -> Result<std::string> {
          commands.push_back(line);
          return printed;
        },
        audience);
  }

  Environment environment;
  std::string printed = "a.b.c\n";
  http::Fetched answer{200, {}, R"({"value":"d.e.f"})"};
  std::vector<std::string> commands;
  test::FakeRegistry github{[this](const http::Fetch&) { return answer; }};
};

TEST(IdentityToken, OfCircleCiAndOfOwnPipelinesComesFromTheJobsTool) {
  Job job({{"CIRCLECI", "true"}});
  EXPECT_EQ(job.fetch().value(), "a.b.c");
  EXPECT_EQ(job.commands, std::vector<std::string>{
                              R"(circleci run oidc get --claims '{"aud": "npm:npm.example"}')"});
  job.printed = "\n";
  EXPECT_EQ(job.fetch().error().code(), "no_identity_token");
}

// Whatever an address says goes to a shell.
TEST(IdentityToken, AudiencesThatAShellWouldReadAreRefused) {
  Job job({{"CIRCLECI", "true"}});
  for (const char* audience :
       {"", "npm:x'; id; '", "npm:x\"}", "npm:$(id)", "npm:a b", "npm:x\n"}) {
    EXPECT_EQ(job.fetch(audience).error().code(), "unusable_argument") << audience;
  }
  EXPECT_TRUE(job.commands.empty());
}

TEST(IdentityToken, OfGitHubComesFromTheAddressOfTheJob) {
  Job job({{"GITHUB_ACTIONS", "true"},
           {"ACTIONS_ID_TOKEN_REQUEST_URL", "https://ci.example/token?v=2"},
           {"ACTIONS_ID_TOKEN_REQUEST_TOKEN", "s3"}});
  EXPECT_EQ(job.fetch().value(), "d.e.f");
  EXPECT_EQ(job.github.asked.back().url, "https://ci.example/token?v=2&audience=npm%3Anpm.example");
  EXPECT_EQ(job.github.sent("authorization"), "Bearer s3");
  for (const http::Fetched& bad : {http::Fetched{403, {}, "{}"}, http::Fetched{200, {}, "<html>"},
                                   http::Fetched{200, {}, R"({"value":1})"}}) {
    job.answer = bad;
    EXPECT_EQ(job.fetch().error().code(), "no_identity_token");
  }
}

TEST(IdentityToken, SaysWhatTheJobLacks) {
  const struct {
    Variables variables;
    const char* says;
  } rows[] = {
      {{{"GITHUB_ACTIONS", "true"}}, "id-token: write"},
      {{{"GITLAB_CI", "true"}}, "id_tokens:\n    NPM_ID_TOKEN:\n      aud: \"npm:npm.example\""},
      {{}, "--token-file"}};
  for (const auto& row : rows) {
    const auto token = Job(row.variables).fetch();
    ASSERT_FALSE(token);
    EXPECT_EQ(token.error().code(), "no_identity_token");
    EXPECT_TRUE(token.error().message.contains(row.says)) << token.error().message;
  }
  EXPECT_EQ(Job({{"GITLAB_CI", "true"}, {"NPM_ID_TOKEN", "x"}}).fetch().value(), "x");
}

TEST(IdentityToken, AudienceIsTheRegistrysHost) {
  EXPECT_EQ(audience_of("https://npm.example:8443/path").value(), "npm:npm.example");
  EXPECT_EQ(audience_of("http://localhost:4873").value(), "npm:localhost");
  EXPECT_EQ(audience_of("npm.example").error().code(), "unusable_argument");
}

TEST(IdentityToken, OfAProgramIsItsOutput) {
  EXPECT_EQ(run_in_shell("printf x.y.z").value(), "x.y.z");
  EXPECT_EQ(run_in_shell("exit 3").error().code(), "no_identity_token");
}

}  // namespace
}  // namespace imp::cli
