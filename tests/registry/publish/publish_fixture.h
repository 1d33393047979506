#pragma once

#include "../packages/database_fixture.h"
#include "crypto/keys.h"
#include "registry/brakes/freeze.h"
#include "registry/publish/commit.h"

namespace imp::registry {

/// A database, a signing key, and candidates as make_candidate() makes them.
class PublishTest : public DatabaseTest {
 protected:
  void SetUp() override {
    DatabaseTest::SetUp();
    ASSERT_TRUE(database->migrate(brake_migrations()));
  }

  static PublishCandidate candidate(std::string name, std::string version,
                                    std::string tag = "latest") {
    PublishCandidate out;
    out.name = name;
    out.version = version;
    out.tag = std::move(tag);
    out.clean = clean_manifest({{"description", "about " + version}, {"readme", "# " + version}},
                               out.package(), version);
    out.tarball.sha512 = "blob of " + name + "@" + version;
    out.tarball.integrity = "sha512-" + version;
    out.tarball.shasum = "sha1 of " + version;
    out.tarball.size = 100;
    return out;
  }

  static PublishOrder by(std::string person) {
    PublishOrder out;
    out.caller.person = person;
    out.publisher.person = {person, person + "@example.org"};
    return out;
  }
  static PublishOrder by_machine(std::string package) {
    PublishOrder out;
    out.caller.only_package = std::move(package);
    out.publisher.person = {"CircleCI", "no-reply@example.org"};
    out.publisher.trusted = {"circleci", "oidc:1"};
    out.may_change_access = false;
    return out;
  }

  Result<Published> publish_now(const PublishCandidate& it, const PublishOrder& order) {
    return database->write(
        [&](db::Session& session) { return publish(session, it, order, key, now); });
  }
  /// The code of a refusal, or "ok".
  template <class T>
  static std::string code(const Result<T>& result) {
    return result ? "ok" : std::string(result.error().code());
  }
  PackageSnapshot snapshot(std::string_view name) {
    return read<PackageSnapshot>([&](db::Session& s) { return *load_snapshot(s, name); });
  }

  RegistryKey key{crypto::PrivateKey::generate(crypto::KeyKind::p256)};
  Caller ann{"ann", {}, {}};
  Caller eve{"eve", {}, {}};
};

}  // namespace imp::registry
