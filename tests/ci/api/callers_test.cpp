#include "base/encoding.h"
#include "ci/api/fixture.h"

namespace imp::ci {
namespace {

using ::testing::ElementsAre;
using ::testing::UnorderedElementsAre;

class CallersTest : public ApiTest {
 protected:
  Answer me(http::Headers headers, std::string query = {}) {
    http::Request request;
    request.target = "/api/v2/me" + query;
    request.headers = std::move(headers);
    return send(std::move(request));
  }
};

TEST_F(CallersTest, EveryWayToSendAToken) {
  EXPECT_EQ(me({{"Circle-Token", bob.token}}).at("login"), "bob");
  EXPECT_EQ(me({{"Authorization", "Bearer " + bob.token}}).at("login"), "bob");
  EXPECT_EQ(me({{"Authorization", "Basic " + base64(bytes_of(bob.token + ":"))}}).at("login"),
            "bob");
  EXPECT_EQ(me({}, "?circle-token=" + bob.token).at("login"), "bob");
}

TEST_F(CallersTest, NobodyAndWrongTokensAre401WithAMessage) {
  for (const http::Headers& headers :
       {http::Headers{}, http::Headers{{"Circle-Token", "imp_wrong"}},
        http::Headers{{"Authorization", "Bearer " + std::string(50, 'x')}}}) {
    const Answer answer = me(headers);
    EXPECT_EQ(answer.status, 401);
    EXPECT_NE(answer.message(), "");
    EXPECT_NE(answer.at("error"), "");
  }
  EXPECT_EQ(me({}, "?circle-token=wrong").status, 401);
  EXPECT_EQ(me({}, "?circle-token=").status, 401);
}

TEST_F(CallersTest, WrongHeaderIsNotSavedByTheQuery) {
  EXPECT_EQ(me({{"Circle-Token", "imp_wrong"}}, "?circle-token=" + bob.token).status, 401);
}

TEST_F(CallersTest, TokensForPackagesAreNotForTheApi) {
  accounts::NewToken granular;
  granular.name = "publish only";
  granular.kind = accounts::TokenKind::granular;
  granular.reach.all_packages = true;
  granular.reach.packages_permission = accounts::TokenPermission::read_write;
  const auto token = accounts_.tokens.create(alice.person, granular, accounts::Actor::system());
  ASSERT_TRUE(token) << token.error().message;
  EXPECT_EQ(me({{"Circle-Token", token->token}}).status, 403);
}

TEST_F(CallersTest, ReadOnlyTokenReadsButDoesNotChange) {
  accounts::NewToken reading;
  reading.kind = accounts::TokenKind::personal;
  reading.reach = accounts::full_reach();
  reading.reach.packages_permission = accounts::TokenPermission::read_only;
  reading.reach.orgs_permission = accounts::TokenPermission::read_only;
  const auto token = accounts_.tokens.create(alice.person, reading, accounts::Actor::system());
  ASSERT_TRUE(token) << token.error().message;
  const Person reader{alice.person, token->token};
  EXPECT_EQ(get("/api/v2/me", reader).status, 200);
  EXPECT_EQ(
      post("/api/v2/context", reader, R"({"name":"x","owner":{"id":")" + acme.id + R"("}})").status,
      403);
}

TEST_F(CallersTest, MeAndCollaborations) {
  const Answer shown = get("/api/v2/me", bob);
  EXPECT_EQ(shown.at("id"), bob.person.id);
  const Answer listed = get("/api/v2/me/collaborations", bob);
  ASSERT_EQ(listed.body.as_array().size(), 1u);
  const auto& organization = listed.body.as_array()[0].as_object();
  EXPECT_EQ(organization.at("id").as_string(), acme.id);
  EXPECT_EQ(organization.at("slug").as_string(), acme.slug);
  EXPECT_TRUE(organization.contains("vcs-type"));
}

TEST_F(CallersTest, Organisations) {
  const Answer created = post("/api/v2/organization", bob, R"({"name":"startup"})");
  EXPECT_EQ(created.status, 201) << created.text();
  for (const std::string& name : {created.at("id"), std::string("startup"), created.at("slug"),
                                  percent_encode(created.at("slug"))}) {
    EXPECT_EQ(get("/api/v2/organization/" + name, bob).at("id"), created.at("id")) << name;
    EXPECT_EQ(get("/api/v2/organization/" + name, carol).status, 404) << name;
  }
  EXPECT_EQ(post("/api/v2/organization", bob, R"({"name":"acme"})").status, 409);
}

TEST_F(CallersTest, GroupsAreReadByMembersAndChangedByAdmins) {
  const std::string groups = "/api/v2/organizations/" + acme.id + "/groups";
  EXPECT_THAT(get(groups, carol).items("name"), ElementsAre("core"));
  EXPECT_EQ(get(groups, mallory).status, 404);
  EXPECT_EQ(post(groups, bob, R"({"name":"x"})").status, 403);
  const Answer created = post(groups, alice, R"({"name":"release"})");
  EXPECT_EQ(created.status, 201) << created.text();
  const std::string one = groups + "/" + created.at("id"), users = one + "/users";
  const std::string user = R"({"user_id":")" + carol.person.id + "\"}";
  EXPECT_EQ(post(users, carol, user).status, 403);  // nobody joins by himself
  EXPECT_EQ(post(users, alice, user).status, 200);
  EXPECT_THAT(get(users, bob).items("id"), UnorderedElementsAre(carol.person.id));
  EXPECT_NE(post(users, alice, R"({"user_id":")" + mallory.person.id + "\"}").status, 200);
  EXPECT_EQ(del(users + "/" + carol.person.id, carol).status, 403);
  EXPECT_EQ(del(users + "/" + carol.person.id, alice).status, 200);
  EXPECT_EQ(del(one, bob).status, 403);
  EXPECT_EQ(del(one, alice).status, 200);
  EXPECT_EQ(get(one, bob).status, 404);
}

TEST_F(CallersTest, AdministratorsOfTheServerAreAdminsOfEveryOrganisation) {
  ASSERT_TRUE(accounts_.people.set_admin(carol.person, true, accounts::Actor::system()));
  accounts_.tokens.forget_cached();
  const Context theirs = context(others, "theirs");
  EXPECT_EQ(get("/api/v2/context/" + theirs.id, carol).status, 200);
}

}  // namespace
}  // namespace imp::ci
