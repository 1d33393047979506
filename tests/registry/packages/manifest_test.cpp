#include "registry/packages/manifest.h"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "base/encoding.h"

namespace imp::registry {
namespace {

namespace json = boost::json;

json::object object(const char* text) { return json::parse(text).as_object(); }
PackageName pkg() { return PackageName::for_new("@acme/pkg").value(); }

TEST(Manifest, DropsWhatOnlyTheRegistrySets) {
  const CleanManifest clean = clean_manifest(object(R"({
      "name":"@acme/pkg","version":"1.0.0","_id":"@acme/pkg@1.0.0","description":"d",
      "_nodeVersion":"22.0.0","_npmVersion":"12.2.0","gitHead":"abc",
      "_npmUser":{"name":"forged"},"maintainers":[{"name":"forged"}],"deprecated":"no",
      "_hasShrinkwrap":true,"hasInstallScript":false,"_attachments":{},"_rev":"1-a",
      "signatures":[],"attestations":{},"_npmOperationalInternal":{},"_from":".","_resolved":"x",
      "__proto__":{"polluted":true},"approver":{"name":"forged"},
      "dist":{"signatures":[{"keyid":"forged"}],"extra":1},
      "readme":"# hi","readmeFilename":"README.md"})"),
                                             pkg(), "1.0.0");
  EXPECT_EQ(json::serialize(clean.manifest),
            R"({"name":"@acme/pkg","version":"1.0.0","_id":"@acme/pkg@1.0.0","description":"d",)"
            R"("_nodeVersion":"22.0.0","_npmVersion":"12.2.0","gitHead":"abc",)"
            R"("readmeFilename":"README.md"})");
  EXPECT_EQ(clean.readme, "# hi");
  EXPECT_EQ(clean.readme_filename, "README.md");
}

TEST(Manifest, CutsLongReadmesAtACharacter) {
  std::string readme(64 * 1024 - 1, 'a');
  readme += "\xe2\x82\xac and more";
  const CleanManifest clean = clean_manifest({{"readme", readme}}, pkg(), "1.0.0");
  EXPECT_EQ(clean.readme.size(), 64 * 1024 - 1);
  EXPECT_TRUE(is_utf8(clean.readme));
}

TEST(Manifest, AbbreviatedIsAnAllowList) {
  TarballFacts facts;
  facts.has_install_script = true;
  facts.has_shrinkwrap = true;
  const json::object out = abbreviate(
      object(R"({"name":"a","version":"1.0.0","description":"no","scripts":{"install":"x"},
                 "dependencies":{"b":"^1"},"devDependencies":{},"bundleDependencies":[],
                 "peerDependenciesMeta":{"c":{"optional":true}},"bin":{"a":"cli.js"},
                 "engines":{"node":">=18"},"os":["linux"],"cpu":["x64"],"libc":["musl"],
                 "funding":{"url":"u"},"_id":"a@1.0.0","readme":"no","_npmUser":{}})"),
      facts);
  EXPECT_EQ(json::serialize(out),
            R"({"name":"a","version":"1.0.0","dependencies":{"b":"^1"},)"
            R"("peerDependenciesMeta":{"c":{"optional":true}},"bin":{"a":"cli.js"},)"
            R"("engines":{"node":">=18"},"funding":{"url":"u"},"cpu":["x64"],"os":["linux"],)"
            R"("libc":["musl"],"_hasShrinkwrap":true,"hasInstallScript":true})");
}

TEST(Manifest, InstallScriptFlagIsAbsentWhenFalse) {
  const json::object out = abbreviate(object(R"({"name":"a","version":"1.0.0"})"), {});
  EXPECT_EQ(json::serialize(out), R"({"name":"a","version":"1.0.0"})");
}

TEST(Manifest, NpmUser) {
  Publisher publisher{{"ann", "ann@example.org"}, {}, {}};
  EXPECT_EQ(json::serialize(npm_user(publisher)), R"({"name":"ann","email":"ann@example.org"})");
  publisher = {{"CircleCI", "no-reply@example.org"},
               Publisher::Trusted{"circleci", "oidc:1"},
               Person{"bob", "bob@example.org"}};
  EXPECT_EQ(json::serialize(npm_user(publisher)),
            R"({"name":"CircleCI","email":"no-reply@example.org",)"
            R"("trustedPublisher":{"id":"circleci","oidcConfigId":"oidc:1"},)"
            R"("approver":{"name":"bob","email":"bob@example.org"}})");
}

TEST(Manifest, DistHasNoTarball) {
  TarballFacts facts{"ab", "cd", "sha512-x", 10, 2, 30, false, false};
  EXPECT_EQ(json::serialize(dist(facts, {"SHA256:k", "c2ln"})),
            R"({"shasum":"cd","integrity":"sha512-x","fileCount":2,"unpackedSize":30,)"
            R"("signatures":[{"keyid":"SHA256:k","sig":"c2ln"}]})");
}

}  // namespace
}  // namespace imp::registry
