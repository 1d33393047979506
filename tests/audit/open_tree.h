#pragma once

#include "audit/open_log.h"
#include "audit/transparency_log.h"
#include "audit/tree_verify.h"
#include "crypto/sealing.h"

namespace imp::audit {

inline constexpr std::string_view kOrigin = "npm.example.org/-/audit";

/// A log with its tree, in memory or in a file. Its first record is the making of its key.
struct OpenTree {
  explicit OpenTree(const std::string& path = ":memory:")
      : store(db::open_or_abort({.path = path})) {
    EXPECT_TRUE(store->migrate(migrations()));
    EXPECT_TRUE(log.keys().ensure(std::string(kOrigin)));
  }

  /// Sample records until the log has that many.
  void grow(std::int64_t records) {
    const auto done = store->write([&](db::Session& session) -> Result<void> {
      const auto head = session.row("SELECT records FROM audit_head");
      for (std::int64_t number = head->integer(0) + 1; number <= records; ++number) {
        append(session, sample(static_cast<int>(number)));
      }
      return {};
    });
    EXPECT_TRUE(done);
  }
  void grow_and_seal(std::int64_t records) {
    grow(records);
    const auto sealed = log.seal_all();
    ASSERT_TRUE(sealed) << sealed.error().message;
    ASSERT_EQ(sealed->size, records);
  }
  void sql(const std::string& text) {
    const auto done = db::run(*store, text);
    ASSERT_TRUE(done) << text << ": " << done.error().detail;
  }
  std::vector<tlog::VerifierKey> trusted() const {
    std::vector<tlog::VerifierKey> keys;
    for (const LogKey& one : *log.keys().list()) keys.push_back(one.key);
    return keys;
  }
  /// The last checkpoint, as somebody would note it who knows the key.
  Remembered remember(std::string name = "noted.txt") const {
    const auto opened = tlog::open_checkpoint(log.checkpoint()->checkpoint, trusted());
    EXPECT_TRUE(opened) << opened.error().message;
    return {std::move(name), opened->checkpoint};
  }
  LogReport verified(std::vector<Remembered> remembered = {}) const {
    auto report = verify_log(*store, log.keys(), {}, std::move(remembered));
    EXPECT_TRUE(report) << report.error().detail;
    return std::move(*report);
  }

  std::unique_ptr<db::Database> store;
  crypto::Sealer sealer{Bytes(32, 7)};
  ManualClock clock{from_milliseconds(1'790'000'000'000)};
  TransparencyLog log{*store, sealer, clock};
};

}  // namespace imp::audit
