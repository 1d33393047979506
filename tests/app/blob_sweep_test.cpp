#include "app/blob_sweep.h"

#include <gtest/gtest.h>

#include "app/store.h"
#include "base/encoding.h"
#include "blobs/memory_store.h"
#include "db/temporary_directory.h"
#include "registry/packages/store.h"
#include "registry/packages/version_store.h"

namespace imp::app {
namespace {

constexpr int kParts = 256;

class BlobSweepTest : public testing::Test {
 protected:
  std::string stored(std::string_view bytes) { return blobs::put(blobs_, bytes_of(bytes))->sha512; }
  void write(const std::function<void(db::Session&)>& work) {
    ASSERT_TRUE(store_.database->write([&](db::Session& session) -> Result<void> {
      work(session);
      return {};
    }));
  }
  /// As many rounds as the whole store has parts, a minute each, beginning `later` from now.
  void sweep_all(Milliseconds later) {
    clock_.set(SystemClock().now() + later);
    BlobSweep sweep(blobs_, *store_.database, clock_, null_log(), metrics_);
    for (int part = 0; part < kParts; ++part) {
      clock_.advance(std::chrono::minutes(1));
      sweep.round();
    }
  }

  test::TemporaryDirectory directory_;
  Store store_ = std::move(*open_store(directory_.file("data"), true));
  blobs::MemoryStore blobs_;
  ManualClock clock_{SystemClock().now()};
  Metrics metrics_;
};

TEST_F(BlobSweepTest, RemovesWhatNothingRefersToAndKeepsTheRest) {
  const std::string published = stored("published");
  const std::string staged = stored("staged");
  const std::string refused = stored("of a refused publish");
  write([&](db::Session& session) {
    session.run(
        "INSERT INTO package (id, name, access, created, modified, revision) "
        "VALUES ('p', 'tool', 'public', 0, 0, 0)");
    registry::VersionRecord record;
    record.package_id = "p";
    record.version = "1.0.0";
    record.tarball.sha512 = published;
    registry::insert_version(session, record);
    session.run(
        "INSERT INTO staged_release (id, package_id, package_name, version, sha512, candidate, "
        "publisher_name, publisher_email, run, access, created_at) "
        "VALUES ('s', 'p', 'tool', '1.1.0', :p1, '', '', '', '', 'public', 0)",
        {staged});
  });
  sweep_all(std::chrono::hours(25));
  EXPECT_EQ(blobs_.exists(published), true);
  EXPECT_EQ(blobs_.exists(staged), true);
  EXPECT_EQ(blobs_.exists(refused), false);
  EXPECT_TRUE(metrics_.exposition().contains("registry_swept_tarballs_total 1"));
  EXPECT_TRUE(metrics_.exposition().contains("registry_swept_bytes_total 20"));
}

// Its publish may still be between the tarball and the transaction.
TEST_F(BlobSweepTest, KeepsWhatIsYoungerThanADay) {
  const std::string young = stored("on its way");
  sweep_all(std::chrono::hours(19));  // 256 minutes later it is not a day old
  EXPECT_EQ(blobs_.exists(young), true);
}

TEST_F(BlobSweepTest, LooksAtOnePartAMinuteHoweverOftenItIsCalled) {
  const std::string unused = stored("unused");
  clock_.set(SystemClock().now() + std::chrono::hours(48));
  BlobSweep sweep(blobs_, *store_.database, clock_, null_log(), metrics_);
  const std::size_t before = blobs_.calls();
  for (int call = 0; call < 2 * kParts; ++call) sweep.round();
  EXPECT_EQ(blobs_.calls(), before);  // a minute must pass first
  clock_.advance(std::chrono::minutes(1));
  for (int call = 0; call < 2 * kParts; ++call) sweep.round();
  EXPECT_LE(blobs_.calls(), before + 2);  // one part: a list, and perhaps a removal
}

TEST_F(BlobSweepTest, APartThatFailedIsSweptTheNextTime) {
  const std::string unused = stored("unused");
  const auto part = std::stoul(unused.substr(0, 2), nullptr, 16);
  clock_.set(SystemClock().now() + std::chrono::hours(48));
  BlobSweep sweep(blobs_, *store_.database, clock_, null_log(), metrics_);
  for (unsigned long round = 0; round < kParts; ++round) {
    if (round == part) blobs_.fail_call(1);
    clock_.advance(std::chrono::minutes(1));
    sweep.round();
  }
  EXPECT_EQ(blobs_.exists(unused), true);
  for (int round = 0; round < kParts; ++round) {
    clock_.advance(std::chrono::minutes(1));
    sweep.round();
  }
  EXPECT_EQ(blobs_.exists(unused), false);
}

}  // namespace
}  // namespace imp::app
