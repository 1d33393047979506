#include "registry/packages/package_reader.h"

#include <boost/json/parse.hpp>

#include "blobs/memory_store.h"
#include "database_fixture.h"

namespace imp::registry {
namespace {

class ReaderTest : public DatabaseTest {
 protected:
  void SetUp() override {
    DatabaseTest::SetUp();
    tarball_ = blobs::put(blobs, bytes_of("the bytes of 1.0.0"))->sha512;
    write([&](db::Session& session) {
      const auto add = [&](const char* name, Access access) {
        const Package package = create_package(session, named(name), "org", access, now);
        VersionRecord first = version(package, "1.0.0", now);
        first.tarball.sha512 = tarball_;
        insert_version(session, first);
        insert_version(session, version(package, "2.0.0-rc.1", now));
        write_dist_tag(session, package.id, "latest", "1.0.0");
        write_dist_tag(session, package.id, "next", "2.0.0-rc.1");
        write_maintainers(session, package.id, {{"ann", ""}});
      };
      add("@acme/pkg", Access::open);
      add("@acme/secret", Access::restricted);
      add("plain", Access::open);
      const Package staged =
          create_package(session, named("staged"), std::nullopt, Access::open, now);
      reserve_version(session, staged.id, "1.0.0", "stage", now);
    });
  }

  http::Request get(std::string target, std::string accept = "*/*") {
    http::Request request;
    request.target = std::move(target);
    request.headers = {{"accept", std::move(accept)}};
    return request;
  }

  blobs::MemoryStore blobs;
  std::string tarball_;
  PackumentCache cache{1024 * 1024};
  std::unique_ptr<PackageReader> reader_ = nullptr;
  PackageReader& reader() {
    if (!reader_) {
      reader_ = std::make_unique<PackageReader>(*database, blobs, cache, "http://npm.example.org");
    }
    return *reader_;
  }
  Caller ann{"ann", {}, {}};
};

TEST_F(ReaderTest, HotPathTakesEverySpellingOfTheName) {
  EXPECT_FALSE(reader().hot(get("/@acme/pkg")));  // nothing was read before
  ASSERT_TRUE(reader().package(named("@acme/pkg"), {}));
  ASSERT_TRUE(reader().package(named("plain"), {}));
  for (const char* target : {"/@acme/pkg", "/@acme%2fpkg", "/@acme%2Fpkg", "/%40acme/pkg",
                             "/%40acme%2fpkg", "/@acme%2fpkg?write=true", "/plain"}) {
    EXPECT_TRUE(reader().hot(get(target))) << target;
  }
}

TEST_F(ReaderTest, HotPathTakesNothingElse) {
  ASSERT_TRUE(reader().package(named("@acme/pkg"), {}));
  for (const std::string target : {"/",
                                   "",
                                   "@acme/pkg",
                                   "//@acme/pkg",
                                   "/@acme/pkg/",
                                   "/@acme//pkg",
                                   "/@acme%252fpkg",
                                   "/@acme%5cpkg",
                                   "/@acme/./pkg",
                                   "/@acme/../@acme/pkg",
                                   "/@ACME/pkg",
                                   "/@acme/pkg%00",
                                   "/@acme/pkg.",
                                   "/@acme/pkg%20",
                                   "/@acme%2",
                                   "/@acme%",
                                   "/@acme/pkg?x=1",
                                   "/@acme/pkg?",
                                   "/@acme/pkg/1.0.0",
                                   "/@acme/pkg/-/pkg-1.0.0.tgz",
                                   "/-/ping",
                                   "/%40%40acme/pkg"}) {
    const bool same = target == "/@acme/pkg?";  // an empty query is none
    EXPECT_EQ(reader().hot(get(target)) != nullptr, same) << target;
  }
  EXPECT_FALSE(reader().hot(get("/" + std::string(5000, 'a'))));
  http::Request put = get("/@acme/pkg");
  put.method = http::Method::put;
  EXPECT_FALSE(reader().hot(put));
}

TEST_F(ReaderTest, RestrictedIsNeverHotAndHiddenFromStrangers) {
  const auto stranger = reader().package(named("@acme/secret"), {"eve", {}, {}});
  const auto absent = reader().package(named("@acme/nothing"), {"eve", {}, {}});
  ASSERT_FALSE(stranger);
  EXPECT_EQ(stranger.error().code(), "package_not_found");
  EXPECT_EQ(stranger.error().code(), absent.error().code());
  ASSERT_TRUE(reader().package(named("@acme/secret"), ann));
  EXPECT_FALSE(reader().hot(get("/@acme/secret")));
  // It is cached now, and still hidden.
  EXPECT_FALSE(reader().package(named("@acme/secret"), {}));
  EXPECT_FALSE(reader().manifest(named("@acme/secret"), "1.0.0", {}));
  EXPECT_FALSE(reader().tarball(named("@acme/secret"), "secret-1.0.0.tgz", {}));
  EXPECT_TRUE(reader().manifest(named("@acme/secret"), "1.0.0", ann));
  // A token of another package of the scope.
  EXPECT_FALSE(reader().package(named("@acme/secret"), {"", {}, "@acme/pkg"}));
  EXPECT_TRUE(reader().package(named("@acme/secret"), {"", {}, "@acme/secret"}));
}

TEST_F(ReaderTest, HeadersOfOpenAndRestricted) {
  const auto open = reader().package(named("@acme/pkg"), {}).value();
  EXPECT_NE(open->full->head_identity.find("max-age=0, must-revalidate"), std::string::npos);
  EXPECT_NE(open->full->head_identity.find("Accept, Accept-Encoding"), std::string::npos);
  EXPECT_NE(open->full->etag_identity, open->abbreviated->etag_identity);
  const auto secret = reader().package(named("@acme/secret"), ann).value();
  EXPECT_NE(secret->full->head_identity.find("no-store"), std::string::npos);
  EXPECT_EQ(secret->full->head_identity.find("public"), std::string::npos);
}

TEST_F(ReaderTest, AcceptAndWriteChooseTheForm) {
  const auto package = reader().package(named("@acme/pkg"), {}).value();
  const std::string corgi =
      "application/vnd.npm.install-v1+json; q=1.0, application/json; q=0.8, */*";
  EXPECT_EQ(reader().hot(get("/@acme/pkg", corgi)), package->abbreviated);
  EXPECT_EQ(reader().hot(get("/@acme/pkg")), package->full);
  EXPECT_EQ(reader().hot(get("/@acme/pkg?write=true", corgi)), package->full);
}

TEST_F(ReaderTest, StagedOnlyIsNotThereYet) {
  EXPECT_EQ(reader().package(named("staged"), ann).error().code(), "package_not_found");
  EXPECT_EQ(reader().manifest(named("staged"), "1.0.0", ann).error().code(), "package_not_found");
}

TEST_F(ReaderTest, ManifestsByVersionAndTag) {
  const auto by_tag = reader().manifest(named("@acme/pkg"), "next", {});
  ASSERT_TRUE(by_tag);
  EXPECT_EQ(*by_tag, *reader().manifest(named("@acme/pkg"), "2.0.0-rc.1", {}));
  EXPECT_EQ(boost::json::parse(*by_tag).at("dist").at("tarball"),
            "http://npm.example.org/@acme/pkg/-/pkg-2.0.0-rc.1.tgz");
  EXPECT_EQ(reader().manifest(named("@acme/pkg"), "9.9.9", {}).error().code(), "version_not_found");
}

TEST_F(ReaderTest, Tarballs) {
  const auto tarball = reader().tarball(named("@acme/pkg"), "pkg-1.0.0.tgz", {}).value();
  ASSERT_TRUE(tarball->identity_file);
  EXPECT_EQ(tarball->identity_file->size, 18U);
  EXPECT_EQ(tarball->etag_identity, '"' + tarball_.substr(0, 64) + '"');
  EXPECT_NE(tarball->head_identity.find("public, max-age=31536000, immutable"), std::string::npos);
  const auto secret = reader().tarball(named("@acme/secret"), "secret-1.0.0.tgz", ann).value();
  EXPECT_NE(secret->head_identity.find("private, max-age=31536000"), std::string::npos);
  for (const char* file : {"pkg-9.9.9.tgz", "plain-1.0.0.tgz", "pkg-1.0.0", "../pkg-1.0.0.tgz",
                           "@acme/pkg-1.0.0.tgz", ""}) {
    EXPECT_FALSE(reader().tarball(named("@acme/pkg"), file, {})) << file;
  }
  // Its row is there, but its blob is not.
  EXPECT_EQ(reader().tarball(named("@acme/pkg"), "pkg-2.0.0-rc.1.tgz", {}).error().code(),
            "blob_bad_name");
}

TEST_F(ReaderTest, ATarballThatWasReadIsHot) {
  const std::string target = "/@acme/pkg/-/pkg-1.0.0.tgz";
  EXPECT_FALSE(reader().hot(get(target)));
  ASSERT_TRUE(reader().package(named("@acme/pkg"), {}));
  EXPECT_FALSE(reader().hot(get(target)));  // its file is not open
  const auto tarball = reader().tarball(named("@acme/pkg"), "pkg-1.0.0.tgz", {}).value();
  for (const char* path : {"/@acme/pkg/-/pkg-1.0.0.tgz", "/@acme%2fpkg/-/pkg-1.0.0.tgz",
                           "/%40acme%2Fpkg/-/pkg-1.0.0.tgz"}) {
    EXPECT_EQ(reader().hot(get(path)), tarball) << path;
  }
  for (const char* path :
       {"/@acme/pkg/-/pkg-2.0.0-rc.1.tgz", "/@acme/pkg/-/pkg-1.0.0", "/@acme/pkg/-/",
        "/@acme/pkg/-/pkg-1.0.0.tgz/", "/@acme/pkg/-/-/pkg-1.0.0.tgz", "/@acme/pkg/pkg-1.0.0.tgz",
        "/@acme/pkg/-/%70kg-1.0.0.tgz", "/plain/-/pkg-1.0.0.tgz", "/-/pkg-1.0.0.tgz",
        "/@acme/secret/-/secret-1.0.0.tgz"}) {
    EXPECT_FALSE(reader().hot(get(path))) << path;
  }
  const std::uint64_t calls = blobs.calls();
  EXPECT_EQ(reader().tarball(named("@acme/pkg"), "pkg-1.0.0.tgz", {}).value(), tarball);
  EXPECT_EQ(blobs.calls(), calls);  // the open file was used
  reader().stored(tarball_);
  EXPECT_FALSE(reader().hot(get(target)));
}

TEST_F(ReaderTest, ATarballIsHotOnlyAsLongAsItsPackageIsOpen) {
  const auto read = [&](const Caller& caller) {
    return reader().tarball(named("@acme/pkg"), "pkg-1.0.0.tgz", caller).has_value();
  };
  const auto change = [&](auto body) {
    std::int64_t revision = 0;
    write([&](db::Session& session) {
      Package package = *find_package(session, "@acme/pkg");
      body(session, package);
      touch(session, package, now);
      revision = package.revision;
    });
    cache.invalidate("@acme/pkg", revision);
  };
  const http::Request request = get("/@acme/pkg/-/pkg-1.0.0.tgz");
  ASSERT_TRUE(read({}));
  ASSERT_TRUE(reader().hot(request));

  change(
      [](auto& session, Package& package) { write_access(session, package, Access::restricted); });
  EXPECT_FALSE(reader().hot(request));
  EXPECT_TRUE(read(ann));
  EXPECT_FALSE(reader().hot(request));  // the package is cached again, and so is the open file
  EXPECT_FALSE(read({}));

  change([](auto& session, Package& package) { write_access(session, package, Access::open); });
  EXPECT_TRUE(read({}));
  EXPECT_TRUE(reader().hot(request));
  change([](auto& session, Package& package) { burn_version(session, package.id, "1.0.0"); });
  EXPECT_FALSE(reader().hot(request));
  EXPECT_FALSE(read({}));
  EXPECT_FALSE(reader().hot(request));
}

// The same bytes under two names: each package decides for itself.
TEST_F(ReaderTest, AnOpenTarballDoesNotShowItsTwinInARestrictedPackage) {
  ASSERT_TRUE(reader().tarball(named("plain"), "plain-1.0.0.tgz", {}));
  ASSERT_TRUE(reader().package(named("@acme/secret"), ann));
  EXPECT_TRUE(reader().hot(get("/plain/-/plain-1.0.0.tgz")));
  EXPECT_FALSE(reader().hot(get("/@acme/secret/-/secret-1.0.0.tgz")));
  const auto secret = reader().tarball(named("@acme/secret"), "secret-1.0.0.tgz", ann).value();
  EXPECT_EQ(secret->head_identity.find("public"), std::string::npos);
}

TEST_F(ReaderTest, ReadsSeeWrites) {
  ASSERT_TRUE(reader().package(named("plain"), {}));
  std::int64_t revision = 0;
  write([&](db::Session& session) {
    Package package = *find_package(session, "plain");
    insert_version(session, version(package, "3.0.0", now));
    touch(session, package, now);
    revision = package.revision;
  });
  cache.invalidate("plain", revision);
  EXPECT_FALSE(reader().hot(get("/plain")));
  const auto package = reader().package(named("plain"), {}).value();
  EXPECT_NE(package->full->identity.find("3.0.0"), std::string::npos);
  EXPECT_TRUE(package->tarball("3.0.0"));
}

}  // namespace
}  // namespace imp::registry
