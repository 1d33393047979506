#include "registry/publish/candidate.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <boost/json/serialize.hpp>

#include "tarball_fixture.h"

namespace imp::registry {
namespace {

const std::string kJson = R"({"name":"@acme/pkg","version":"1.0.0"})";

const std::string& tarball() {
  static const std::string bytes = package_tarball(kJson);
  return bytes;
}

std::string document(const DocumentOptions& options = {}) {
  return publish_document("@acme/pkg", "1.0.0", tarball(), options);
}

Result<PublishCandidate> candidate_of(const std::string& text, const std::string& bytes = tarball(),
                                      const char* address = "@acme/pkg") {
  MemorySink sink;
  const auto decoded = decode(text, sink);
  if (!decoded) return pass_on(decoded);
  const auto contents = inspect_tarball(source_of(bytes), {});
  if (!contents) return pass_on(contents);
  return make_candidate(PackageName::for_read(address).value(), *decoded, *contents);
}

TEST(Candidate, FromWhatNpmSends) {
  const auto candidate = candidate_of(document({.tag = "beta", .access = R"("restricted")"}));
  ASSERT_TRUE(candidate) << candidate.error().message;
  EXPECT_EQ(candidate->name, "@acme/pkg");
  EXPECT_EQ(candidate->version, "1.0.0");
  EXPECT_EQ(candidate->tag, "beta");
  EXPECT_EQ(candidate->access, Access::restricted);
  EXPECT_EQ(candidate->tarball.size, tarball().size());
  EXPECT_EQ(candidate->tarball.file_count, 2u);
  EXPECT_EQ(candidate->tarball.sha512, hex(crypto::sha512(bytes_of(tarball()))));
  EXPECT_FALSE(candidate->tarball.has_install_script);
  EXPECT_FALSE(candidate->clean.manifest.contains("dist"));
  EXPECT_EQ(candidate->clean.readme, "# hi");
}

TEST(Candidate, NoAccessMeansAsItIs) { EXPECT_FALSE(candidate_of(document())->access); }

struct Refused {
  const char* why;
  std::string from, to;  // what is replaced in a good document
  const char* code;
};

TEST(Candidate, Refuses) {
  const std::string shasum = hex(crypto::sha1(bytes_of(tarball())));
  const std::string integrity = base64(crypto::sha512(bytes_of(tarball())));
  const std::string length = fmt::format("\"length\":{}", tarball().size());
  const std::vector<Refused> table = {
      {"no name", R"(,"name":"@acme/pkg","description")", R"(,"description")", "missing_field"},
      {"name of another", R"(,"name":"@acme/pkg","description")",
       R"(,"name":"@acme/other","description")", "name_mismatch"},
      {"name that is no text", R"(,"name":"@acme/pkg","description")", R"(,"name":5,"description")",
       "bad_field"},
      {"_id of another", R"("_id":"@acme/pkg","name")", R"("_id":"@acme/other","name")",
       "name_mismatch"},
      {"name in case", R"(,"name":"@acme/pkg","description")",
       R"(,"name":"@acme/Pkg","description")", "name_mismatch"},
      {"manifest's name", R"({"name":"@acme/pkg","version")", R"({"name":"@acme/other","version")",
       "name_mismatch"},
      {"manifest's _id", R"("_id":"@acme/pkg@1.0.0")", R"("_id":"@acme/pkg@1.0.1")",
       "name_mismatch"},
      {"manifest's version", R"("version":"1.0.0")", R"("version":"1.0.1")", "version_mismatch"},
      {"versions missing", R"("versions":)", R"("versionz":)", "missing_field"},
      {"versions empty", R"("versions":{)", R"("versions":{},"x":{)", "version_mismatch"},
      {"two versions", R"("versions":{)", R"("versions":{"0.9.0":{},)", "version_mismatch"},
      {"versions as a list", R"("versions":{)", R"("versions":[],"x":{)", "bad_field"},
      {"no tags", R"("dist-tags":{"latest":"1.0.0"})", R"("dist-tags":{})", "not_one_dist_tag"},
      {"two tags", R"("dist-tags":{)", R"("dist-tags":{"a":"1.0.0",)", "not_one_dist_tag"},
      {"tag for another version", R"({"latest":"1.0.0"})", R"({"latest":"0.9.0"})",
       "version_mismatch"},
      {"a range as a tag", R"({"latest":)", R"({"v1":)", "invalid_dist_tag"},
      {"unknown access", R"("access":null)", R"("access":"secret")", "bad_field"},
      {"access that is no text", R"("access":null)", R"("access":true)", "bad_field"},
      {"length too small", length, R"("length":1)", "size_mismatch"},
      {"length missing", length, R"("size":1)", "missing_field"},
      {"another shasum", shasum, std::string(40, '0'), "shasum_mismatch"},
      {"shasum in capitals", shasum, "X" + shasum.substr(1), "shasum_mismatch"},
      {"another integrity", integrity, base64(Bytes(64)), "integrity_mismatch"},
      {"a weaker integrity", "sha512-" + integrity, "sha1-AAAA", "integrity_mismatch"},
      {"a second integrity", "sha512-" + integrity, "sha512-" + integrity + " sha1-AAAA",
       "integrity_mismatch"},
      {"no dist", R"("dist":)", R"("disk":)", "missing_field"},
      {"attachment of another name", R"("_attachments":{"@acme/pkg-1.0.0.tgz")",
       R"("_attachments":{"@acme/other-1.0.0.tgz")", "name_mismatch"},
      {"attachment of another version", R"("_attachments":{"@acme/pkg-1.0.0.tgz")",
       R"("_attachments":{"@acme/pkg-1.0.1.tgz")", "name_mismatch"},
      {"attachment with a path", R"("_attachments":{"@acme/pkg-1.0.0.tgz")",
       R"("_attachments":{"../pkg-1.0.0.tgz")", "name_mismatch"},
      {"a hidden dependency", R"("readme":"# hi")", R"("dependencies":{"b":"1"})",
       "manifest_confusion"},
  };
  for (const Refused& row : table) {
    const auto candidate = candidate_of(replaced(document(), row.from, row.to));
    ASSERT_FALSE(candidate) << row.why;
    EXPECT_EQ(candidate.error().code(), row.code) << row.why << ": " << candidate.error().message;
  }
}

TEST(Candidate, RefusesTheAddressOfAnother) {
  EXPECT_EQ(candidate_of(document(), tarball(), "@acme/other").error().code(), "name_mismatch");
  EXPECT_EQ(candidate_of(document(), tarball(), "@ACME/pkg").error().code(), "name_mismatch");
}

TEST(Candidate, RefusesVersionsThatAreNotCanonical) {
  for (const char* version :
       {"1.0", "v1.0.0", "1.0.0+build", "01.0.0", "latest", "", "1.0.0 ", "__proto__"}) {
    const auto candidate = candidate_of(publish_document("@acme/pkg", version, tarball()));
    ASSERT_FALSE(candidate) << version;
    EXPECT_EQ(candidate.error().code(), "version_not_canonical") << version;
  }
}

TEST(Candidate, BuildMetadataStaysInTheTarball) {
  const std::string bytes = package_tarball(R"({"name":"@acme/pkg","version":"1.0.0+build.5"})");
  EXPECT_TRUE(candidate_of(publish_document("@acme/pkg", "1.0.0", bytes), bytes));
}

TEST(Candidate, OnlyScopedOnesCanBeRestricted) {
  const std::string bytes = package_tarball(R"({"name":"pkg","version":"1.0.0"})");
  const auto candidate = candidate_of(
      publish_document("pkg", "1.0.0", bytes, {.access = R"("restricted")"}), bytes, "pkg");
  ASSERT_FALSE(candidate);
  EXPECT_EQ(candidate.error().code(), "restricted_unscoped");
}

TEST(Candidate, NeedsATarball) {
  const auto text = R"({"name":"@acme/pkg","versions":{"1.0.0":{"name":"@acme/pkg",)"
                    R"("version":"1.0.0"}},"dist-tags":{"latest":"1.0.0"},)"
                    R"("_attachments":{"x.sigstore":{"data":"{}"}}})";
  EXPECT_EQ(candidate_of(text).error().code(), "missing_field");
}

TEST(Candidate, ClientCannotSetWhatTheRegistryDerives) {
  const auto candidate = candidate_of(
      document({.extra_manifest =
                    R"(,"deprecated":"x","_npmUser":{"name":"forged"},"hasInstallScript":false)"
                    R"(,"_hasShrinkwrap":true,"signatures":[1],"__proto__":{"x":1})"}));
  ASSERT_TRUE(candidate) << candidate.error().message;
  EXPECT_EQ(boost::json::serialize(candidate->clean.manifest),
            R"({"name":"@acme/pkg","version":"1.0.0","description":"d","_id":"@acme/pkg@1.0.0",)"
            R"("readmeFilename":"README.md","_nodeVersion":"22.0.0","_npmVersion":"12.2.0"})");
}

TEST(Candidate, InstallScriptsAreFoundInTheTarball) {
  const std::string scripts = R"("scripts":{"postinstall":"node x"})";
  const std::string bytes =
      package_tarball(R"({"name":"@acme/pkg","version":"1.0.0",)" + scripts + "}");
  const auto candidate = candidate_of(
      publish_document("@acme/pkg", "1.0.0", bytes, {.extra_manifest = "," + scripts}), bytes);
  ASSERT_TRUE(candidate) << candidate.error().message;
  EXPECT_TRUE(candidate->tarball.has_install_script);
}

TEST(Candidate, ManifestHasALimit) {
  const auto candidate = candidate_of(
      document({.extra_manifest = R"(,"keywords":[")" + std::string(1100 * 1024, 'k') + R"("])"}));
  EXPECT_EQ(candidate.error().code(), "manifest_too_large");
}

// What the bundle says is judged when the version is published or staged.
TEST(Candidate, ProvenanceIsAttachedAsThisVersionsBundle) {
  const auto with = [&](std::string_view key, std::string_view type) {
    return candidate_of(
        document({.extra_attachments =
                      fmt::format(R"(,"{}":{{"content_type":"{}","data":"{{}}"}})", key, type)}));
  };
  constexpr std::string_view type = "application/vnd.dev.sigstore.bundle.v0.3+json";
  const auto good = with("@acme/pkg-1.0.0.sigstore", type);
  ASSERT_TRUE(good) << good.error().message;
  EXPECT_EQ(good->provenance, "{}");
  for (const auto& bad :
       {with("@acme/pkg-1.0.1.sigstore", type), with("@acme/other-1.0.0.sigstore", type),
        with("@acme/pkg-1.0.0.sigstore", "text/plain")}) {
    ASSERT_FALSE(bad);
    EXPECT_EQ(bad.error().code(), "provenance_mismatch");
  }
}

TEST(Candidate, SurvivesBeingKept) {
  const auto candidate = candidate_of(document({.tag = "next", .access = R"("public")"}));
  ASSERT_TRUE(candidate);
  const auto back = candidate_from_json(to_json(*candidate));
  ASSERT_TRUE(back) << back.error().detail;
  EXPECT_EQ(to_json(*back), to_json(*candidate));
  EXPECT_EQ(back->access, Access::open);
  EXPECT_EQ(back->tarball.size, candidate->tarball.size);
  for (const char* damaged : {"", "{}", "[]", R"({"name":"@acme/pkg"})", "not json"}) {
    EXPECT_FALSE(candidate_from_json(damaged)) << damaged;
  }
}

}  // namespace
}  // namespace imp::registry
