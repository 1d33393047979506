#include "registry/api/registry_fixture.h"
#include "registry/publish/commit.h"

namespace imp::registry::test {
namespace {

/// Unpublish, owners and access.
class PackageChangeRoutes : public RegistryTest {
 protected:
  PackageChangeRoutes() {
    EXPECT_EQ(publish(alice.token, "@alice/lib", "1.0.0").status, 201);
    EXPECT_EQ(publish(alice.token, "@alice/lib", "1.1.0").status, 201);
  }
  json::object packument() { return get("/@alice%2flib?write=true").document().as_object(); }
  std::string rev() { return std::string(packument().at("_rev").as_string()); }
  Answer put(const json::object& document, std::string rev, const std::string& token) {
    return ask({.method = Method::put,
                .target = "/@alice%2flib/-rev/" + rev,
                .token = token,
                .body = json::serialize(document)});
  }
  json::object owners(std::vector<std::string> names, std::string rev) {
    json::array list;
    for (const std::string& name : names) list.push_back({{"name", name}, {"email", "x@x"}});
    return {{"_id", "@alice/lib"}, {"_rev", rev}, {"maintainers", list}};
  }
  Answer access(std::string word, const std::string& token) {
    return ask({.method = Method::post,
                .target = "/-/package/@alice%2flib/access",
                .token = token,
                .body = json::serialize(json::object{{"access", word}})});
  }
  std::string bypass_token(const User& user) {
    accounts::NewToken write;
    write.reach.all_packages = true;
    write.reach.packages_permission = accounts::TokenPermission::read_write;
    write.bypass_2fa = true;
    return granular_token(user, write);
  }
  User alice = add_user("alice");
  User bob = add_user("bob");
};

TEST_F(PackageChangeRoutes, AVersionIsUnpublishedFromTheCurrentRevisionAlone) {
  const std::string before = rev();
  ASSERT_EQ(publish(alice.token, "@alice/lib", "1.2.0").status, 201);
  json::object document = packument();
  document.at("versions").as_object().erase("1.0.0");
  json::object old = document;
  old["_rev"] = before;
  EXPECT_EQ(put(old, before, alice.token).outcome(), "409 stale_revision");
  EXPECT_EQ(put(document, rev(), alice.token).outcome(), "201 ok");
  EXPECT_FALSE(packument().at("versions").as_object().contains("1.0.0"));
  EXPECT_EQ(publish(alice.token, "@alice/lib", "1.0.0").outcome(), "403 version_unpublished");
  EXPECT_EQ(ask({.method = Method::del,
                 .target = "/@alice/lib/-/lib-1.0.0.tgz/-rev/" + rev(),
                 .token = alice.token})
                .outcome(),
            "200 ok");
}

TEST_F(PackageChangeRoutes, OwnersChangeFromTheCurrentRevisionAlone) {
  const std::string before = rev();
  ASSERT_EQ(publish(alice.token, "@alice/lib", "1.2.0").status, 201);
  EXPECT_EQ(put(owners({"alice", "bob"}, before), before, alice.token).outcome(),
            "409 stale_revision");
  EXPECT_EQ(put(owners({"alice", "bob"}, rev()), rev(), alice.token).outcome(), "201 ok");
  EXPECT_EQ(put(owners({"alice", "nobody"}, rev()), rev(), alice.token).outcome(), "400 bad_field");
  EXPECT_EQ(publish(bob.token, "@alice/lib", "1.3.0").outcome(), "201 ok");
  EXPECT_EQ(audited("package.owners"), (std::vector<std::string>{"package.owners granted"}));
}

TEST_F(PackageChangeRoutes, OnlyCredentialsThatGovernChangeOwnersAndAccess) {
  trust_job("@alice/lib", {true, true, true});
  const std::string job = publish_token("@alice/lib");
  const std::string bypass = bypass_token(alice);
  // Who may add an owner may publish for ever: not for a token that was made for publishing.
  EXPECT_EQ(put(owners({"alice", "bob"}, rev()), rev(), bypass).outcome(),
            "403 package_not_permitted");
  EXPECT_EQ(access("restricted", bypass).outcome(), "403 package_not_permitted");
  EXPECT_EQ(put(owners({"bob"}, rev()), rev(), job).outcome(), "403 publish_token_forbidden");
  EXPECT_EQ(access("restricted", job).outcome(), "403 publish_token_forbidden");
  EXPECT_EQ(
      ask({.method = Method::del, .target = "/@alice%2flib/-rev/" + rev(), .token = job}).outcome(),
      "403 publish_token_forbidden");
  for (const std::string& token : {bob.token, std::string()}) {
    EXPECT_GE(put(owners({"bob"}, rev()), rev(), token).status, 401);
    EXPECT_GE(access("restricted", token).status, 401);
  }
  EXPECT_EQ(count("SELECT COUNT(*) FROM package_maintainer"), 1);
}

TEST_F(PackageChangeRoutes, TheAuditLogSaysWhatExactlyWasChanged) {
  ASSERT_EQ(publish(alice.token, "@alice/lib", "1.2.0").status, 201);
  ASSERT_EQ(put(owners({"alice", "bob"}, rev()), rev(), alice.token).outcome(), "201 ok");
  EXPECT_EQ(audit_detail("package.owners").at("maintainers"), (json::array{"alice", "bob"}));
  json::object document = packument();
  document.at("versions").at("1.0.0").as_object()["deprecated"] = "use 1.2";
  document.at("versions").at("1.1.0").as_object()["deprecated"] = "use 1.2";
  document.at("versions").at("1.2.0").as_object()["deprecated"] = "gone in 2.0";
  ASSERT_EQ(ask({.method = Method::put,
                 .target = "/@alice%2flib",
                 .token = alice.token,
                 .body = json::serialize(document)})
                .outcome(),
            "201 ok");
  EXPECT_EQ(audit_detail("package.deprecate").at("deprecated"),
            json::parse(R"([{"message": "gone in 2.0", "versions": ["1.2.0"]},
                            {"message": "use 1.2", "versions": ["1.0.0", "1.1.0"]}])"));
  ASSERT_EQ(ask({.method = Method::put,
                 .target = "/-/package/@alice%2flib/dist-tags/next",
                 .token = alice.token,
                 .body = "\"1.0.0\""})
                .outcome(),
            "200 ok");
  EXPECT_EQ(audit_detail("dist_tag.set").at("version"), "1.0.0");
  document = packument();
  document.at("versions").as_object().erase("1.1.0");
  ASSERT_EQ(put(document, rev(), alice.token).outcome(), "201 ok");
  EXPECT_EQ(audit_detail("package.unpublish").at("versions"), (json::array{"1.1.0"}));
}

// A body of 64 MiB, parsed, is many times that: nobody's body is looked at before it is known that
// they may change this package.
TEST_F(PackageChangeRoutes, WhoAsksIsJudgedBeforeTheDocument) {
  const auto outcome = [&](const std::string& token) {
    return ask({.method = Method::put,
                .target = "/@alice%2flib/-rev/1-x",
                .token = token,
                .body = "[not JSON"})
        .outcome();
  };
  accounts::NewToken read;
  read.reach.all_packages = true;
  EXPECT_EQ(outcome(""), "401 not_signed_in");
  EXPECT_EQ(outcome("imp_wrong"), "401 credential_invalid");
  EXPECT_EQ(outcome(granular_token(alice, read)), "403 package_not_permitted");
  EXPECT_EQ(outcome(bob.token), "403 package_not_permitted");
  EXPECT_EQ(outcome(alice.token), "400 malformed_json");
  ASSERT_EQ(access("restricted", alice.token).status, 200);
  EXPECT_EQ(outcome(bob.token), "404 package_not_found");
}

TEST_F(PackageChangeRoutes, AManifestAsDeepAsAPublishAllowsCanStillBeChanged) {
  std::string deep = "1";
  for (int level = 0; level < 50; ++level) deep = "[" + deep + "]";
  const std::string member = ",\"deep\":" + deep;
  const std::string manifest = R"({"name":"@alice/lib","version":"1.2.0")" + member + "}";
  DocumentOptions options;
  options.extra_manifest = member;
  ASSERT_EQ(
      ask({.method = Method::put,
           .target = "/@alice%2flib",
           .token = alice.token,
           .body = publish_document("@alice/lib", "1.2.0", package_tarball(manifest), options)})
          .outcome(),
      "201 ok");
  json::parse_options parsing;
  parsing.max_depth = 80;
  const auto whole = [&] {
    return json::parse(get("/@alice%2flib?write=true").body, {}, parsing).as_object();
  };
  json::object document = whole();
  document.at("versions").at("1.2.0").as_object()["deprecated"] = "too deep";
  EXPECT_EQ(ask({.method = Method::put,
                 .target = "/@alice%2flib",
                 .token = alice.token,
                 .body = json::serialize(document)})
                .outcome(),
            "201 ok");
  document = whole();
  document.at("versions").as_object().erase("1.0.0");
  const std::string current(document.at("_rev").as_string());
  EXPECT_EQ(put(document, current, alice.token).outcome(), "201 ok");
}

TEST_F(PackageChangeRoutes, ADocumentOfAnotherPackageIsRefused) {
  json::object other = owners({"alice", "bob"}, rev());
  other["_id"] = "@alice/other";
  EXPECT_EQ(put(other, rev(), alice.token).outcome(), "422 name_mismatch");
  EXPECT_EQ(put({{"_id", "@alice/lib"}}, rev(), alice.token).outcome(), "422 unexpected_change");
}

TEST_F(PackageChangeRoutes, AccessIsPublicOrRestricted) {
  EXPECT_EQ(access("restricted", alice.token).outcome(), "200 ok");
  EXPECT_EQ(get("/@alice%2flib").outcome(), "404 package_not_found");
  EXPECT_EQ(access("secret", alice.token).outcome(), "400 bad_field");
  EXPECT_EQ(access("public", alice.token).outcome(), "200 ok");
  EXPECT_EQ(get("/@alice%2flib").status, 200);
}

TEST_F(PackageChangeRoutes, TheSecondFactorIsAsked) {
  enable_second_factor(alice);
  EXPECT_EQ(access("restricted", alice.token).outcome(), "401 second_factor_required");
  EXPECT_EQ(put(owners({"alice", "bob"}, rev()), rev(), alice.token).outcome(),
            "401 second_factor_required");
}

TEST_F(PackageChangeRoutes, AWholePackageIsUnpublishedAndItsNameClosedForADay) {
  EXPECT_EQ(ask({.method = Method::del, .target = "/@alice%2flib/-rev/1-x", .token = alice.token})
                .outcome(),
            "409 stale_revision");
  EXPECT_EQ(
      ask({.method = Method::del, .target = "/@alice%2flib/-rev/" + rev(), .token = alice.token})
          .outcome(),
      "200 ok");
  EXPECT_EQ(publish(alice.token, "@alice/lib", "2.0.0").outcome(),
            "403 package_recently_unpublished");
  clock_.advance(kRepublishDelay);
  EXPECT_EQ(publish(alice.token, "@alice/lib", "2.0.0").outcome(), "201 ok");
}

TEST_F(PackageChangeRoutes, APublishTokenDoesNotReopenAnUnpublishedPackage) {
  trust_job("@alice/lib", {true, true, true});
  const std::string token = publish_token("@alice/lib");
  ASSERT_EQ(
      ask({.method = Method::del, .target = "/@alice%2flib/-rev/" + rev(), .token = alice.token})
          .status,
      200);
  EXPECT_EQ(publish(token, "@alice/lib", "2.0.0").outcome(), "403 package_recently_unpublished");
}

}  // namespace
}  // namespace imp::registry::test
