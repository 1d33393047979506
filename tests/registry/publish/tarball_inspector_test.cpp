#include "registry/publish/tarball_inspector.h"

#include <gtest/gtest.h>

#include <random>

#include "registry/publish/entry_path.h"
#include "tarball_fixture.h"

namespace imp::registry {
namespace {

const std::string kJson = R"({"name":"a","version":"1.0.0"})";

Result<TarballContents> inspect(const std::string& bytes, const TarballLimits& limits = {}) {
  return inspect_tarball(source_of(bytes), limits);
}

TarBuilder good() { return TarBuilder().add("package/package.json", kJson); }

TEST(TarballInspector, ReadsAPackage) {
  const std::string bytes = good()
                                .add("package/", "", '5')
                                .add("package/lib/index.js", "1234567")
                                .add("package/binding.gyp", "{}")
                                .add("package/npm-shrinkwrap.json", "{}")
                                .gzip();
  for (std::size_t piece : {1u, 7u, 511u, 65536u}) {
    const auto contents = inspect_tarball(source_of(bytes, piece), {});
    ASSERT_TRUE(contents) << contents.error().message;
    EXPECT_EQ(contents->file_count, 4u);  // directories are not counted
    EXPECT_EQ(contents->unpacked_size, kJson.size() + 7 + 2 + 2);
    EXPECT_TRUE(contents->has_binding_gyp);
    EXPECT_TRUE(contents->has_gyp);
    EXPECT_TRUE(contents->has_shrinkwrap);
    EXPECT_EQ(contents->package_json.at("name"), "a");
  }
}

TEST(TarballInspector, TheTopDirectoryMayHaveAnyName) {
  EXPECT_TRUE(inspect(TarBuilder().add("my-app-main/package.json", kJson).gzip()));
  EXPECT_TRUE(inspect(TarBuilder().add("./package/package.json", kJson).gzip()));
  const std::string bom = "\xef\xbb\xbf" + kJson;
  EXPECT_TRUE(inspect(TarBuilder().add("package/package.json", bom).gzip()));
}

TEST(TarballInspector, NpmRepeatsTheSizeInExtendedHeaders) {
  EXPECT_TRUE(inspect(good().add("x", "10 size=3\n", 'x').add("package/a", "123").gzip()));
  // It is the next entry's, and no other's.
  EXPECT_TRUE(inspect(good()
                          .add("x", "10 size=3\n", 'x')
                          .add("package/a", "123")
                          .add("package/b", "12345")
                          .gzip()));
  EXPECT_FALSE(inspect(good().add("x", "10 size=+\n", 'x').add("package/a", "123").gzip()));
}

TEST(TarballInspector, NestedOnesAreNotThePackages) {
  const auto contents = inspect(good()
                                    .add("package/lib/package.json", "not json")
                                    .add("package/lib/binding.gyp", "{}")
                                    .add("package/lib/npm-shrinkwrap.json", "{}")
                                    .gzip());
  ASSERT_TRUE(contents);
  EXPECT_FALSE(contents->has_gyp);
  EXPECT_FALSE(contents->has_shrinkwrap);
}

TEST(TarballInspector, LongAndForeignNamesAreFine) {
  const std::string deep = "package/" + std::string(150, 'd') + "/f.js";
  const auto contents = inspect(good()
                                    .pax_path(deep)
                                    .add("short", "1")
                                    .pax_path("package/caf\xc3\xa9.js")
                                    .add("short", "1")
                                    .add("package/\xe2\x82\xac.js", "1")
                                    .gzip());
  ASSERT_TRUE(contents) << contents.error().message << contents.error().detail;
  EXPECT_EQ(contents->file_count, 4u);
}

struct Refused {
  const char* what;
  std::string bytes;
  const char* code;
};

TEST(TarballInspector, Refuses) {
  const auto path = [](const char* name) { return good().add(name, "x").gzip(); };
  const std::vector<Refused> table = {
      {"empty", "", "tarball_unreadable"},
      {"not gzip", "hello, world, this is not a tarball at all", "tarball_unreadable"},
      {"tar without gzip", good().end().tar(), "tarball_unreadable"},
      {"gzip of something else", gzip(std::string(2000, 'x')), "tarball_unreadable"},
      {"nothing inside", TarBuilder().gzip(), "tarball_without_package_json"},
      {"no package.json", TarBuilder().add("package/index.js", "1").gzip(),
       "tarball_without_package_json"},
      {"package.json outside of a directory", TarBuilder().add("package.json", kJson).gzip(),
       "tarball_without_package_json"},
      {"package.json too deep", TarBuilder().add("a/b/package.json", kJson).gzip(),
       "tarball_without_package_json"},
      {"package.json that is not JSON", TarBuilder().add("package/package.json", "{").gzip(),
       "tarball_without_package_json"},
      {"package.json that is no object", TarBuilder().add("package/package.json", "[]").gzip(),
       "tarball_without_package_json"},
      {"two package.json", good().add("package/package.json", kJson).gzip(),
       "tarball_ambiguous_package_json"},
      {"two top directories", good().add("other/package.json", "{}").gzip(),
       "tarball_ambiguous_package_json"},
      {"hidden by a dot", good().add("package/./package.json", "{}").gzip(),
       "tarball_ambiguous_package_json"},
      {"hidden by a slash", good().add("package//package.json", "{}").gzip(),
       "tarball_ambiguous_package_json"},
      {"hidden by case", good().add("package/Package.JSON", "{}").gzip(),
       "tarball_ambiguous_package_json"},
      {"hidden by a trailing dot", good().add("package/package.json.", "{}").gzip(),
       "tarball_ambiguous_package_json"},
      {"hidden by a pax header", good().pax_path("x/package.json").add("package/a", "{}").gzip(),
       "tarball_ambiguous_package_json"},
      // npm's unpacker reads on behind the end of an archive.
      {"hidden behind the end", good().end().add("package/package.json", "{}").gzip(),
       "tarball_ambiguous_package_json"},
      {"only in another case", TarBuilder().add("package/PACKAGE.json", kJson).gzip(),
       "tarball_ambiguous_package_json"},
      {"parent", path("package/../../etc/passwd"), "tarball_unsafe_path"},
      {"parent at the front", path("../package/x"), "tarball_unsafe_path"},
      {"parent at the end", path("package/.."), "tarball_unsafe_path"},
      {"absolute", path("/etc/passwd"), "tarball_unsafe_path"},
      {"backslashes", path("package\\..\\..\\x"), "tarball_unsafe_path"},
      {"drive letter", path("C:/x"), "tarball_unsafe_path"},
      {"drive letter inside", path("package/c:evil"), "tarball_unsafe_path"},
      {"control character", path("package/a\nb"), "tarball_unsafe_path"},
      {"not UTF-8", path("package/\xff\xfe"), "tarball_unsafe_path"},
      {"symbolic link", good().add("package/x", "", '2', "/etc/passwd").gzip(),
       "tarball_unsafe_entry"},
      {"symbolic link as package.json",
       TarBuilder().add("package/package.json", "", '2', "other.json").gzip(),
       "tarball_unsafe_entry"},
      {"hard link", good().add("package/x", "", '1', "package/package.json").gzip(),
       "tarball_unsafe_entry"},
      {"character device", good().add("package/x", "", '3').gzip(), "tarball_unsafe_entry"},
      {"block device", good().add("package/x", "", '4').gzip(), "tarball_unsafe_entry"},
      // What npm's unpacker and others read differently.
      {"a size for all entries", good().add("g", "10 size=0\n", 'g').gzip(),
       "tarball_unsafe_entry"},
      {"another size in a pax header",
       good().add("x", "10 size=0\n", 'x').add("package/a", "1").gzip(), "tarball_unsafe_entry"},
      {"a record within a record's value",
       good().add("x", "47 comment=a\n33 path=package/package.json\n\n", 'x').gzip(),
       "tarball_unsafe_entry"},
      {"a sparse file's other name",
       good().add("x", "34 GNU.sparse.name=package/other\n", 'x').add("package/a", "1").gzip(),
       "tarball_unsafe_entry"},
      {"content in what is a directory by its name", good().add("package/d/", "x").gzip(),
       "tarball_unsafe_entry"},
      {"content in a directory", good().add("package/d", "x", '5').gzip(), "tarball_unsafe_entry"},
      {"content in a directory by its pax name",
       good().pax_path("package/d/").add("package/d", "x").gzip(), "tarball_unsafe_entry"},
      {"two names for one entry",
       good().add("L", "package/a", 'L').pax_path("package/b").add("c", "x").gzip(),
       "tarball_unsafe_entry"},
      {"a header that is damaged", good().end().add("package/a", "x").damage_last().gzip(),
       "tarball_unreadable"},
      {"an unusual type", good().add("package/a", "x", 'M').gzip(), "tarball_unsafe_entry"},
      {"a damaged pax header", good().add("x", "99 path=a\n", 'x').add("package/a", "1").gzip(),
       "tarball_unsafe_entry"},
      {"fifo", good().add("package/x", "", '6').gzip(), "tarball_unsafe_entry"},
  };
  for (const Refused& row : table) {
    const auto contents = inspect(row.bytes);
    ASSERT_FALSE(contents) << row.what;
    EXPECT_EQ(contents.error().code(), row.code)
        << row.what << ": " << contents.error().message << contents.error().detail;
  }
}

TEST(TarballInspector, KeepsItsLimits) {
  EXPECT_EQ(inspect(good().add("package/a", "").gzip(), {.entries = 1}).error().code(),
            "tarball_too_many_files");
  EXPECT_EQ(
      inspect(good().zeros("package/a", 5000).gzip(), {.unpacked_bytes = 4000}).error().code(),
      "tarball_unpacks_too_large");
  EXPECT_EQ(inspect(good().gzip(), {.package_json_bytes = 5}).error().code(), "manifest_too_large");
}

TEST(TarballInspector, StopsABombByItsRatio) {
  // Zeros compress a thousand times.
  const std::string bomb = good().zeros("package/zeros", 40 * 1024 * 1024).gzip();
  ASSERT_LT(bomb.size(), 100'000u);
  const auto contents = inspect(bomb);
  ASSERT_FALSE(contents);
  EXPECT_EQ(contents.error().code(), "tarball_unpacks_too_large");
}

TEST(TarballInspector, ATruncatedTarballIsNeverAccepted) {
  std::mt19937 random(7);
  std::string noise(3000, '\0');
  for (char& c : noise) c = static_cast<char>(random());
  const std::string whole = good().add("package/noise", noise).gzip();
  ASSERT_TRUE(inspect(whole));
  // The last bytes are the archive's padding and gzip's trailer.
  for (std::size_t size = 0; size + 64 < whole.size(); size += 13) {
    EXPECT_FALSE(inspect(whole.substr(0, size))) << size;
  }
}

TEST(TarballInspector, AFailingSourceIsPassedOn) {
  const TarballSource broken = [](std::span<std::uint8_t>) -> Result<std::size_t> {
    return std::unexpected(Failure{{"disk", FailureKind::internal}, "no", ""});
  };
  EXPECT_EQ(inspect_tarball(broken, {}).error().code(), "disk");
}

TEST(EntryPath, DropsTheFirstComponent) {
  EXPECT_EQ(entry_path("package/a/b")->inside, "a/b");
  EXPECT_EQ(entry_path("./package//a/./b/")->inside, "a/b");
  EXPECT_EQ(entry_path("package")->inside, "");
  EXPECT_EQ(entry_path("package/..a/...")->inside, "..a/...");
  EXPECT_TRUE(same_on_any_disk("Package.Json. ", "package.json"));
  EXPECT_FALSE(same_on_any_disk("package.jsonc", "package.json"));
}

}  // namespace
}  // namespace imp::registry
