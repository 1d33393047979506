#include "registry/publish/commit.h"

#include <unistd.h>

#include <boost/json/parse.hpp>
#include <filesystem>
#include <thread>

#include "publish_fixture.h"

namespace imp::registry {
namespace {

namespace json = boost::json;

class CommitTest : public PublishTest {};

TEST_F(CommitTest, FirstVersionMakesThePackage) {
  const auto published = publish_now(candidate("pkg", "1.0.0", "beta"), by("ann"));
  ASSERT_TRUE(published) << published.error().message;
  EXPECT_TRUE(published->created);
  EXPECT_FALSE(published->repeated);
  const PackageSnapshot it = snapshot("pkg");
  EXPECT_EQ(it.package.revision, published->package.revision);
  EXPECT_EQ(it.dist_tags.at("beta"), "1.0.0");
  EXPECT_EQ(it.dist_tags.at("latest"), "1.0.0");  // a package always has one
  ASSERT_EQ(it.maintainers.size(), 1u);
  EXPECT_EQ(it.maintainers[0].email, "ann@example.org");
  const json::value manifest = json::parse(full_manifest(named("pkg"), it.versions[0], "http://h"));
  EXPECT_EQ(manifest.at("_npmUser").at("name"), "ann");
  EXPECT_EQ(manifest.at("maintainers").as_array().size(), 1u);
  EXPECT_EQ(manifest.at("dist").at("signatures").at(0).at("keyid"), json::string(key.keyid()));
  EXPECT_EQ(manifest.at("dist").at("integrity"), "sha512-1.0.0");
}

TEST_F(CommitTest, LaterVersionsMoveTheirTagOnly) {
  ASSERT_TRUE(publish_now(candidate("pkg", "1.0.0"), by("ann")));
  ASSERT_TRUE(publish_now(candidate("pkg", "2.0.0-rc.1", "next"), by("ann")));
  const PackageSnapshot it = snapshot("pkg");
  EXPECT_EQ(it.dist_tags.at("latest"), "1.0.0");
  EXPECT_EQ(it.dist_tags.at("next"), "2.0.0-rc.1");
  EXPECT_EQ(it.versions.size(), 2u);
}

TEST_F(CommitTest, AVersionIsPublishedOnce) {
  ASSERT_TRUE(publish_now(candidate("pkg", "1.0.0"), by("ann")));
  PublishCandidate other = candidate("pkg", "1.0.0");
  other.tarball.sha512 = "other bytes";
  const auto again = publish_now(other, by("ann"));
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code(), "version_already_published");
  EXPECT_EQ(again.error().kind(), FailureKind::forbidden);
  EXPECT_EQ(again.error().message,
            "You cannot publish over the previously published versions: 1.0.0.");
  EXPECT_EQ(snapshot("pkg").versions[0].sha512, "blob of pkg@1.0.0");
}

TEST_F(CommitTest, TheSamePublishAgainIsTheClientsRetry) {
  const auto first = publish_now(candidate("pkg", "1.0.0"), by("ann"));
  now += Milliseconds(60'000);
  const auto again = publish_now(candidate("pkg", "1.0.0"), by("ann"));
  ASSERT_TRUE(again);
  EXPECT_TRUE(again->repeated);
  EXPECT_EQ(again->package.revision, first->package.revision);
  // Somebody else with the same bytes is not that client.
  PublishOrder bob = by("bob");
  write(
      [&](db::Session& s) { write_maintainers(s, first->package.id, {{"ann", ""}, {"bob", ""}}); });
  EXPECT_EQ(code(publish_now(candidate("pkg", "1.0.0"), bob)), "version_already_published");
  EXPECT_EQ(code(publish_now(candidate("pkg", "1.0.0"), by_machine("pkg"))),
            "version_already_published");
  // Another tag is another wish.
  EXPECT_EQ(code(publish_now(candidate("pkg", "1.0.0", "beta"), by("ann"))),
            "version_already_published");
  // A later version took the tag in between: it is still the retry.
  ASSERT_TRUE(publish_now(candidate("pkg", "1.1.0"), by("ann")));
  EXPECT_EQ(code(publish_now(candidate("pkg", "1.0.0"), by("ann"))), "ok");
  EXPECT_EQ(snapshot("pkg").dist_tags.at("latest"), "1.1.0");
  now += kRetryWindow;
  EXPECT_EQ(code(publish_now(candidate("pkg", "1.0.0"), by("ann"))), "version_already_published");
}

TEST_F(CommitTest, WhoMayPublish) {
  ASSERT_TRUE(publish_now(candidate("pkg", "1.0.0"), by("ann")));
  PublishOrder anonymous;
  EXPECT_EQ(code(publish_now(candidate("pkg", "1.0.1"), anonymous)), "not_signed_in");
  EXPECT_EQ(code(publish_now(candidate("new", "1.0.1"), anonymous)), "not_signed_in");
  EXPECT_EQ(code(publish_now(candidate("pkg", "1.0.1"), by("eve"))), "publish_not_permitted");
  EXPECT_EQ(code(publish_now(candidate("pkg", "1.0.1"), by_machine("other"))),
            "publish_not_permitted");
  EXPECT_EQ(code(publish_now(candidate("pkg", "1.0.1"), by_machine("pkg"))), "ok");
}

TEST_F(CommitTest, ExchangedTokensCreateOnlyWhatWasPreparedForThem) {
  PublishOrder order = by_machine("@acme/new");
  order.scope_owner = "org";
  order.may_create = false;
  EXPECT_EQ(code(publish_now(candidate("@acme/new", "1.0.0"), order)), "package_not_found");
  order.may_create = true;
  EXPECT_EQ(code(publish_now(candidate("@acme/other", "1.0.0"), order)), "scope_not_permitted");
  EXPECT_EQ(code(publish_now(candidate("@acme/new", "1.0.0"), order)), "ok");
  EXPECT_TRUE(snapshot("@acme/new").maintainers.empty());
  EXPECT_EQ(snapshot("@acme/new").package.owner, "org");
  // Without a scope's owner it would be nobody's.
  EXPECT_EQ(code(publish_now(candidate("new", "1.0.0"), by_machine("new"))),
            "publish_not_permitted");
  order = by_machine("new");
  order.first_maintainers = {{"ann", ""}};
  EXPECT_EQ(code(publish_now(candidate("new", "1.0.0"), order)), "ok");
  EXPECT_EQ(snapshot("new").maintainers[0].name, "ann");
}

TEST_F(CommitTest, ScopesBelongToTheirOrganisation) {
  PublishOrder order = by("ann");
  order.scope_owner = "org";
  EXPECT_EQ(code(publish_now(candidate("@acme/pkg", "1.0.0"), order)), "scope_not_permitted");
  order.caller.organizations = {{"org", false}};
  EXPECT_EQ(code(publish_now(candidate("@acme/pkg", "1.0.0"), order)), "ok");
  EXPECT_EQ(code(publish_now(candidate("@ann/pkg", "1.0.0"), by("ann"))), "ok");
  EXPECT_EQ(code(publish_now(candidate("@bob/pkg", "1.0.0"), by("ann"))), "scope_not_permitted");
  // The scope's owner does not become the owner of an unscoped package.
  EXPECT_EQ(code(publish_now(candidate("plain", "1.0.0"), order)), "ok");
  EXPECT_FALSE(snapshot("plain").package.owner);
}

TEST_F(CommitTest, LegacyNamesCannotBeNew) {
  for (const char* name : {"Capital", "fs", "a~b"}) {
    EXPECT_EQ(code(publish_now(candidate(name, "1.0.0"), by("ann"))), "invalid_package_name");
  }
}

TEST_F(CommitTest, RestrictedOnesAreHiddenFromStrangers) {
  PublishCandidate first = candidate("@ann/pkg", "1.0.0");
  first.access = Access::restricted;
  ASSERT_TRUE(publish_now(first, by("ann")));
  EXPECT_EQ(snapshot("@ann/pkg").package.access, Access::restricted);
  EXPECT_EQ(code(publish_now(candidate("@ann/pkg", "1.0.1"), by("eve"))), "package_not_found");
}

TEST_F(CommitTest, AccessFollowsOnlyWhoMayChangeIt) {
  PublishCandidate it = candidate("@ann/pkg", "1.0.0");
  it.access = Access::restricted;
  ASSERT_TRUE(publish_now(it, by("ann")));
  it = candidate("@ann/pkg", "1.0.1");
  it.access = Access::open;
  EXPECT_EQ(code(publish_now(it, by_machine("@ann/pkg"))), "publish_not_permitted");
  EXPECT_EQ(snapshot("@ann/pkg").package.access, Access::restricted);
  it.access.reset();
  EXPECT_EQ(code(publish_now(it, by_machine("@ann/pkg"))), "ok");
  it = candidate("@ann/pkg", "1.0.2");
  it.access = Access::open;
  EXPECT_EQ(code(publish_now(it, by("ann"))), "ok");
  EXPECT_EQ(snapshot("@ann/pkg").package.access, Access::open);
}

TEST_F(CommitTest, TrustedPublishersAndApproversAreNamed) {
  ASSERT_TRUE(publish_now(candidate("pkg", "1.0.0"), by("ann")));
  PublishOrder order = by_machine("pkg");
  order.publisher.approver = {"ann", "ann@example.org"};
  ASSERT_TRUE(publish_now(candidate("pkg", "1.0.1"), order));
  const PackageSnapshot it = snapshot("pkg");
  const json::value user = json::parse(it.versions[1].manifest).at("_npmUser");
  EXPECT_EQ(user.at("trustedPublisher").at("oidcConfigId"), "oidc:1");
  EXPECT_EQ(user.at("approver").at("name"), "ann");
  EXPECT_EQ(it.maintainers.size(), 1u);  // the machine does not become a maintainer
}

TEST_F(CommitTest, StagingHoldsTheNumber) {
  ASSERT_TRUE(publish_now(candidate("pkg", "1.0.0"), by("ann")));
  PublishOrder order = by_machine("pkg");
  order.stage_id = "stage-1";
  const auto stage_now = [&](const PublishCandidate& it, const PublishOrder& how) {
    return database->write([&](db::Session& s) { return stage(s, it, how, now); });
  };
  ASSERT_TRUE(stage_now(candidate("pkg", "1.1.0"), order));
  EXPECT_EQ(snapshot("pkg").versions.size(), 1u);  // not public
  const auto over = publish_now(candidate("pkg", "1.1.0"), by("ann"));
  ASSERT_FALSE(over);
  EXPECT_EQ(over.error().kind(), FailureKind::conflict);
  EXPECT_EQ(over.error().code(), "version_staged");
  PublishOrder second = order;
  second.stage_id = "stage-2";
  const auto staged = stage_now(candidate("pkg", "1.1.0"), second);
  EXPECT_EQ(code(staged), "version_staged");
  EXPECT_TRUE(staged.error().message.contains("approve or reject that first"));
  // Also of a direct publish that is to be held back: it says what publish() would have said.
  const auto published = stage_now(candidate("pkg", "1.0.0"), second);
  EXPECT_EQ(code(published), "version_already_published");
  EXPECT_EQ(published.error().message,
            publish_now(candidate("pkg", "1.0.0"), second).error().message);
  EXPECT_EQ(code(publish_now(candidate("pkg", "1.1.0"), second)), "version_staged");

  // Approving publishes under the release's own reservation.
  EXPECT_EQ(code(publish_now(candidate("pkg", "1.1.0"), order)), "ok");
  EXPECT_EQ(snapshot("pkg").dist_tags.at("latest"), "1.1.0");
  // Rejecting afterwards changes nothing.
  write([&](db::Session& s) { unstage(s, "pkg", "1.1.0", "stage-1"); });
  EXPECT_EQ(snapshot("pkg").versions.size(), 2u);
}

TEST_F(CommitTest, ARejectedStageFreesTheNumber) {
  PublishOrder order = by("ann");
  order.stage_id = "stage-1";
  ASSERT_TRUE(database->write(
      [&](db::Session& s) { return stage(s, candidate("pkg", "1.0.0"), order, now); }));
  EXPECT_FALSE(snapshot("pkg").has_published());
  write([&](db::Session& s) { unstage(s, "pkg", "1.0.0", "stage-1"); });
  EXPECT_EQ(code(publish_now(candidate("pkg", "1.0.0"), by("ann"))), "ok");
}

TEST_F(CommitTest, RefusedPublishLeavesNothing) {
  PublishOrder order = by("ann");
  order.scope_owner = "org";
  ASSERT_FALSE(publish_now(candidate("@acme/pkg", "1.0.0"), order));
  EXPECT_FALSE(read<bool>([](db::Session& s) { return find_package(s, "@acme/pkg").has_value(); }));
}

// Two versions published at once must both be there: the row's unique key and the writer decide,
// not a document that is read, changed and written back.
TEST(ConcurrentPublish, LosesNoVersion) {
  const std::string path = std::filesystem::temp_directory_path() /
                           ("imp-publish-" + std::to_string(::getpid()) + ".db");
  {
    auto opened = db::open_sqlite({.path = path});
    ASSERT_TRUE(opened);
    db::Database& database = **opened;
    ASSERT_TRUE(database.migrate(package_migrations()));
    ASSERT_TRUE(database.migrate(brake_migrations()));
    const RegistryKey key{crypto::PrivateKey::generate(crypto::KeyKind::p256)};
    struct Maker : PublishTest {
      void TestBody() override {}
      using PublishTest::by;
      using PublishTest::candidate;
    };
    constexpr int threads = 16;
    constexpr int each = 8;
    std::atomic<int> accepted = 0;
    std::atomic<int> same_accepted = 0;
    std::vector<std::thread> publishers;
    for (int t = 0; t < threads; ++t) {
      publishers.emplace_back([&, t] {
        const auto send = [&](const PublishCandidate& it) {
          return database.write([&](db::Session& session) {
            return publish(session, it, Maker::by("ann"), key, from_milliseconds(1000));
          });
        };
        for (int i = 0; i < each; ++i) {
          const auto published =
              send(Maker::candidate("pkg", "1." + std::to_string(t) + "." + std::to_string(i)));
          if (published && !published->repeated) ++accepted;
        }
        // All of them want this number, with bytes of their own.
        PublishCandidate wanted = Maker::candidate("pkg", "9.0.0");
        wanted.tarball.sha512 += std::to_string(t);
        if (send(wanted)) ++same_accepted;
      });
    }
    for (std::thread& publisher : publishers) publisher.join();
    EXPECT_EQ(accepted, threads * each);
    EXPECT_EQ(same_accepted, 1);
    const auto all = database.read([](db::Session& session) -> Result<PackageSnapshot> {
      return *load_snapshot(session, "pkg");
    });
    EXPECT_EQ(all->versions.size(), static_cast<std::size_t>(threads * each + 1));
    EXPECT_EQ(all->package.revision, 1 + threads * each + 1);
  }
  for (const char* suffix : {"", "-wal", "-shm"}) std::filesystem::remove(path + suffix);
}

}  // namespace
}  // namespace imp::registry
