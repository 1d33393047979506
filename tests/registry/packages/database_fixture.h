#pragma once

#include <gtest/gtest.h>

#include <memory>

#include "audit/log.h"
#include "base/clock.h"
#include "db/database.h"
#include "registry/packages/store.h"
#include "registry/packages/version_store.h"

namespace imp::registry {

/// A database in memory with the tables of registry/packages.
class DatabaseTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto opened = db::open_sqlite({.path = ":memory:"});
    ASSERT_TRUE(opened) << opened.error().message;
    database = std::move(*opened);
    ASSERT_TRUE(database->migrate(audit::migrations()));
    ASSERT_TRUE(database->migrate(package_migrations()));
  }

  /// Runs statements in a write transaction of their own.
  template <class Body>
  void write(Body body) {
    const Result<void> done = database->write([&](db::Session& session) -> Result<void> {
      body(session);
      return {};
    });
    ASSERT_TRUE(done) << done.error().message << done.error().detail;
  }
  template <class T, class Body>
  T read(Body body) {
    return database->read([&](db::Session& session) -> Result<T> { return body(session); }).value();
  }

  static VersionRecord version(const Package& package, std::string number, Time at) {
    VersionRecord out;
    out.package_id = package.id;
    out.version = number;
    out.published_at = at;
    out.manifest = R"({"name":")" + package.name + R"(","version":")" + number + R"("})";
    out.abbreviated = out.manifest;
    out.dist = R"({"shasum":"aa"})";
    out.hoisted = R"({"description":"about )" + number + R"("})";
    out.readme = "readme of " + number;
    out.readme_filename = "README.md";
    out.npm_user = R"({"name":"ann"})";
    out.tarball.sha512 = "blob-" + number;
    out.tarball.size = 100;
    return out;
  }

  std::unique_ptr<db::Database> database;
  Time now = from_milliseconds(1'700'000'000'000);
};

inline PackageName named(std::string_view text) { return PackageName::for_read(text).value(); }

}  // namespace imp::registry
