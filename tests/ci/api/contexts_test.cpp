#include "ci/api/fixture.h"

namespace imp::ci {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::UnorderedElementsAre;

class ContextApiTest : public ApiTest {
 protected:
  std::string body(const accounts::Organization& owner, const std::string& name) {
    return R"({"name":")" + name + R"(","owner":{"id":")" + owner.id +
           R"(","type":"organization"}})";
  }
  std::string owned_by(const accounts::Organization& owner) {
    return "/api/v2/context?owner-id=" + owner.id;
  }
  void restrict_to_core(const Context& context) {
    ASSERT_EQ(post("/api/v2/context/" + context.id + "/restrictions", alice,
                   R"({"restriction_type":"group","restriction_value":")" + core.id + "\"}")
                  .status,
              201);
    ASSERT_EQ(del("/api/v2/context/" + context.id + "/restrictions/" + acme.id, alice).status, 200);
  }
};

TEST_F(ContextApiTest, AnyMemberCreatesAndLists) {
  const Answer created = post("/api/v2/context", bob, body(acme, "publishing"));
  EXPECT_EQ(created.status, 200) << created.text();
  EXPECT_EQ(created.at("name"), "publishing");
  EXPECT_EQ(created.at("created_at"), iso8601(clock_.now()));
  const Answer listed = get(owned_by(acme) + "&owner-type=organization", carol);
  EXPECT_THAT(listed.items("id"), ElementsAre(created.at("id")));
  EXPECT_TRUE(listed.body.at("next_page_token").is_null());
}

TEST_F(ContextApiTest, OwnerBySlug) {
  const std::string by_slug = R"({"name":"x","owner":{"slug":")" + acme.slug + R"("}})";
  EXPECT_EQ(post("/api/v2/context", bob, by_slug).status, 200);
  EXPECT_THAT(get("/api/v2/context?owner-slug=" + acme.slug, bob).items("name"), ElementsAre("x"));
}

TEST_F(ContextApiTest, MalformedRequestsAre400) {
  const std::string owner = R"("owner":{"id":")" + acme.id + R"("})";
  for (const std::string& bad :
       {std::string(), std::string("[]"), std::string("{"), "{" + owner + "}",
        R"({"name":1,)" + owner + "}", R"({"name":" x",)" + owner + "}",
        std::string(R"({"name":"x"})"), std::string(R"({"name":"x","owner":"acme"})"),
        std::string(R"({"name":"x","owner":{}})"), R"({"name":"x","name":"y",)" + owner + "}",
        R"({"name":"x","owner":{"id":")" + acme.id + R"(","type":"account"}})"}) {
    const Answer answer = post("/api/v2/context", bob, bad);
    EXPECT_EQ(answer.status, 400) << bad;
    EXPECT_NE(answer.message(), "") << bad;
  }
  EXPECT_EQ(get("/api/v2/context", bob).status, 400);
  EXPECT_EQ(get(owned_by(acme) + "&owner-type=account", bob).status, 400);
  EXPECT_EQ(get(owned_by(acme) + "&page-token=%21", bob).status, 400);
}

TEST_F(ContextApiTest, TakenNameIs409) {
  ASSERT_EQ(post("/api/v2/context", bob, body(acme, "x")).status, 200);
  EXPECT_EQ(post("/api/v2/context", bob, body(acme, "x")).status, 409);
}

TEST_F(ContextApiTest, OtherOrganisationsAreHidden) {
  EXPECT_EQ(post("/api/v2/context", bob, body(others, "x")).status, 404);
  EXPECT_EQ(get(owned_by(others), bob).status, 404);
  EXPECT_EQ(get("/api/v2/context?owner-id=0f0e0000-0000-4000-8000-0000000000ff", bob).status, 404);
}

TEST_F(ContextApiTest, MissingAndForeignContextsAreTheSame403) {
  const Context theirs = context(others, "theirs");
  const std::string missing = "0f0e0000-0000-4000-8000-0000000000ff";
  for (const std::string& path :
       {std::string(), std::string("/environment-variable"), std::string("/restrictions")}) {
    const Answer foreign = get("/api/v2/context/" + theirs.id + path, bob);
    const Answer absent = get("/api/v2/context/" + missing + path, bob);
    EXPECT_EQ(foreign.status, 403);
    EXPECT_EQ(foreign.text(), absent.text());
    EXPECT_EQ(absent.status, 403);
  }
  EXPECT_EQ(del("/api/v2/context/" + theirs.id, alice).status, 403);
  EXPECT_EQ(
      put("/api/v2/context/" + theirs.id + "/environment-variable/A", alice, R"({"value":"x"})")
          .status,
      403);
  EXPECT_EQ(post("/api/v2/context/" + theirs.id + "/restrictions", alice,
                 R"({"restriction_type":"expression","restriction_value":"true"})")
                .status,
            403);
  EXPECT_TRUE(contexts_.find(theirs.id));
}

TEST_F(ContextApiTest, PagesOfTwenty) {
  for (int i = 10; i < 55; ++i) context(acme, "context " + std::to_string(i));
  std::vector<std::string> names;
  std::string token;
  for (int page = 0; page < 3; ++page) {
    const Answer answer = get(owned_by(acme) + "&page-token=" + token, bob);
    for (const std::string& name : answer.items("name")) names.push_back(name);
    if (page == 0) {
      EXPECT_EQ(names.size(), 20u);
      context(acme,
              "context 05");  // sorts before what was sent: neither repeats nor hides anything
    }
    token = answer.at("next_page_token");
  }
  EXPECT_EQ(token, "");
  EXPECT_EQ(names.size(), 45u);
  EXPECT_TRUE(std::ranges::is_sorted(names));
}

TEST_F(ContextApiTest, NameFilter) {
  context(acme, "npm");
  context(acme, "deploy");
  EXPECT_THAT(get(owned_by(acme) + "&name=PM", bob).items("name"), ElementsAre("npm"));
}

TEST_F(ContextApiTest, ValuesAreWriteOnly) {
  const Context created = context(acme, "guard");
  const std::string variables = "/api/v2/context/" + created.id + "/environment-variable";
  const Answer stored = put(variables + "/NPM_TOKEN", bob, R"({"value":"npm_topSecretValue1234"})");
  EXPECT_EQ(stored.status, 200) << stored.text();
  EXPECT_EQ(stored.at("variable"), "NPM_TOKEN");
  EXPECT_EQ(stored.at("context_id"), created.id);
  for (const Answer& answer :
       {stored, get(variables, bob), get("/api/v2/context/" + created.id, bob),
        get(owned_by(acme) + "&include-env-vars=true", bob)}) {
    EXPECT_EQ(answer.status, 200);
    EXPECT_THAT(answer.text(), HasSubstr("xxxx1234"));
    EXPECT_THAT(answer.text(), Not(HasSubstr("topSecret")));
  }
  EXPECT_THAT(get(owned_by(acme), bob).text(), Not(HasSubstr("NPM_TOKEN")));
  EXPECT_EQ(put(variables + "/9", bob, R"({"value":"x"})").status, 400);
  EXPECT_EQ(put(variables + "/A", bob, R"({})").status, 400);
  EXPECT_EQ(del(variables + "/NPM_TOKEN", bob).status, 200);
  EXPECT_EQ(del(variables + "/NPM_TOKEN", bob).status, 404);
}

TEST_F(ContextApiTest, VariablesOfAGroupRestrictedContextAreForItsGroup) {
  const Context created = context(acme, "guard");
  restrict_to_core(created);
  const std::string variable = "/api/v2/context/" + created.id + "/environment-variable/A";
  EXPECT_EQ(put(variable, bob, R"({"value":"x"})").status, 200);    // in the group
  EXPECT_EQ(put(variable, alice, R"({"value":"y"})").status, 200);  // admin
  EXPECT_EQ(put(variable, carol, R"({"value":"z"})").status, 403);
  EXPECT_EQ(del(variable, carol).status, 403);
  EXPECT_EQ(del("/api/v2/context/" + created.id, carol).status, 403);
  EXPECT_EQ(get("/api/v2/context/" + created.id, carol).status, 200);  // members read
  EXPECT_EQ(del("/api/v2/context/" + created.id, bob).status, 200);
  EXPECT_FALSE(audited("ci.api").empty());  // the refusals
}

TEST_F(ContextApiTest, RestrictionsAreForAdmins) {
  const Context created = context(acme, "guard");
  const std::string restrictions = "/api/v2/context/" + created.id + "/restrictions";
  const std::string expression =
      R"({"restriction_type":"expression","restriction_value":"not job.ssh.enabled"})";
  EXPECT_EQ(post(restrictions, bob, expression).status, 403);
  const Answer added = post(restrictions, alice, expression);
  EXPECT_EQ(added.status, 201) << added.text();
  EXPECT_EQ(added.at("restriction_type"), "expression");
  EXPECT_EQ(added.at("context_id"), created.id);
  EXPECT_EQ(del(restrictions + "/" + added.at("id"), bob).status, 403);
  EXPECT_THAT(get(restrictions, bob).items("restriction_type"),
              UnorderedElementsAre("group", "expression"));
  const Answer removed = del(restrictions + "/" + added.at("id"), alice);
  EXPECT_EQ(removed.message(), "Context restriction deleted.");
  EXPECT_EQ(del(restrictions + "/" + added.at("id"), alice).status, 404);
}

TEST_F(ContextApiTest, RestrictionsNameThingsOfTheOrganisationOnly) {
  const Context created = context(acme, "guard");
  const Project mine = project(acme, "widgets"), theirs = project(others, "widgets");
  const auto their_group =
      accounts_.groups.create(others, "core", accounts::Actor::system()).value();
  const std::string restrictions = "/api/v2/context/" + created.id + "/restrictions";
  const auto add = [&](std::string type, std::string value) {
    return post(restrictions, alice,
                R"({"restriction_type":")" + type + R"(","restriction_value":")" + value + "\"}");
  };
  EXPECT_EQ(add("project", mine.id).status, 201);
  EXPECT_EQ(add("project", theirs.id).status, 400);
  EXPECT_EQ(add("project", "nonsense").status, 400);
  EXPECT_EQ(add("group", core.id).status, 201);
  EXPECT_EQ(add("group", "core").at("restriction_value"), core.id);  // by name, as the CLI does
  EXPECT_EQ(add("group", their_group.id).status, 400);
  EXPECT_EQ(add("group", others.id).status, 400);
  EXPECT_EQ(add("group", acme.id).status, 201);  // "All members", there already
  EXPECT_EQ(add("owner", acme.id).status, 400);
  EXPECT_EQ(add("expression", "branch = 1").status, 400);
  EXPECT_EQ(add("expression", "pipeline.trigger_parameters.x").status, 400);
  const Answer old_form = post(restrictions, alice,
                               R"({"restriction_type":"project","project_id":")" + mine.id + "\"}");
  EXPECT_EQ(old_form.status, 201);
  EXPECT_EQ(old_form.at("project_id"), mine.id);
  EXPECT_THAT(get(restrictions, bob).items("name"),
              UnorderedElementsAre("All members", "widgets", "core"));
}

TEST_F(ContextApiTest, ThereIsNoUpdateOfRestrictions) {
  const Context created = context(acme, "guard");
  EXPECT_NE(patch("/api/v2/context/" + created.id + "/restrictions/" + acme.id, alice, "{}").status,
            200);
}

}  // namespace
}  // namespace imp::ci
