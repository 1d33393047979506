#include "registry/api/registry_fixture.h"

namespace imp::registry::test {
namespace {

class ReadingRoutes : public RegistryTest {
 protected:
  ReadingRoutes() {
    DocumentOptions restricted;
    restricted.access = "\"restricted\"";
    EXPECT_EQ(publish(alice.token, "@alice/open", "1.0.0").status, 201);
    EXPECT_EQ(publish(alice.token, "@alice/secret", "1.0.0", {}, restricted).status, 201);
  }
  static std::vector<std::string> reads(std::string name) {
    const std::string base = name.substr(name.find("%2f") + 3);
    return {"/" + name,
            "/" + name + "?write=true",
            "/" + name + "/1.0.0",
            "/" + name + "/latest",
            "/" + name + "/-/" + base + "-1.0.0.tgz",
            "/-/package/" + name + "/dist-tags",
            "/-/package/" + name + "/visibility",
            "/-/package/" + name + "/collaborators"};
  }
  std::vector<std::string> found(const std::string& token) {
    std::vector<std::string> names;
    const json::value page = get("/-/v1/search?text=", token).document();
    for (const json::value& object : page.at("objects").as_array()) {
      names.emplace_back(object.at("package").at("name").as_string());
    }
    std::ranges::sort(names);
    return names;
  }
  std::string limited_to(std::string package) {
    accounts::NewToken limited;
    limited.reach.packages = {std::move(package)};
    return granular_token(alice, limited);
  }
  User alice = add_user("alice");
  User mallory = add_user("mallory");
};

TEST_F(ReadingRoutes, ARestrictedPackageIsHiddenFromStrangersEverywhere) {
  for (const std::string& path : reads("@alice%2fsecret")) {
    EXPECT_EQ(get(path, alice.token).status, 200) << path;
    for (const std::string& token : {std::string(), mallory.token}) {
      EXPECT_EQ(get(path, token).outcome(), "404 package_not_found") << path;
    }
  }
  // And word for word as if it were not there.
  std::string hidden = get("/@alice%2fsecret", mallory.token).body;
  const std::string absent = get("/@alice%2fabsent", mallory.token).body;
  for (std::size_t at; (at = hidden.find("secret")) != std::string::npos;) {
    hidden.replace(at, 6, "absent");
  }
  EXPECT_EQ(hidden, absent);
}

TEST_F(ReadingRoutes, APublicPackageIsEverybodys) {
  for (const std::string& path : reads("@alice%2fopen")) {
    EXPECT_EQ(get(path).status, 200) << path;
    EXPECT_EQ(get(path, mallory.token).status, 200) << path;
  }
}

TEST_F(ReadingRoutes, AWrongCredentialIsARefusalAndNeverNobody) {
  for (const std::string name : {"@alice%2fopen", "@alice%2fsecret", "@alice%2fabsent"}) {
    for (const std::string& path : reads(name)) {
      const bool document = !path.starts_with("/-/");
      if (document && name == "@alice%2fopen") continue;
      EXPECT_EQ(get(path, "imp_wrong").outcome(), "401 credential_invalid") << path;
      EXPECT_EQ(get(path, "imp_pub_wrong").outcome(), "401 publish_token_invalid") << path;
    }
  }
}

// As when it is cached, where nobody looks at the credential.
TEST_F(ReadingRoutes, NoCredentialKeepsWhatEverybodyMayReadFromAnybody) {
  ASSERT_EQ(publish(alice.token, "@alice/other", "1.0.0").status, 201);
  trust_job("@alice/other", {true, true, true});
  const std::string other = publish_token("@alice/other");
  for (const std::string& path : reads("@alice%2fopen")) {
    if (path.starts_with("/-/")) continue;
    for (const std::string& token :
         {std::string("imp_wrong"), std::string("imp_pub_wrong"), other}) {
      const Answer answer = get(path, token);
      EXPECT_EQ(answer.status, 200) << path << " " << token;
      EXPECT_EQ(answer.header("cache-control"), get(path).header("cache-control")) << path;
    }
  }
  EXPECT_EQ(get("/@alice%2fopen/9.9.9", other).outcome(), "404 version_not_found");
  for (const char* path : {"/@alice%2fsecret", "/@alice%2fsecret/9.9.9", "/@alice%2fabsent"}) {
    EXPECT_EQ(get(path, other).outcome(), "403 other_package") << path;
  }
}

TEST_F(ReadingRoutes, ALimitedTokenReadsWhatItReachesAndWhatIsPublic) {
  const std::string other = limited_to("@alice/other"), secret = limited_to("@alice/secret");
  for (const std::string& path : reads("@alice%2fopen")) {
    EXPECT_EQ(get(path, other).status, 200) << path;
  }
  for (const std::string& path : reads("@alice%2fsecret")) {
    EXPECT_EQ(get(path, other).outcome(), "404 package_not_found") << path;
    EXPECT_EQ(get(path, secret).status, 200) << path;
  }
}

TEST_F(ReadingRoutes, APublishTokenReadsItsOwnPackageAlone) {
  trust_job("@alice/open", {true, true, true});
  const std::string token = publish_token("@alice/open");
  for (const std::string& path : reads("@alice%2fopen")) {
    EXPECT_EQ(get(path, token).status, 200) << path;
  }
  for (const std::string& path : reads("@alice%2fsecret")) {
    EXPECT_EQ(get(path, token).outcome(), "403 other_package") << path;
  }
  for (const char* path :
       {"/-/whoami", "/-/npm/v1/user", "/-/npm/v1/tokens", "/-/user/org.couchdb.user:alice"}) {
    EXPECT_EQ(get(path, token).status, 401) << path;
  }
}

TEST_F(ReadingRoutes, AJobIsToldThatNothingIsPublic) {
  // Or npm would send the package's name and digest to public transparency logs.
  trust_job("@alice/open", {true, true, true});
  EXPECT_EQ(get("/-/package/@alice%2fopen/visibility", publish_token("@alice/open")).body,
            R"({"public":false})");
  EXPECT_EQ(get("/-/package/@alice%2fopen/visibility").body, R"({"public":true})");
  EXPECT_EQ(get("/-/package/@alice%2fsecret/visibility", alice.token).body, R"({"public":false})");
}

TEST_F(ReadingRoutes, SearchShowsWhatMayBeRead) {
  const std::vector<std::string> open{"@alice/open"}, both{"@alice/open", "@alice/secret"};
  EXPECT_EQ(found(""), open);
  EXPECT_EQ(found(mallory.token), open);
  EXPECT_EQ(found(alice.token), both);
  EXPECT_EQ(found(limited_to("@alice/other")), open);
  EXPECT_EQ(found(limited_to("@alice/secret")), both);
  trust_job("@alice/open", {true, true, true});
  EXPECT_EQ(found(publish_token("@alice/open")), open);
}

TEST_F(ReadingRoutes, AManifestThatHasNotChangedIsNotSentAgain) {
  const auto ask_for = [&](std::string target, std::string token, std::string tag) {
    return ask({.target = std::move(target),
                .token = std::move(token),
                .headers = {{"if-none-match", std::move(tag)}}});
  };
  const Answer first = get("/@alice%2fopen/latest");
  const std::string tag = first.header("etag");
  EXPECT_EQ(first.header("cache-control"), "no-cache");
  EXPECT_EQ(ask_for("/@alice%2fopen/latest", "", tag).status, 304);
  EXPECT_EQ(ask_for("/@alice%2fopen/latest", "", tag).header("etag"), tag);
  ASSERT_EQ(publish(alice.token, "@alice/open", "1.1.0").status, 201);
  EXPECT_EQ(ask_for("/@alice%2fopen/latest", "", tag).status, 200);
  EXPECT_EQ(get("/@alice%2fsecret/latest", alice.token).header("cache-control"),
            "private, no-cache");
}

TEST_F(ReadingRoutes, NoCacheKeepsThatSomethingIsAbsent) {
  for (const char* path : {"/absent", "/absent/1.0.0", "/absent/-/absent-1.0.0.tgz"}) {
    EXPECT_EQ(get(path).outcome(), "404 package_not_found") << path;
    EXPECT_EQ(get(path).header("cache-control"), "no-store") << path;
  }
}

TEST_F(ReadingRoutes, TarballsOfRestrictedPackagesAreNotForSharedCaches) {
  const auto cache = [&](std::string name) {
    return get("/@alice%2f" + name + "/-/" + name + "-1.0.0.tgz", alice.token)
        .header("cache-control");
  };
  EXPECT_TRUE(cache("open").starts_with("public"));
  EXPECT_TRUE(cache("secret").starts_with("private"));
  EXPECT_EQ(get("/@alice%2fopen/-/open-9.9.9.tgz").outcome(), "404 version_not_found");
  EXPECT_EQ(get("/@alice%2fopen/-/secret-1.0.0.tgz").outcome(), "404 version_not_found");
}

}  // namespace
}  // namespace imp::registry::test
