#include "registry/api/registry_fixture.h"

namespace imp::registry::test {
namespace {

class DistTagRoutes : public RegistryTest {
 protected:
  DistTagRoutes() {
    EXPECT_EQ(publish(alice.token, "@alice/lib", "1.0.0").status, 201);
    EXPECT_EQ(publish(alice.token, "@alice/lib", "1.1.0").status, 201);
  }
  Answer put(const std::string& token, std::string tag, std::string body = "\"1.0.0\"",
             std::string name = "@alice%2flib") {
    return ask({.method = Method::put,
                .target = "/-/package/" + name + "/dist-tags/" + tag,
                .token = token,
                .body = std::move(body)});
  }
  Answer remove(const std::string& token, std::string tag) {
    return ask({.method = Method::del,
                .target = "/-/package/@alice%2flib/dist-tags/" + tag,
                .token = token});
  }
  User alice = add_user("alice");
};

TEST_F(DistTagRoutes, APersonSetsListsAndRemoves) {
  EXPECT_EQ(put(alice.token, "beta").outcome(), "200 ok");
  EXPECT_EQ(get("/-/package/@alice%2flib/dist-tags").document(),
            json::value({{"beta", "1.0.0"}, {"latest", "1.1.0"}}));
  EXPECT_EQ(remove(alice.token, "beta").outcome(), "200 ok");
  EXPECT_EQ(remove(alice.token, "beta").outcome(), "200 ok");  // npm repeats it after a 5xx
  EXPECT_EQ(remove(alice.token, "latest").outcome(), "400 latest_required");
}

TEST_F(DistTagRoutes, AJobNeedsThePermission) {
  trust_job("@alice/lib", {true, true, false});
  const std::string token = publish_token("@alice/lib");
  EXPECT_EQ(get("/-/package/@alice%2flib/dist-tags", token).status, 200);
  EXPECT_EQ(put(token, "beta").outcome(), "403 permission_not_granted");
  EXPECT_EQ(remove(token, "latest").outcome(), "403 permission_not_granted");
  const auto tried = attempts("@alice/lib");
  EXPECT_TRUE(std::ranges::any_of(tried, [](const trust::Attempt& attempt) {
    return attempt.action == "dist-tag" && attempt.outcome == "permission_not_granted";
  }));
}

TEST_F(DistTagRoutes, AJobWithThePermissionSetsItsOwnPackagesTags) {
  ASSERT_EQ(publish(alice.token, "@alice/other", "1.0.0").status, 201);
  trust_job("@alice/lib", {false, false, true});
  const std::string token = publish_token("@alice/lib");
  EXPECT_EQ(put(token, "beta").outcome(), "200 ok");
  EXPECT_EQ(remove(token, "beta").outcome(), "200 ok");
  EXPECT_EQ(put(token, "beta", "\"1.0.0\"", "@alice%2fother").outcome(), "403 other_package");
  EXPECT_EQ(publish(token, "@alice/lib", "2.0.0").outcome(), "403 permission_not_granted");
  EXPECT_EQ(audited("dist_tag.").front(), "dist_tag.set granted");
  EXPECT_EQ(count("SELECT COUNT(*) FROM publish_attempt WHERE action = 'dist-tag' AND outcome = "
                  "'granted'"),
            2);
}

TEST_F(DistTagRoutes, OddTagsAndVersionsAreRefused) {
  EXPECT_EQ(put(alice.token, "1.0").status, 400);
  EXPECT_EQ(put(alice.token, "v1").status, 400);
  EXPECT_EQ(put(alice.token, "beta", "1.0.0").outcome(), "400 invalid_version");
  EXPECT_EQ(put(alice.token, "beta", "{}").outcome(), "400 invalid_version");
  EXPECT_EQ(put(alice.token, "beta", "\"9.9.9\"").outcome(), "404 version_not_found");
  EXPECT_EQ(put("", "beta").outcome(), "401 not_signed_in");
  const User mallory = add_user("mallory");
  EXPECT_EQ(put(mallory.token, "beta").outcome(), "403 package_not_permitted");
}

TEST_F(DistTagRoutes, AStagedVersionIsNotTagged) {
  ASSERT_EQ(stage(alice.token, "@alice/lib", "2.0.0").status, 201);
  EXPECT_EQ(put(alice.token, "beta", "\"2.0.0\"").outcome(), "404 version_not_found");
}

}  // namespace
}  // namespace imp::registry::test
