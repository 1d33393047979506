#include <algorithm>
#include <cctype>

#include "ci/api/fixture.h"
#include "http/prepared.h"

namespace imp::ci {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class DeployApiTest : public ApiTest {
 protected:
  Deployment deploy(const accounts::Organization& owner, const std::string& version) {
    const DeployJob job{.organization_id = owner.id,
                        .project_id = owner.name + "-project",
                        .project_name = "widgets",
                        .pipeline_id = "p",
                        .workflow_id = owner.name + version,
                        .job_id = owner.name + version,
                        .job_number = 1};
    DeployPlan plan;
    plan.target_version = version;
    plan.environment_name = "production";
    EXPECT_TRUE(markers_.plan(job, plan));
    clock_.advance(Milliseconds(1000));
    DeployUpdate update;
    update.status = "SUCCESS";
    return markers_.update(job, update).value();
  }
  DeployMarkers markers_{*database_, clock_};
};

TEST_F(DeployApiTest, ComponentsEnvironmentsAndVersions) {
  deploy(acme, "1.0.0");
  const Deployment second = deploy(acme, "1.0.1");
  const Answer environments = get("/api/v2/deploy/environments?org-id=" + acme.id, bob);
  EXPECT_THAT(environments.items("name"), ElementsAre("production"));
  EXPECT_EQ(get("/api/v2/deploy/environments/" + second.environment_id, bob).at("name"),
            "production");
  const Answer components =
      get("/api/v2/deploy/components?org-id=" + acme.id + "&component-name=WID", bob);
  EXPECT_THAT(components.items("id"), ElementsAre(second.component_id));
  EXPECT_EQ(get("/api/v2/deploy/components/" + second.component_id, bob).at("name"), "widgets");
  const Answer versions =
      get("/api/v2/deploy/components/" + second.component_id + "/versions", bob);
  EXPECT_THAT(versions.items("name"), ElementsAre("1.0.1", "1.0.0"));
  EXPECT_EQ(versions.body.at("items").as_array()[0].at("is_live"), true);
  EXPECT_EQ(versions.body.at("items").as_array()[1].at("is_live"), false);
}

TEST_F(DeployApiTest, OtherOrganisationsAreHidden) {
  const Deployment theirs = deploy(others, "1.0.0");
  EXPECT_EQ(get("/api/v2/deploy/environments?org-id=" + others.id, bob).status, 404);
  EXPECT_EQ(get("/api/v2/deploy/components?org-id=" + others.id, bob).status, 404);
  EXPECT_EQ(get("/api/v2/deploy/environments", bob).status, 400);
  for (const std::string& target :
       {"environments/" + theirs.environment_id, "components/" + theirs.component_id,
        "components/" + theirs.component_id + "/versions"}) {
    const Answer foreign = get("/api/v2/deploy/" + target, bob);
    EXPECT_EQ(foreign.status, 404) << target;
  }
  EXPECT_EQ(get("/api/v2/deploy/components/" + theirs.component_id, bob).text(),
            get("/api/v2/deploy/components/nosuch", bob).text());
}

class OidcRoutesTest : public ApiTest {
 protected:
  void SetUp() override { ASSERT_TRUE(keys_.ensure()); }

  std::shared_ptr<const http::Prepared> fetch(const std::string& target) {
    http::Request request;
    request.target = target;
    const Answer answer = send(std::move(request));
    const auto* prepared =
        std::get_if<std::shared_ptr<const http::Prepared>>(&answer.response.body);
    return prepared ? *prepared : nullptr;
  }
  int status(const std::string& target) {
    http::Request request;
    request.target = target;
    return send(std::move(request)).status;
  }
};

TEST_F(OidcRoutesTest, DiscoveryLeadsToTheKeysWithoutACredential) {
  for (const std::string& issuer : {std::string("/oidc"), "/oidc/org/" + acme.id}) {
    const auto discovery = fetch(issuer + "/.well-known/openid-configuration");
    ASSERT_TRUE(discovery) << issuer;
    const auto document = boost::json::parse(discovery->identity).as_object();
    EXPECT_EQ(document.at("issuer").as_string(), "https://ci.example:4873" + issuer);
    const std::string keys(document.at("jwks_uri").as_string());
    ASSERT_TRUE(keys.starts_with("https://ci.example:4873/"));
    const auto set = fetch(keys.substr(std::string("https://ci.example:4873").size()));
    ASSERT_TRUE(set);
    EXPECT_EQ(boost::json::parse(set->identity).at("keys").as_array().size(), 1u);
    EXPECT_THAT(set->head_identity, HasSubstr("max-age=60"));
    EXPECT_THAT(set->head_identity, HasSubstr("application/json"));
  }
}

TEST_F(OidcRoutesTest, OnlyOrganisationsThatExistAreIssuers) {
  const std::string absent = "0f0e0000-0000-4000-8000-0000000000ff";
  for (const std::string& id : {absent, std::string("acme"), std::string("%2e%2e")}) {
    EXPECT_GE(status("/oidc/org/" + id + "/.well-known/openid-configuration"), 400) << id;
    EXPECT_GE(status("/oidc/org/" + id + "/.well-known/jwks-pub.json"), 400) << id;
  }
  std::string upper = acme.id;
  std::ranges::transform(upper, upper.begin(), [](unsigned char c) { return std::toupper(c); });
  if (upper != acme.id) {  // one issuer, one spelling
    EXPECT_EQ(status("/oidc/org/" + upper + "/.well-known/openid-configuration"), 404);
  }
}

TEST_F(OidcRoutesTest, KeysChangeWithRotation) {
  const auto before = fetch("/oidc/.well-known/jwks-pub.json");
  EXPECT_EQ(fetch("/oidc/.well-known/jwks-pub.json"), before);
  ASSERT_TRUE(keys_.rotate(accounts::Actor::system()));
  const auto after = fetch("/oidc/org/" + acme.id + "/.well-known/jwks-pub.json");
  EXPECT_NE(after->etag_identity, before->etag_identity);
  EXPECT_EQ(boost::json::parse(after->identity).at("keys").as_array().size(), 2u);
}

}  // namespace
}  // namespace imp::ci
