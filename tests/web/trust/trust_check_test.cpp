#include <boost/json.hpp>

#include "registry/packages/store.h"
#include "registry/trust/publisher.h"
#include "web/fixture.h"

namespace imp::web {
namespace {

const std::string kSettings = "/package/@alice/lib/settings";
const std::string kCheck = kSettings + "/check";
const std::string kOrg = "0a1b2c3d-1111-4111-8111-111111111111";
const std::string kProject = "0a1b2c3d-2222-4222-8222-222222222222";

class TrustCheckPages : public WebTest {
 protected:
  TrustCheckPages() {
    alice = person("alice");
    publish("@alice/lib", "1.0.0", alice);
    const boost::json::object claims{{"oidc.circleci.com/org-id", kOrg},
                                     {"oidc.circleci.com/project-id", kProject},
                                     {"oidc.circleci.com/pipeline-definition-id", kProject},
                                     {"oidc.circleci.com/vcs-origin", "github.com/acme/lib"}};
    const auto required =
        trust::RequiredClaims::parse(*trust::provider_of_type("circleci"), claims).value();
    const auto added = registry_->services().database.write(
        [&](db::Session& session) -> Result<trust::TrustedPublisher> {
          const auto package = registry::find_package(session, "@alice/lib");
          return trust::add_publisher(session, package->id,
                                      {required, {true, true, false}, "circleci"}, "alice",
                                      clock_.now());
        });
    EXPECT_TRUE(added) << added.error().message;
  }

  static std::string job(const std::string& origin) {
    return "oidc.circleci.com/org-id = " + kOrg + "\noidc.circleci.com/project-id = " + kProject +
           "\noidc.circleci.com/pipeline-definition-id = " + kProject +
           "\noidc.circleci.com/vcs-origin = " + origin + "\noidc.circleci.com/ssh-rerun = false\n";
  }

  accounts::Person alice;
};

TEST_F(TrustCheckPages, ADescribedJobIsHeldAgainstEachPublisher) {
  Browser browser = signed_in("alice");
  EXPECT_TRUE(browser.get(kSettings).has("action=\"" + kCheck + "\""));
  const Answer good = browser.post(kCheck, {{"claims", job("github.com/acme/lib")}});
  EXPECT_EQ(good.status, 200);
  EXPECT_TRUE(good.has("would_be_granted_if_genuine"));
  EXPECT_TRUE(good.has("Not verified"));
  EXPECT_TRUE(good.has("chosen"));
  const Answer bad = browser.post(kCheck, {{"claims", job("github.com/acme/other")}});
  EXPECT_TRUE(bad.has("claim_mismatch"));
  EXPECT_TRUE(bad.has("class=\"differs\""));
  EXPECT_TRUE(bad.has("github.com/acme/other"));
}

TEST_F(TrustCheckPages, AClaimIsDescribedOnce) {
  const Answer refused = signed_in("alice").post(
      kCheck, {{"claims", job("github.com/acme/lib") + "oidc.circleci.com/ssh-rerun = true\n"}});
  EXPECT_EQ(refused.status, 400);
  EXPECT_TRUE(refused.has("The claim oidc.circleci.com/ssh-rerun is on two lines"));
}

TEST_F(TrustCheckPages, ATokenIsNotShownAgain) {
  Browser browser = signed_in("alice");
  browser.get(kCheck);
  const Answer answer = browser.post(kCheck, {{"token", "aaaa.bbbbsecretbbbb.cccc"}});
  EXPECT_EQ(answer.status, 200);
  EXPECT_TRUE(answer.has("malformed"));
  EXPECT_FALSE(answer.has("bbbbsecretbbbb"));
}

TEST_F(TrustCheckPages, WhatADescriptionSaysIsNoMarkup) {
  Browser browser = signed_in("alice");
  browser.get(kCheck);
  const std::string hostile = "<script>x</script>\"'><img src=q onerror=x>";
  const Answer answer = browser.post(kCheck, {{"claims", job(hostile)}});
  EXPECT_EQ(answer.status, 200);
  EXPECT_TRUE(answer.has("&lt;script&gt;x"));
  EXPECT_FALSE(answer.has("<script>x"));
  EXPECT_FALSE(answer.has("<img src=q"));
}

TEST_F(TrustCheckPages, NothingOrBothIsSaid) {
  Browser browser = signed_in("alice");
  browser.get(kCheck);
  EXPECT_EQ(browser.post(kCheck, {}).status, 400);
  const Answer both = browser.post(kCheck, {{"token", "a.b.c"}, {"claims", "x = y"}});
  EXPECT_EQ(both.status, 400);
  EXPECT_TRUE(both.has("Paste a token"));
}

TEST_F(TrustCheckPages, AreForWhoGoverns) {
  person("bob");
  Browser bob = signed_in("bob");
  EXPECT_EQ(bob.get(kCheck).status, 403);
  EXPECT_EQ(bob.post(kCheck, {{"claims", job("github.com/acme/lib")}}).status, 403);
  EXPECT_THAT(audited("package_not_permitted"), testing::ElementsAre("trust.check"));
}

}  // namespace
}  // namespace imp::web
