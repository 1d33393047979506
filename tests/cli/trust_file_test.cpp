#include "cli/trust_file.h"

#include <gmock/gmock.h>

#include <boost/json.hpp>

namespace imp::cli {
namespace {

constexpr std::string_view kFile = R"(# ours
publishers:
  release:
    type: github
    claims:
      repository: acme/tools
      workflow_ref: { file: release.yml }
    permissions: [createStagedPackage]
scopes:
  "@acme": [release]
packages:
  "@acme/a": [release]
  "@acme/b":
    - release
    - type: circleci
      issuer: https://ci.example
      claims:
        oidc.circleci.com/org-id: "1"
        oidc.circleci.com/context-ids: [a, b]
        number: 12
        flag: true
        quoted: "true"
      permissions:
        - createPackage
  old: []
)";

TEST(TrustFile, IsReadAsTheApiTakesIt) {
  const auto file = TrustFile::parse(kFile, "trust.yaml");
  ASSERT_TRUE(file) << file.error().message;
  ASSERT_EQ(file->packages().size(), 3u);
  const auto release = boost::json::parse(R"({"type": "github",
      "claims": {"repository": "acme/tools", "workflow_ref": {"file": "release.yml"}},
      "permissions": ["createStagedPackage"]})");
  EXPECT_EQ(file->packages()[0].name, "@acme/a");
  EXPECT_EQ(file->packages()[0].publishers, boost::json::array{release});
  EXPECT_EQ(file->packages()[1].publishers.at(0), release);
  EXPECT_EQ(file->packages()[1].publishers.at(1), boost::json::parse(R"({"type": "circleci",
      "issuer": "https://ci.example", "permissions": ["createPackage"],
      "claims": {"oidc.circleci.com/org-id": "1", "oidc.circleci.com/context-ids": ["a", "b"],
                 "number": "12", "flag": true, "quoted": "true"}})"));
  EXPECT_TRUE(file->packages()[2].publishers.empty());
  ASSERT_EQ(file->scopes().size(), 1u);
  EXPECT_EQ(file->scopes()[0].name, "@acme");
  EXPECT_EQ(file->scopes()[0].publishers, boost::json::array{release});
}

TEST(TrustFile, MayBeOfScopesAlone) {
  const auto file = TrustFile::parse("scopes:\n  \"@acme\": []\n", "t");
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_TRUE(file->packages().empty());
  EXPECT_EQ(file->scopes().size(), 1u);
}

TEST(TrustFile, SaysWhereItIsWrongAndWhatIsAllowed) {
  const struct {
    const char* text;
    std::vector<const char*> says;
  } cases[] = {
      {"", {"t.yaml:1:1: ", "packages"}},
      {"- a\n", {"t.yaml:1:", "map"}},
      {"packages: []\n", {"t.yaml:1:", "map of names"}},
      {"publishers: {}\n", {"t.yaml:1:1: ", "no `packages` and no `scopes`"}},
      {"packages: {}\npackage: {}\n",
       {"t.yaml:2:1: ", "\"package\"", "packages, scopes and publishers"}},
      {"scopes: {}\nscope: {}\n", {"t.yaml:2:1: ", "\"scope\""}},
      {"scopes: [\"@acme\"]\n", {"t.yaml:1:", "scopes is a map of names"}},
      {"scopes:\n  acme: []\n", {"t.yaml:2:3: ", "\"acme\" is no scope", "\"@acme\""}},
      {"scopes:\n  \"@acme/a\": []\n", {"t.yaml:2:3: ", "\"@acme/a\" is no scope"}},
      {"packages:\n  \"@acme\": []\n", {"t.yaml:2:3: ", "@acme is a scope", "`scopes`"}},
      {"scopes:\n  \"@acme\": release\n", {"t.yaml:2:12: ", "list"}},
      {"packages:\n  a: release\n", {"t.yaml:2:6: ", "list"}},
      {"packages:\n  a: [release]\n", {"t.yaml:2:7: ", "release", "publishers"}},
      {"packages:\n  a:\n    - type: x\n      claim: {}\n",
       {"t.yaml:4:7: ", "\"claim\"", "type, claims, permissions and issuer"}},
      {"packages:\n  a:\n    - type: x\n      claims: {a: b}\n",
       {"t.yaml:3:7: ", "no permissions"}},
      {"packages:\n  a:\n    - type: x\n      claims: []\n", {"t.yaml:4:7: ", "map of claims"}},
      {"packages:\n  a:\n    - type: [x]\n", {"t.yaml:3:14: ", "type is a text"}},
      {"packages:\n  a:\n    - type: x\n      claims: {a: }\n", {"t.yaml:4:16: ", "missing"}},
      {"packages:\n  a: []\n  a: []\n", {"t.yaml:3:3: "}},
      {"packages:\n  @acme/a: []\n", {"t.yaml:2:3: ", "in quotes: \"@acme/widget\""}},
      {"publishers:\n  r: x\npackages: {}\n", {"t.yaml:2:3: ", "type, claims and permissions"}},
      {"packages:\n  a:\n    - type: |\n        x\n", {"t.yaml:4:", "one line"}},
  };
  for (const auto& [text, says] : cases) {
    const auto file = TrustFile::parse(text, "t.yaml");
    ASSERT_FALSE(file) << text;
    EXPECT_EQ(file.error().code(), "unusable_input");
    for (const char* part : says)
      EXPECT_THAT(file.error().message, testing::HasSubstr(part)) << text;
  }
}

TEST(TrustFile, KnowsThePlaceOfWhatTheRegistryRefuses) {
  const auto file = TrustFile::parse(kFile, "trust.yaml");
  ASSERT_TRUE(file);
  const boost::json::value first(0), second(1), beyond(7);
  EXPECT_EQ(file->place("@acme/b", nullptr, "Package not found"), "trust.yaml:13:3");
  EXPECT_EQ(file->place("@acme/b", &second, "claims[\"oidc.circleci.com/org-id\"] must be a UUID"),
            "trust.yaml:18:9");
  // One that is named is wrong where it is written.
  EXPECT_EQ(file->place("@acme/a", &first, "claims[\"repository\"] must be owner/repository"),
            "trust.yaml:6:7");
  EXPECT_EQ(file->place("@acme/b", &second, "issuer \"https://ci.example\" is not configured"),
            "trust.yaml:16:15");
  EXPECT_EQ(file->place("@acme/b", &beyond, "x"), "trust.yaml:13:3");
  EXPECT_EQ(file->place("@acme", nullptr, "There is no organisation"), "trust.yaml:10:3");
  EXPECT_EQ(file->place("@acme", &first, "claims[\"repository\"] must be owner/repository"),
            "trust.yaml:6:7");
  EXPECT_EQ(file->place("absent", nullptr, "x"), "trust.yaml");
}

TEST(TrustFileText, IsReadBackAsWhatItWas) {
  const auto listed = boost::json::parse(R"({"scopes": [
    {"scope": "@acme", "publishers": [
      {"id": "4", "type": "github", "issuer": "https://gh.example", "permissions": ["createPackage"],
       "claims": {"repository": "acme/w", "workflow_ref": {"file": "r.yml"}},
       "learnt": {"repository_id": "42"}}]}], "packages": [
    {"package": "@acme/a", "publishers": [
      {"id": "1", "type": "github", "issuer": "https://gh.example", "permissions": ["createPackage"],
       "claims": {"repository": "acme/w", "workflow_ref": {"file": "r.yml"}},
       "learnt": {"repository_id": "42"}}]},
    {"package": "@acme/b", "publishers": [
      {"id": "2", "type": "github", "issuer": "https://gh.example", "permissions": ["createPackage"],
       "claims": {"repository": "acme/w", "workflow_ref": {"file": "r.yml"}},
       "learnt": {"repository_id": "42"}},
      {"id": "3", "type": "circleci", "issuer": "https://ci.example",
       "permissions": ["createStagedPackage"], "claims": {"a": "\"x\\: #", "ids": ["p", "q"]}}]}]})");
  const std::string text = trust_file_text(listed);
  EXPECT_TRUE(text.contains("github-1:")) << text;  // shared, so it is written once
  const auto file = TrustFile::parse(text, "t");
  ASSERT_TRUE(file) << file.error().message << text;
  ASSERT_EQ(file->packages().size(), 2u);
  const auto shared = boost::json::parse(R"({"type": "github", "issuer": "https://gh.example",
      "claims": {"repository": "acme/w", "workflow_ref": {"file": "r.yml"}, "repository_id": "42"},
      "permissions": ["createPackage"]})");
  ASSERT_EQ(file->scopes().size(), 1u);
  EXPECT_EQ(file->scopes()[0].publishers, boost::json::array{shared});
  EXPECT_EQ(file->packages()[0].publishers, boost::json::array{shared});
  EXPECT_EQ(file->packages()[1].publishers.at(0), shared);
  EXPECT_EQ(file->packages()[1].publishers.at(1).at("claims"),
            boost::json::parse(R"({"a": "\"x\\: #", "ids": ["p", "q"]})"));
}

TEST(TrustFileText, OfAPackageThatNobodyPublishesSaysSo) {
  const auto listed = boost::json::parse(R"({"packages": [{"package": "a", "publishers": []}]})");
  const auto file = TrustFile::parse(trust_file_text(listed), "t");
  ASSERT_TRUE(file) << file.error().message;
  ASSERT_EQ(file->packages().size(), 1u);
  EXPECT_TRUE(file->packages()[0].publishers.empty());
}

TEST(TrustFileText, SaysWhichNamesHaveNoPackage) {
  const auto listed = boost::json::parse(R"({"packages": [{"package": "new", "pending": true,
    "publishers": [{"type": "github", "issuer": "i", "claims": {"a": "b"}, "permissions": []}]}]})");
  const std::string text = trust_file_text(listed);
  EXPECT_THAT(text, testing::HasSubstr("  \"new\":  # no package yet\n"));
  const auto file = TrustFile::parse(text, "t");
  ASSERT_TRUE(file) << file.error().message << text;
  ASSERT_EQ(file->packages().size(), 1u);
  EXPECT_EQ(file->packages()[0].name, "new");
  EXPECT_EQ(file->packages()[0].publishers.size(), 1u);
}

TEST(TrustFileText, OfNothingIsAFile) { EXPECT_TRUE(TrustFile::parse(trust_file_text({}), "t")); }

}  // namespace
}  // namespace imp::cli
