#include "registry/packages/packument.h"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

namespace imp::registry {
namespace {

namespace json = boost::json;

constexpr std::int64_t kDay = 24 * 60 * 60 * 1000;

PackageSnapshot two_versions() {
  PackageSnapshot out;
  out.package = {"id-1",
                 "@acme/pkg",
                 "org",
                 Access::open,
                 from_milliseconds(kDay),
                 from_milliseconds(3 * kDay),
                 7,
                 std::nullopt};
  out.versions.push_back({"1.0.0", VersionState::published, from_milliseconds(kDay),
                          R"({"name":"@acme/pkg","version":"1.0.0"})",
                          R"({"name":"@acme/pkg","version":"1.0.0"})", R"({"shasum":"aa"})",
                          "use 2 \"now\"", "s1", 10});
  out.versions.push_back({"1.5.0", VersionState::unpublished, from_milliseconds(2 * kDay), "", "",
                          "", std::nullopt, "", 0});
  out.versions.push_back({"2.0.0", VersionState::published, from_milliseconds(3 * kDay),
                          R"({"name":"@acme/pkg","version":"2.0.0","scripts":{"t":"x"}})",
                          R"({"name":"@acme/pkg","version":"2.0.0"})", R"({"shasum":"bb"})",
                          std::nullopt, "s2", 20});
  out.dist_tags = {{"latest", "2.0.0"}, {"old", "1.0.0"}};
  out.maintainers = {{"ann", "ann@example.org"}, {"bob", ""}};
  out.hoisted = R"({"description":"A \"thing\"","license":"MIT"})";
  out.readme = "# Hello\n\t\x01";
  out.readme_filename = "README.md";
  return out;
}

TEST(Packument, Full) {
  const PackageSnapshot snapshot = two_versions();
  const json::value document = json::parse(full_packument(snapshot, "https://npm.example.org/r"));
  const json::value expected = json::parse(R"({
    "_id":"@acme/pkg","_rev":")" + couch_rev(snapshot.package) +
                                           R"(","name":"@acme/pkg",
    "description":"A \"thing\"","license":"MIT",
    "dist-tags":{"latest":"2.0.0","old":"1.0.0"},
    "versions":{
      "1.0.0":{"name":"@acme/pkg","version":"1.0.0","deprecated":"use 2 \"now\"",
        "dist":{"tarball":"https://npm.example.org/r/@acme/pkg/-/pkg-1.0.0.tgz","shasum":"aa"}},
      "2.0.0":{"name":"@acme/pkg","version":"2.0.0","scripts":{"t":"x"},
        "dist":{"tarball":"https://npm.example.org/r/@acme/pkg/-/pkg-2.0.0.tgz","shasum":"bb"}}},
    "time":{"created":"1970-01-02T00:00:00.000Z","modified":"1970-01-04T00:00:00.000Z",
      "1.0.0":"1970-01-02T00:00:00.000Z","1.5.0":"1970-01-03T00:00:00.000Z",
      "2.0.0":"1970-01-04T00:00:00.000Z"},
    "maintainers":[{"name":"ann","email":"ann@example.org"},{"name":"bob"}],
    "readme":"# Hello\n\t\u0001","readmeFilename":"README.md"})");
  EXPECT_EQ(document, expected) << json::serialize(document);
}

TEST(Packument, Abbreviated) {
  const json::value document = json::parse(abbreviated_packument(two_versions(), "http://h"));
  const json::value expected = json::parse(R"({
    "name":"@acme/pkg","modified":"1970-01-04T00:00:00.000Z",
    "dist-tags":{"latest":"2.0.0","old":"1.0.0"},
    "versions":{
      "1.0.0":{"name":"@acme/pkg","version":"1.0.0","deprecated":"use 2 \"now\"",
        "dist":{"tarball":"http://h/@acme/pkg/-/pkg-1.0.0.tgz","shasum":"aa"}},
      "2.0.0":{"name":"@acme/pkg","version":"2.0.0",
        "dist":{"tarball":"http://h/@acme/pkg/-/pkg-2.0.0.tgz","shasum":"bb"}}}})");
  EXPECT_EQ(document, expected) << json::serialize(document);
}

TEST(Packument, UnpublishedSaysWhenAndWhat) {
  PackageSnapshot snapshot = two_versions();
  for (PackumentVersion& version : snapshot.versions) version.state = VersionState::unpublished;
  snapshot.dist_tags.clear();
  snapshot.package.unpublished_at = from_milliseconds(4 * kDay);
  const json::object document = json::parse(full_packument(snapshot, "http://h")).as_object();
  EXPECT_FALSE(document.contains("versions"));
  EXPECT_FALSE(document.contains("dist-tags"));
  EXPECT_FALSE(document.contains("readme"));
  const json::object& gone = document.at("time").at("unpublished").as_object();
  EXPECT_EQ(gone.at("time"), "1970-01-05T00:00:00.000Z");
  EXPECT_EQ(json::serialize(gone.at("versions")), R"(["1.0.0","1.5.0","2.0.0"])");
  EXPECT_EQ(gone.at("maintainers").as_array().size(), 2u);
}

TEST(Packument, RevisionChangesTheRev) {
  Package package = two_versions().package;
  const std::string before = couch_rev(package);
  EXPECT_TRUE(before.starts_with("7-"));
  EXPECT_EQ(before.size(), 2u + 32u);
  package.revision = 8;
  EXPECT_NE(couch_rev(package).substr(2), before.substr(2));
}

TEST(Packument, ThousandsOfVersionsStayValidJson) {
  PackageSnapshot snapshot = two_versions();
  const PackumentVersion model = snapshot.versions.front();
  for (int i = 0; i < 3000; ++i) {
    PackumentVersion version = model;
    version.version = "3.0." + std::to_string(i);
    snapshot.versions.push_back(version);
  }
  const json::value document = json::parse(full_packument(snapshot, "http://h"));
  EXPECT_EQ(document.at("versions").as_object().size(), 3002u);
}

TEST(Accept, PrefersTheAbbreviatedFormOnlyWhenAsked) {
  const std::string corgi = "application/vnd.npm.install-v1+json";
  // What npm, pnpm and yarn send.
  EXPECT_TRUE(wants_abbreviated(corgi + "; q=1.0, application/json; q=0.8, */*"));
  EXPECT_TRUE(wants_abbreviated(corgi));
  EXPECT_TRUE(wants_abbreviated("Application/VND.npm.install-v1+JSON"));
  EXPECT_TRUE(wants_abbreviated("application/json," + corgi));
  EXPECT_TRUE(wants_abbreviated("*/*, " + corgi + ";q=0.1"));
  EXPECT_FALSE(wants_abbreviated(""));
  EXPECT_FALSE(wants_abbreviated("*/*"));
  EXPECT_FALSE(wants_abbreviated("application/json"));
  EXPECT_FALSE(wants_abbreviated("application/json, " + corgi + ";q=0.5"));
  EXPECT_FALSE(wants_abbreviated(corgi + ";q=0"));
  EXPECT_FALSE(wants_abbreviated(corgi + ";q=0.000, */*"));
  EXPECT_FALSE(wants_abbreviated(corgi + ";q=abc"));
  EXPECT_FALSE(wants_abbreviated(corgi + ";q=9"));
  EXPECT_FALSE(wants_abbreviated("application/vnd.npm.install-v2+json"));
  EXPECT_FALSE(wants_abbreviated(",,;;q=1,;"));
}

}  // namespace
}  // namespace imp::registry
