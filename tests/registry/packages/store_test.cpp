#include "registry/packages/store.h"

#include "database_fixture.h"

namespace imp::registry {
namespace {

class StoreTest : public DatabaseTest {};

TEST_F(StoreTest, KeepsAPackageAndItsParts) {
  write([&](db::Session& session) {
    Package package = create_package(session, named("@acme/pkg"), "org-1", Access::restricted, now);
    write_maintainers(session, package.id, {{"zoe", "z@x"}, {"ann", "a@x"}, {"zoe", "again"}});
    EXPECT_TRUE(insert_version(session, version(package, "1.0.0", now)));
    EXPECT_TRUE(insert_version(session, version(package, "2.0.0", now + Milliseconds(5))));
    write_dist_tag(session, package.id, "latest", "1.0.0");
    write_dist_tag(session, package.id, "latest", "2.0.0");
    write_dist_tag(session, package.id, "old", "1.0.0");
    touch(session, package, now + Milliseconds(9));
  });
  const auto snapshot = read<PackageSnapshot>(
      [](db::Session& session) { return *load_snapshot(session, "@acme/pkg"); });
  EXPECT_EQ(snapshot.package.owner, "org-1");
  EXPECT_EQ(snapshot.package.access, Access::restricted);
  EXPECT_EQ(snapshot.package.revision, 2);
  EXPECT_EQ(snapshot.package.modified, now + Milliseconds(9));
  ASSERT_EQ(snapshot.maintainers.size(), 2u);
  EXPECT_EQ(snapshot.maintainers[0].name, "zoe");  // in the order given
  ASSERT_EQ(snapshot.versions.size(), 2u);
  EXPECT_EQ(snapshot.versions[1].version, "2.0.0");
  EXPECT_EQ(snapshot.dist_tags.at("latest"), "2.0.0");
  EXPECT_EQ(snapshot.readme, "readme of 2.0.0");
  EXPECT_EQ(snapshot.hoisted, R"({"description":"about 2.0.0"})");
}

TEST_F(StoreTest, NamesAreExact) {
  write([&](db::Session& session) {
    create_package(session, named("pkg"), std::nullopt, Access::open, now);
    EXPECT_TRUE(find_package(session, "pkg"));
    for (const char* other : {"Pkg", "pk", "pkg ", "p_g", "%", "", "pkg' OR '1'='1"}) {
      EXPECT_FALSE(find_package(session, other)) << other;
    }
  });
}

TEST_F(StoreTest, ANumberIsOneRowWhateverBecameOfIt) {
  write([&](db::Session& session) {
    const Package package = create_package(session, named("pkg"), std::nullopt, Access::open, now);
    EXPECT_TRUE(reserve_version(session, package.id, "1.0.0", "stage-1", now));
    EXPECT_FALSE(reserve_version(session, package.id, "1.0.0", "stage-2", now));
    EXPECT_FALSE(insert_version(session, version(package, "1.0.0", now)));
    release_version(session, package.id, "1.0.0", "stage-2");  // another's reservation
    EXPECT_TRUE(find_version(session, package.id, "1.0.0"));
    release_version(session, package.id, "1.0.0", "stage-1");
    EXPECT_FALSE(find_version(session, package.id, "1.0.0"));

    EXPECT_TRUE(insert_version(session, version(package, "1.0.0", now)));
    EXPECT_TRUE(tarball_in_use(session, "blob-1.0.0"));
    EXPECT_FALSE(reserve_version(session, package.id, "1.0.0", "stage-1", now));
    release_version(session, package.id, "1.0.0", "");  // published: not a reservation
    EXPECT_TRUE(find_version(session, package.id, "1.0.0"));

    burn_version(session, package.id, "1.0.0");
    const auto burnt = find_version(session, package.id, "1.0.0");
    ASSERT_TRUE(burnt);
    EXPECT_EQ(burnt->state, VersionState::unpublished);
    EXPECT_EQ(burnt->published_at, now);
    EXPECT_EQ(burnt->manifest, "");
    EXPECT_FALSE(tarball_in_use(session, "blob-1.0.0"));
    EXPECT_FALSE(insert_version(session, version(package, "1.0.0", now)));
    EXPECT_FALSE(reserve_version(session, package.id, "1.0.0", "stage-1", now));
  });
}

TEST_F(StoreTest, StagedVersionsAreNotInDocuments) {
  write([&](db::Session& session) {
    const Package package = create_package(session, named("pkg"), std::nullopt, Access::open, now);
    reserve_version(session, package.id, "1.0.0", "stage-1", now);
    EXPECT_TRUE(load_snapshot(session, "pkg")->versions.empty());
    EXPECT_EQ(versions_of(session, package.id).size(), 1u);
  });
}

TEST_F(StoreTest, ReadsBackEverythingOfAVersion) {
  write([&](db::Session& session) {
    const Package package = create_package(session, named("pkg"), std::nullopt, Access::open, now);
    VersionRecord record = version(package, "1.0.0", now);
    record.deprecated = "quote ' and \" and \xe2\x82\xac";
    record.provenance = "{}";
    record.stage_id = "stage";
    record.tarball = {"s", "h", "i", 5'000'000'000, 12, 7'000'000'000, true, true};
    insert_version(session, record);
    const auto found = find_version(session, package.id, "1.0.0");
    ASSERT_TRUE(found);
    EXPECT_EQ(found->deprecated, record.deprecated);
    EXPECT_EQ(found->provenance, "{}");
    EXPECT_EQ(found->stage_id, "stage");
    EXPECT_EQ(found->tarball.size, 5'000'000'000u);
    EXPECT_EQ(found->tarball.unpacked_size, 7'000'000'000u);
    EXPECT_TRUE(found->tarball.has_install_script);
    write_deprecated(session, package.id, "1.0.0", std::nullopt);
    EXPECT_FALSE(find_version(session, package.id, "1.0.0")->deprecated);
  });
}

TEST_F(StoreTest, ListsWhatTheCallerMaySee) {
  write([&](db::Session& session) {
    int minute = 0;
    const auto add = [&](const char* name, std::optional<std::string> owner, Access access) {
      const Time at = now + std::chrono::minutes(minute++);
      const Package package = create_package(session, named(name), owner, access, at);
      insert_version(session, version(package, "1.0.0", at));
      write_dist_tag(session, package.id, "latest", "1.0.0");
      write_maintainers(session, package.id, {{"ann", ""}});
    };
    add("open_one", std::nullopt, Access::open);
    add("open-two", std::nullopt, Access::open);
    add("@acme/secret", "org-acme", Access::restricted);
    create_package(session, named("only-staged"), std::nullopt, Access::open, now);

    const auto names = [&](const Caller& caller, std::string_view text) {
      std::string out;
      for (const PackageLine& line : list_packages(session, caller, text, 10, 0)) {
        out += line.name + " ";
      }
      return out;
    };
    EXPECT_EQ(names({}, ""), "open-two open_one ");  // newest first
    EXPECT_EQ(names({"ann", {}, {}}, ""), "@acme/secret open-two open_one ");
    EXPECT_EQ(names({"bob", {{"org-x", true}, {"org-acme", false}}, {}}, "secret"),
              "@acme/secret ");
    EXPECT_EQ(names({"eve", {{"org-x", true}}, {}}, "secret"), "");
    EXPECT_EQ(names({"", {}, "@acme/secret"}, "secret"), "@acme/secret ");
    EXPECT_EQ(names({"ann", {{"org-acme", true}}, "open-two"}, "secret"), "");
    EXPECT_EQ(names({}, "n_o"), "open_one ");  // '_' stands for itself
    EXPECT_EQ(names({}, "%"), "");
    const auto page = list_packages(session, {}, "", 1, 1);
    ASSERT_EQ(page.size(), 1u);
    EXPECT_EQ(page[0].name, "open_one");
    EXPECT_EQ(page[0].description, "about 1.0.0");
    EXPECT_EQ(packages_maintained_by(session, "ann").size(), 3u);
    EXPECT_EQ(packages_owned_by(session, "org-acme"), std::vector<std::string>{"@acme/secret"});
  });
}

}  // namespace
}  // namespace imp::registry
