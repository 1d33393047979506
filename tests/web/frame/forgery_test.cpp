#include "web/fixture.h"

namespace imp::web {
namespace {

using ForgeryTest = WebTest;

/// Every form that needs a session.
std::vector<std::string> forms(const std::string& project, const std::string& context) {
  const std::string settings = "/project/" + project + "/settings";
  const std::string guard = "/org/acme/contexts/" + context;
  const std::string id = "11111111-2222-4333-8444-555555555555";
  return {"/org",
          "/org/acme/projects",
          "/org/acme/settings",
          "/org/acme/people",
          "/org/acme/people/remove",
          "/org/acme/groups",
          "/org/acme/groups/" + id + "/delete",
          "/org/acme/contexts",
          guard + "/variables",
          guard + "/variables/remove",
          guard + "/restrictions",
          guard + "/restrictions/remove",
          guard + "/delete",
          settings + "/definitions",
          settings + "/definitions/change",
          settings + "/definitions/remove",
          settings + "/variables",
          settings + "/variables/remove",
          settings + "/advanced",
          "/project/" + project + "/run",
          "/package/lib/settings/publishers",
          "/package/lib/settings/publishers/remove",
          "/package/lib/settings/publishers/keep",
          "/package/lib/settings/publishers/restore",
          "/package/lib/settings/switches",
          "/package/lib/settings/check",
          "/package/lib/staged/policy",
          "/package/lib/staged/" + id,
          "/package/lib/hooks",
          "/package/lib/hooks/change",
          "/package/lib/hooks/remove",
          "/package/lib/hooks/redeliver",
          "/org/acme/hooks",
          "/org/acme/hooks/change",
          "/org/acme/hooks/remove",
          "/org/acme/hooks/redeliver",
          "/org/acme/releases",
          "/org/acme/publishers",
          "/org/acme/publishers/remove",
          "/org/acme/publishers/keep",
          "/org/acme/publishers/restore",
          "/org/acme/publishers/switches",
          "/account/passkeys",
          "/account/passkeys/new",
          "/account/passkeys/" + id + "/remove",
          "/account/second-factor/remove",
          "/account/profile",
          "/account/password",
          "/account/second-factor/begin",
          "/account/second-factor/confirm",
          "/account/second-factor/recovery-codes",
          "/account/second-factor/disable",
          "/account/tokens",
          "/account/tokens/" + id + "/revoke",
          "/account/sessions/" + id + "/end",
          "/login/cli/x",
          "/logout",
          "/workflow/" + id + "/approve",
          "/workflow/" + id + "/cancel",
          "/workflow/" + id + "/rerun",
          "/job/" + id + "/cancel"};
}

TEST_F(ForgeryTest, NoFormWorksWithoutTheSessionsToken) {
  const auto alice = person("alice");
  const auto acme = organization("acme", alice);
  const auto widgets = project(acme, "widgets");
  const auto guard =
      ci_->services().contexts.create(acme.id, "guard", accounts::Actor::system()).value();
  publish("lib", "1.0.0", alice);
  const auto changes = [&] {
    // Signing in is what the test itself does.
    return count(
        "SELECT COUNT(*) FROM audit_records WHERE outcome = 'granted' AND action <> "
        "'sign_in'");
  };
  const auto before = changes();
  for (const std::string& path : forms(widgets.id, guard.id)) {
    for (const std::string& token : {std::string(), std::string("x"), signed_in("alice").csrf}) {
      Browser browser = signed_in("alice");
      browser.csrf = token;  // the last one is another session's
      const Answer answer = browser.post(path, {{"name", "forged"}, {"display_name", "forged"}});
      EXPECT_EQ(answer.status, 403) << path;
      EXPECT_TRUE(answer.has("csrf_failed")) << path;
    }
  }
  EXPECT_EQ(changes(), before);
  EXPECT_FALSE(accounts_->organizations.by_name("forged"));
}

TEST_F(ForgeryTest, EveryPathOfAFormIsOne) {
  // A path that is misspelt above would pass for guarded.
  const std::string id = "11111111-2222-4333-8444-555555555555";
  for (const std::string& path : forms(id, id)) {
    auto wanted = request(http::Method::post, path);
    EXPECT_TRUE(router_.match(wanted).route) << path;
  }
}

TEST_F(ForgeryTest, FormsWithoutASessionMustComeFromThisServer) {
  person("alice");
  const struct {
    std::string origin, site;
    int status;
  } cases[] = {
      {std::string(kPublicUrl), "same-origin", 303},
      {"", "", 303},  // no browser: nothing that could be tricked
      {"https://evil.example", "cross-site", 403},
      {"https://evil.example", "", 403},
      {std::string(kPublicUrl), "same-site", 403},  // a neighbour on another port
      {"null", "cross-site", 403},
      {std::string(kPublicUrl) + "0", "", 403},
  };
  for (const auto& [origin, site, status] : cases) {
    http::Headers headers{{"Content-Type", "application/x-www-form-urlencoded"}};
    if (!origin.empty()) headers.emplace_back("Origin", origin);
    if (!site.empty()) headers.emplace_back("Sec-Fetch-Site", site);
    const Answer answer = answer_to(request(http::Method::post, "/login", headers,
                                            "name=alice&password=correct%20horse%20battery"));
    EXPECT_EQ(answer.status, status) << origin << " " << site;
    EXPECT_EQ(answer.header("set-cookie").empty(), status != 303) << origin << " " << site;
  }
}

}  // namespace
}  // namespace imp::web
