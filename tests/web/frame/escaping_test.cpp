#include <boost/json.hpp>

#include "registry/trust/attempt.h"
#include "web/fixture.h"

namespace imp::web {
namespace {

constexpr std::string_view kHostile = R"(<script>x</script>"'><img src=q onerror=x>{{csrf}}&amp;)";

class EscapingTest : public WebTest {
 protected:
  EscapingTest() {
    alice = person("alice");
    const std::string hostile(kHostile);
    acme = organization("acme", alice, hostile);
    widgets = project(acme, "widgets");
    const auto root = accounts::Actor::system();
    auto& ci = ci_->services();
    guard = ci.contexts.create(acme.id, hostile, root).value();
    EXPECT_TRUE(ci.restrictions.add({.context_id = guard.id,
                                     .kind = ci::RestrictionKind::expression,
                                     .value = R"(pipeline.git.branch == "<script>x</script>")",
                                     .name = {}},
                                    root));
    EXPECT_TRUE(ci.definitions.create(widgets.id, hostile, hostile, "x.yml", root));
    EXPECT_TRUE(accounts_->people.change_profile(alice, {.fullname = hostile}, root));
    publish("@acme/lib", "1.0.0", alice,
            {{"description", hostile},
             {"license", hostile},
             {"homepage", "javascript:alert(1)"},
             {"repository", boost::json::object{{"url", "data:text/html,x"}}},
             {"scripts", boost::json::object{{hostile, hostile}}}},
            hostile);
    clock_.advance(Milliseconds(1));  // since the package is there
    const auto recorded =
        registry_->services().database.write([&](db::Session& session) -> Result<void> {
          trust::record_attempt(
              session,
              {.id = "11111111-2222-4333-8444-555555555555",
               .package_name = "@acme/lib",
               .at = clock_.now(),
               .action = "exchange",
               .outcome = "claim_mismatch",
               .message = hostile,
               .publisher_id = std::nullopt,
               .issuer = hostile,
               .comparison = {boost::json::object{
                   {"publisher", hostile},
                   {"claims", boost::json::array{boost::json::object{{"claim", hostile},
                                                                     {"expected", hostile},
                                                                     {"received", hostile},
                                                                     {"agreed", false}}}}}},
               .remote_address = hostile});
          return {};
        });
    EXPECT_TRUE(recorded);
  }

  accounts::Person alice;
  accounts::Organization acme;
  ci::Project widgets;
  ci::Context guard;
};

TEST_F(EscapingTest, NothingThatPeopleOrTokensWroteBecomesMarkup) {
  Browser browser = signed_in("alice");
  const std::string pages[] = {"/",
                               "/?q=%3Cscript%3Ex%3C%2Fscript%3E",
                               "/org/acme",
                               "/org/acme?q=%22%3E%3Cscript%3Ex%3C%2Fscript%3E",
                               "/org/acme/packages",
                               "/org/acme/contexts",
                               "/org/acme/contexts/" + guard.id,
                               "/org/acme/people",
                               "/org/acme/settings",
                               "/pipelines/acme?branch=%22%3E%3Cscript%3Ex%3C%2Fscript%3E",
                               "/deploys/acme?environment=%22%3E%3Cscript%3Ex",
                               "/project/" + widgets.id,
                               "/project/" + widgets.id + "/settings",
                               "/package/@acme/lib",
                               "/package/@acme/lib/settings",
                               "/package/@acme/lib/settings/check",
                               "/package/@acme/lib/settings?watch=%22%3E%3Cscript%3Ex",
                               "/package/@acme/lib/settings/publishers/check?type=circleci&"
                               "vcs_origin=%3Cscript%3Ex%3C%2Fscript%3E/a/b",
                               "/package/@acme/lib/staged",
                               "/staged?page=%22%3E%3Cscript%3Ex",
                               "/account",
                               "/login/cli/%3Cscript%3Ex%3C%2Fscript%3E",
                               "/org/%3Cscript%3Ex%3C%2Fscript%3E"};
  for (const std::string& path : pages) {
    const Answer answer = browser.get(path);
    ASSERT_FALSE(answer.body.empty()) << path;
    EXPECT_FALSE(answer.has("<script>x")) << path;
    EXPECT_FALSE(answer.has("<img src=q")) << path;
    EXPECT_FALSE(answer.has("\"'>")) << path;
    EXPECT_FALSE(answer.has("href=\"javascript:")) << path;
    EXPECT_FALSE(answer.has("href=\"data:")) << path;
  }
  EXPECT_TRUE(browser.get("/package/@acme/lib").has("&lt;script&gt;x"));
  EXPECT_TRUE(browser.get("/package/@acme/lib/settings").has("&lt;script&gt;x"));
}

TEST_F(EscapingTest, RefusedFormsAreShownAgainWithoutMarkup) {
  Browser browser = signed_in("alice");
  const std::string hostile(kHostile);
  enable_totp(alice);
  const std::pair<std::string, Fields> forms[] = {
      {"/org", {{"name", hostile}}},
      {"/org/acme/projects", {{"project_name", hostile}, {"repository_url", hostile}}},
      {"/org/acme/contexts/" + guard.id + "/restrictions",
       {{"kind", "expression"}, {"value", hostile}}},
      {"/org/acme/contexts/" + guard.id + "/variables", {{"variable", hostile}}},
      {"/package/@acme/lib/settings/publishers",
       {{"organization_id", hostile}, {"vcs_origin", hostile}, {"context_ids", hostile}}},
  };
  for (const auto& [path, fields] : forms) {
    const Answer answer = browser.post(path, fields);
    EXPECT_GE(answer.status, 400) << path;
    EXPECT_FALSE(answer.has("<script>x")) << path;
    EXPECT_FALSE(answer.has("<img src=q")) << path;
    EXPECT_FALSE(answer.has("\"'>")) << path;
  }
}

TEST_F(EscapingTest, TemplatesInContentAreText) {
  Browser browser = signed_in("alice");
  const Answer answer = browser.get("/package/@acme/lib");
  EXPECT_TRUE(answer.has("{{csrf}}"));
}

TEST_F(EscapingTest, EveryPageForbidsWhatItDoesNotNeed) {
  Browser browser = signed_in("alice");
  for (const std::string path : {"/", "/account", "/org/nothing", "/package/@acme/lib"}) {
    const Answer answer = browser.get(path);
    const std::string policy = answer.header("content-security-policy");
    EXPECT_THAT(policy, testing::HasSubstr("default-src 'none'")) << path;
    EXPECT_THAT(policy, testing::HasSubstr("frame-ancestors 'none'")) << path;
    EXPECT_THAT(policy, testing::Not(testing::HasSubstr("unsafe"))) << path;
    EXPECT_EQ(answer.header("referrer-policy"), "same-origin") << path;
    EXPECT_EQ(answer.header("x-content-type-options"), "nosniff") << path;
    EXPECT_FALSE(answer.has(" style=")) << path;
    EXPECT_FALSE(answer.has(" onclick=")) << path;
    EXPECT_FALSE(answer.has("<style")) << path;
  }
}

TEST_F(EscapingTest, AnAddressCannotPutWordsIntoAPage) {
  Browser browser = signed_in("alice");
  EXPECT_FALSE(browser.get("/?done=Send+your+password+to+eve").has("Send your"));
  EXPECT_TRUE(browser.get("/?done=signed-out").has("You are signed out."));
}

}  // namespace
}  // namespace imp::web
