#include "web/fixture.h"

namespace imp::web {
namespace {

class ContextPagesTest : public WebTest {
 protected:
  ContextPagesTest() {
    alice = person("alice");
    acme = organization("acme", alice);
    widgets = project(acme, "widgets");
  }
  accounts::Person alice;
  accounts::Organization acme;
  ci::Project widgets;
};

TEST_F(ContextPagesTest, FromNothingToAGuardedContext) {
  Browser browser = signed_in("alice");
  const Answer made = browser.post("/org/acme/contexts", {{"context", "guard"}});
  const std::string path = made.header("location").substr(0, made.header("location").find('?'));
  const Answer page = browser.get(path);
  EXPECT_TRUE(page.has("Context ID"));
  EXPECT_TRUE(page.has("All members"));

  EXPECT_EQ(
      browser.post(path + "/variables", {{"variable", "KEY"}, {"value", " s3cret-value "}}).status,
      303);
  EXPECT_FALSE(browser.get(path).has("s3cret"));
  EXPECT_TRUE(browser.get(path).has("xxxx"));

  const Answer wrong =
      browser.post(path + "/restrictions",
                   {{"kind", "expression"}, {"value", "pipeline.git.branch = \"main\""}});
  EXPECT_EQ(wrong.status, 400);
  EXPECT_TRUE(wrong.has("<pre>"));  // the position is below the character
  EXPECT_TRUE(wrong.has("                    ^"));
  EXPECT_TRUE(wrong.has("value=\"pipeline.git.branch = &quot;main&quot;\""));

  for (const auto& [kind, value] : {std::pair<std::string, std::string>{"project", widgets.id},
                                    {"expression", "not job.ssh.enabled"}}) {
    EXPECT_EQ(browser.post(path + "/restrictions", {{"kind", kind}, {"value", value}}).status, 303);
  }
  EXPECT_TRUE(browser.get(path).has("widgets"));
  EXPECT_EQ(browser.post(path + "/restrictions/remove", {{"restriction", acme.id}}).status, 303);
  EXPECT_EQ(browser.post(path + "/variables/remove", {{"variable", "KEY"}}).status, 303);
  EXPECT_FALSE(browser.get(path).has("<code>KEY</code>"));
  EXPECT_EQ(browser.post(path + "/delete").header("location"), "/org/acme/contexts?done=removed");
  EXPECT_EQ(browser.get(path).status, 403);
}

TEST_F(ContextPagesTest, ProjectsAndGroupsOfOthersCannotBeNamed) {
  const auto mallory = person("mallory");
  const auto evil = organization("evil", mallory);
  const auto theirs = project(evil, "theirs");
  Browser browser = signed_in("alice");
  const std::string path =
      browser.post("/org/acme/contexts", {{"context", "guard"}}).header("location");
  const std::string form = path.substr(0, path.find('?')) + "/restrictions";
  EXPECT_EQ(browser.post(form, {{"kind", "project"}, {"value", theirs.id}}).status, 400);
  EXPECT_EQ(browser.post(form, {{"kind", "group"}, {"value", evil.id}}).status, 400);
  EXPECT_EQ(browser.post(form, {{"kind", "person"}, {"value", alice.id}}).status, 400);
}

TEST_F(ContextPagesTest, TheWayBackIsNotMadeOfWhatTheAddressSays) {
  Browser browser = signed_in("alice");
  const std::string made =
      browser.post("/org/acme/contexts", {{"context", "guard"}}).header("location");
  const std::string id = made.substr(made.rfind('/') + 1, 36);
  const Answer answer = browser.post("/org/a%0d%0aset-cookie:%20x/contexts/" + id + "/variables",
                                     {{"variable", "KEY"}, {"value", "v"}});
  EXPECT_EQ(answer.header("location").find_first_of("\r\n"), std::string::npos);
}

}  // namespace
}  // namespace imp::web
