#include "ci/api/fixture.h"

namespace imp::ci {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

class ProjectApiTest : public ApiTest {
 protected:
  const Project widgets = project(acme, "widgets");
  const Project theirs = project(others, "secret");
  const std::string path = "/api/v2/project/circleci/acme/widgets";
  const std::string definitions = "/api/v2/projects/" + widgets.id + "/pipeline-definitions";
};

TEST_F(ProjectApiTest, ShownToMembersBySlug) {
  const Answer shown = get(path, bob);
  EXPECT_EQ(shown.status, 200);
  EXPECT_EQ(shown.at("id"), widgets.id);
  EXPECT_EQ(shown.at("slug"), "circleci/acme/widgets");
  EXPECT_EQ(shown.at("organization_id"), acme.id);
  EXPECT_EQ(shown.body.at("vcs_info").at("vcs_url").as_string(), "https://github.com/acme/widgets");
  EXPECT_EQ(get("/api/v2/project/circleci/" + acme.id + "/" + widgets.id, bob).status, 200);
}

TEST_F(ProjectApiTest, HiddenFromOthers) {
  const Answer foreign = get("/api/v2/project/circleci/others/secret", bob);
  const Answer absent = get("/api/v2/project/circleci/others/nosuch", bob);
  EXPECT_EQ(foreign.status, 404);
  EXPECT_EQ(foreign.text(), absent.text());
  for (const std::string tail : {"/envvar", "/settings"}) {
    EXPECT_EQ(get("/api/v2/project/circleci/others/secret" + tail, alice).status, 404);
  }
  EXPECT_EQ(get("/api/v2/projects/" + theirs.id + "/pipeline-definitions", alice).status, 404);
}

TEST_F(ProjectApiTest, AdminsCreate) {
  const std::string target = "/api/v2/organization/" + acme.id + "/project";
  EXPECT_EQ(post(target, bob, R"({"name":"gadgets"})").status, 403);
  const Answer created = post(target, alice, R"({"name":"gadgets"})");
  EXPECT_EQ(created.status, 201) << created.text();
  EXPECT_EQ(created.body.at("vcs_info").at("vcs_origin").as_string(),
            "ci.example:4873/acme/gadgets");
  EXPECT_EQ(post(target, alice, R"({"name":"gadgets"})").status, 409);
  EXPECT_EQ(post(target, alice, R"({"name":"a/b"})").status, 400);
  EXPECT_EQ(
      post(target, alice, R"({"name":"x","repository_url":"https://ci.example:4873/o/s"})").status,
      400);
  EXPECT_EQ(post("/api/v2/organization/" + others.id + "/project", alice, R"({"name":"x"})").status,
            404);
  EXPECT_THAT(get(target, bob).items("name"), ElementsAre("gadgets", "widgets"));
}

TEST_F(ProjectApiTest, VariablesAreMasked) {
  const Answer created = post(path + "/envvar", alice, R"({"name":"T","value":"secretValue"})");
  EXPECT_EQ(created.status, 201);
  EXPECT_EQ(created.at("value"), "xxxxalue");
  EXPECT_EQ(get(path + "/envvar/T", bob).at("value"), "xxxxalue");
  EXPECT_THAT(get(path + "/envvar", bob).text(), Not(HasSubstr("secretValue")));
  EXPECT_EQ(post(path + "/envvar", bob, R"({"name":"T","value":"mine"})").status, 403);
  EXPECT_EQ(del(path + "/envvar/T", bob).status, 403);
  EXPECT_EQ(del(path + "/envvar/T", alice).status, 200);
  EXPECT_EQ(get(path + "/envvar/T", bob).status, 404);
  EXPECT_EQ(post(path + "/envvar", alice, R"({"name":"1","value":"x"})").status, 400);
}

TEST_F(ProjectApiTest, SettingsTable) {
  const struct {
    std::string why, body;
    int status;
  } cases[] = {
      {"one", R"({"advanced":{"build_fork_prs":true}})", 200},
      {"several", R"({"advanced":{"disable_ssh":true,"forks_receive_secret_env_vars":true}})", 200},
      {"what it is anyway", R"({"advanced":{"autocancel_builds":false}})", 200},
      {"known, but not here", R"({"advanced":{"autocancel_builds":true}})", 400},
      {"read only", R"({"advanced":{"oss":false}})", 400},
      {"unknown", R"({"advanced":{"nosuch":true}})", 400},
      {"not a flag", R"({"advanced":{"disable_ssh":"true"}})", 400},
      {"empty", R"({"advanced":{}})", 400},
      {"nothing", R"({})", 400},
  };
  for (const auto& test : cases) {
    EXPECT_EQ(patch(path + "/settings", alice, test.body).status, test.status) << test.why;
  }
  const auto advanced = get(path + "/settings", bob).body.at("advanced").as_object();
  EXPECT_EQ(advanced.at("build_fork_prs"), true);
  EXPECT_EQ(advanced.at("forks_receive_secret_env_vars"), true);
  EXPECT_EQ(advanced.at("disable_ssh"), true);
  EXPECT_EQ(patch(path + "/settings", alice, R"({"advanced":{"nosuch":1}})").message(),
            "Unknown advanced setting 'nosuch'.");
}

TEST_F(ProjectApiTest, RefusedSettingChangesNothingOfTheSameRequest) {
  EXPECT_EQ(
      patch(path + "/settings", alice, R"({"advanced":{"build_fork_prs":true,"oss":true}})").status,
      400);
  EXPECT_FALSE(projects_.find(widgets.id)->settings.build_fork_prs);
}

TEST_F(ProjectApiTest, SettingsAreForAdmins) {
  EXPECT_EQ(patch(path + "/settings", bob, R"({"advanced":{"build_fork_prs":true}})").status, 403);
  EXPECT_FALSE(projects_.find(widgets.id)->settings.build_fork_prs);
}

TEST_F(ProjectApiTest, Definitions) {
  const Answer listed = get(definitions, bob);
  EXPECT_THAT(listed.items("name"), ElementsAre("default"));
  const Answer created = post(
      definitions, alice,
      R"({"name":"release","description":"d","config_source":{"file_path":".circleci/r.yml"}})");
  EXPECT_EQ(created.status, 201) << created.text();
  EXPECT_EQ(created.body.at("config_source").at("file_path").as_string(), ".circleci/r.yml");
  EXPECT_EQ(created.body.at("checkout_source").at("repo").at("full_name").as_string(),
            "acme/widgets");
  const std::string one = definitions + "/" + created.at("id");
  EXPECT_EQ(patch(one, alice, R"({"config_source":{"file_path":"x.yml"}})").status, 200);
  EXPECT_EQ(get(one, bob).body.at("config_source").at("file_path").as_string(), "x.yml");
  EXPECT_EQ(get(one, bob).at("description"), "d");
  EXPECT_EQ(patch(one, alice, R"({"config_source":{"file_path":"../x.yml"}})").status, 400);
  EXPECT_EQ(patch(one, alice, R"({"config_source":"x.yml"})").status, 400);
  EXPECT_EQ(post(definitions, alice, R"({"description":"no name"})").status, 400);
  // What was read may be written back; another repository than the project's own is not ignored.
  EXPECT_EQ(patch(one, alice, get(one, bob).text()).status, 200);
  for (const char* elsewhere :
       {R"({"checkout_source":{"provider":"github_app"}})",
        R"({"checkout_source":{"repo":{"external_id":"123"}}})",
        R"({"checkout_source":{"repo":"github.com/acme/widgets"}})",
        R"({"config_source":{"provider":"imprimatur","file_path":"y.yml"}})",
        R"({"config_source":{"repo":{"full_name":"evil/widgets"},"file_path":"y.yml"}})",
        R"({"config_source":{"branch":"main"}})"}) {
    const Answer refused = patch(one, alice, elsewhere);
    EXPECT_EQ(refused.status, 400) << elsewhere;
    EXPECT_EQ(refused.at("code"), "unsupported_setting") << elsewhere << refused.text();
  }
  EXPECT_EQ(get(one, bob).body.at("config_source").at("file_path").as_string(), "x.yml");
  EXPECT_EQ(post(definitions, bob, R"({"name":"x"})").status, 403);
  EXPECT_EQ(patch(one, bob, R"({"name":"x"})").status, 403);
  EXPECT_EQ(del(one, bob).status, 403);
  EXPECT_EQ(del(one, alice).status, 200);
  EXPECT_EQ(get(one, bob).status, 404);
  EXPECT_EQ(del(definitions + "/" + listed.items("id").at(0), alice).status, 409);  // the last one
}

TEST_F(ProjectApiTest, DefinitionOfAnotherProjectIsNotFound) {
  const std::string theirs_id = definitions_.list(theirs.id)->front().id;
  EXPECT_EQ(get(definitions + "/" + theirs_id, alice).status, 404);
  EXPECT_EQ(patch(definitions + "/" + theirs_id, alice, R"({"name":"x"})").status, 404);
}

}  // namespace
}  // namespace imp::ci
