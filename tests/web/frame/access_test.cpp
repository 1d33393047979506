#include <regex>

#include "web/fixture.h"

namespace imp::web {
namespace {

/// Everything that exists, one page each; {…} are filled in below.
class AccessTest : public WebTest {
 protected:
  AccessTest() {
    alice = person("alice");
    mallory = person("mallory");
    acme = organization("acme", alice);
    organization("evil", mallory);
    widgets = project(acme, "widgets");
    guard = ci_->services().contexts.create(acme.id, "guard", accounts::Actor::system()).value();
    publish("@acme/secret", "1.0.0", alice, {{"description", "hush"}}, "# private readme",
            registry::Access::restricted);
    publish("open", "1.0.0", alice, {{"description", "for all"}});
  }

  std::vector<std::string> member_pages() const {
    return {"/org/acme",
            "/org/acme/packages",
            "/org/acme/contexts",
            "/org/acme/contexts/" + guard.id,
            "/org/acme/people",
            "/org/acme/settings",
            "/pipelines/acme",
            "/deploys/acme",
            "/project/" + widgets.id,
            "/project/" + widgets.id + "/settings",
            "/package/@acme/secret/settings",
            "/package/@acme/secret/staged"};
  }

  accounts::Person alice, mallory;
  accounts::Organization acme;
  ci::Project widgets;
  ci::Context guard;
};

TEST_F(AccessTest, StrangersAreSentToSignInAndBack) {
  Browser stranger{*this};
  auto pages = member_pages();
  for (const std::string path : {"/account", "/account/second-factor", "/login/cli/x", "/staged"}) {
    pages.push_back(path);
  }
  for (const std::string& path : pages) {
    const Answer answer = stranger.get(path);
    EXPECT_EQ(answer.status, 303) << path;
    EXPECT_TRUE(answer.header("location").starts_with("/login?next=%2F")) << path;
    EXPECT_EQ(answer.body, "") << path;
  }
}

TEST_F(AccessTest, WhoseSessionEndedComesBackToTheForm) {
  const std::string url(kPublicUrl);
  const std::pair<std::string, std::string> cases[] = {
      {url + "/org/acme/people?x=1", "%2Forg%2Facme%2Fpeople%3Fx%3D1"},
      {"", "%2F"},
      {"https://evil.example/org/acme", "%2F"},
      {url + ".evil.example/x", "%2F"},
      {url + "//evil.example/x", "%2F"},
  };
  for (const auto& [referrer, next] : cases) {
    const Answer answer = Browser{*this}.post("/org/acme/people", {}, {{"Referer", referrer}});
    EXPECT_EQ(answer.header("location"), "/login?next=" + next) << referrer;
  }
}

TEST_F(AccessTest, MembersSeeThePages) {
  Browser member = signed_in("alice");
  for (const std::string& path : member_pages()) {
    EXPECT_EQ(member.get(path).status, 200) << path;
  }
}

TEST_F(AccessTest, OtherPeopleSeeNothingOfThem) {
  Browser outsider = signed_in("mallory");
  for (const std::string& path : member_pages()) {
    const Answer answer = outsider.get(path);
    EXPECT_TRUE(answer.status == 404 || answer.status == 403) << path << " " << answer.status;
    for (const std::string_view secret : {"guard", "widgets", "hush"}) {
      EXPECT_FALSE(answer.has(secret)) << path;
    }
  }
}

TEST_F(AccessTest, WhatIsHiddenLooksLikeWhatIsAbsent) {
  Browser outsider = signed_in("mallory");
  const std::string nothing = "11111111-2222-4333-8444-555555555555";
  const std::pair<std::string, std::string> pairs[] = {
      {"/org/acme", "/org/nothing"},
      {"/project/" + widgets.id + "/settings", "/project/" + nothing + "/settings"},
      {"/org/acme/contexts/" + guard.id, "/org/acme/contexts/" + nothing},
      {"/workflow/" + nothing, "/workflow/x"},
      {"/job/" + nothing, "/job/x"},
  };
  for (const auto& [hidden, absent] : pairs) {
    const Answer first = outsider.get(hidden), second = outsider.get(absent);
    EXPECT_EQ(first.status, second.status) << hidden;
    EXPECT_EQ(first.body, second.body) << hidden;
  }
  // The name is in the sentence; nothing else may differ.
  const Answer secret = outsider.get("/package/@acme/secret");
  EXPECT_EQ(secret.status, 404);
  EXPECT_FALSE(secret.has("hush"));
}

TEST_F(AccessTest, PublicPackagesAreForEverybodyAndTheirSettingsAreNot) {
  Browser stranger{*this};
  EXPECT_EQ(stranger.get("/package/open").status, 200);
  EXPECT_EQ(stranger.get("/package/@acme/secret").status, 404);
  Browser outsider = signed_in("mallory");
  EXPECT_EQ(outsider.get("/package/open").status, 200);
  EXPECT_EQ(outsider.get("/package/open/settings").status, 403);
  EXPECT_FALSE(outsider.get("/package/open").has("/package/open/settings"));
  EXPECT_TRUE(signed_in("alice").get("/package/open").has("/package/open/settings"));
}

TEST_F(AccessTest, TheListOfPackagesHidesRestrictedOnes) {
  EXPECT_FALSE((Browser{*this}.get("/?q=secret").has("@acme/secret")));
  EXPECT_FALSE(signed_in("mallory").get("/?q=secret").has("@acme/secret"));
  EXPECT_TRUE(signed_in("alice").get("/?q=secret").has("@acme/secret"));
}

TEST_F(AccessTest, WhatSomebodyIsAskedToConfirmIsForTheirEyesAlone) {
  enable_totp(alice);
  const auto flow =
      accounts_->web_flows
          .start_confirmation(alice, {.action = "stage.approve", .subject = "@acme/secret"},
                              request(http::Method::post, "/"))
          .value();
  EXPECT_TRUE(signed_in("alice").get("/login/cli/" + flow.id).has("@acme/secret"));
  const Answer other = signed_in("mallory").get("/login/cli/" + flow.id);
  EXPECT_EQ(other.status, 403);
  EXPECT_FALSE(other.has("@acme/secret"));
}

TEST_F(AccessTest, OnlyBrowserSessionsCount) {
  accounts::NewToken wanted;
  wanted.kind = accounts::TokenKind::personal;
  wanted.reach = accounts::full_reach();
  const std::string token =
      accounts_->tokens.create(alice, wanted, accounts::Actor::system()).value().token;
  // A browser adds Basic credentials by itself once it knows them, also to another site's form.
  const std::string basic = "Basic " + base64(bytes_of("alice:" + token));
  for (const std::string& credential : {"Bearer " + token, basic}) {
    Browser client{*this};
    EXPECT_EQ(client.get("/account", {{"Authorization", credential}}).status, 303);
    const Answer sent = client.post("/org", {{"name", "mine"}}, {{"Authorization", credential}});
    EXPECT_EQ(sent.status, 303);
    EXPECT_TRUE(sent.header("location").starts_with("/login"));
  }
  EXPECT_FALSE(accounts_->organizations.by_name("mine"));
}

TEST_F(AccessTest, MembersWhoAreNotAdminsChangeNothing) {
  const auto bob = person("bob");
  ASSERT_TRUE(accounts_->organizations.set_member(acme, bob, accounts::Role::member,
                                                  accounts::Actor::system()));
  Browser member = signed_in("bob");
  const std::string settings = "/project/" + widgets.id + "/settings";
  const std::pair<std::string, Fields> forms[] = {
      {"/org/acme/projects", {{"project_name", "other"}}},
      {"/org/acme/settings", {{"display_name", "Bob's"}}},
      {"/org/acme/people", {{"person", "bob"}, {"role", "admin"}}},
      {"/org/acme/groups", {{"group", "mine"}}},
      {"/org/acme/contexts/" + guard.id + "/restrictions",
       {{"kind", "expression"}, {"value", "true"}}},
      {"/org/acme/contexts/" + guard.id + "/restrictions/remove", {{"restriction", acme.id}}},
      {settings + "/variables", {{"variable", "A"}, {"value", "b"}}},
      {settings + "/definitions", {{"definition_name", "x"}, {"config_path", "x.yml"}}},
      {settings + "/advanced", {{"pass_secrets_to_forks", "on"}}},
  };
  for (const auto& [path, fields] : forms) {
    EXPECT_EQ(member.post(path, fields).status, 403) << path;
  }
  EXPECT_FALSE(ci_->services().projects.find(widgets.id)->settings.pass_secrets_to_forks);
  EXPECT_EQ(ci_->services().restrictions.list(guard.id)->size(), 1u);
}

// No page leads to one that refuses.
TEST_F(AccessTest, TabsAreThoseThatTheVisitorMayOpen) {
  publish("@acme/tabs", "1.0.0", alice);
  const auto bob = person("bob");
  ASSERT_TRUE(accounts_->organizations.set_member(acme, bob, accounts::Role::member,
                                                  accounts::Actor::system()));
  person("root", true);
  for (const std::string name : {"alice", "bob", "root"}) {
    Browser browser = signed_in(name);
    for (const std::string from : {"/org/acme", "/org/acme/settings", "/package/@acme/tabs"}) {
      const std::string page = browser.get(from).body;
      static const std::regex link("href=\"(/(?:org|package|pipelines|deploys)/[^\"]*)\"");
      for (std::sregex_iterator it(page.begin(), page.end(), link), end; it != end; ++it) {
        EXPECT_EQ(browser.get((*it)[1].str()).status, 200)
            << name << " at " << from << ": " << (*it)[1].str();
      }
    }
  }
  EXPECT_TRUE(signed_in("alice").get("/org/acme").has("/org/acme/publishers"));
  EXPECT_FALSE(signed_in("bob").get("/org/acme").has("/org/acme/hooks"));
  EXPECT_FALSE(signed_in("bob").get("/package/@acme/tabs").has("/package/@acme/tabs/settings"));
  EXPECT_TRUE(signed_in("bob").get("/package/@acme/tabs").has("/package/@acme/tabs/staged"));
  EXPECT_TRUE(signed_in("bob").get("/package/@acme/tabs").has("href=\"/org/acme\""));
}

}  // namespace
}  // namespace imp::web
