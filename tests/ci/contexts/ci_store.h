#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "accounts/actor.h"
#include "accounts/schema.h"
#include "audit/log.h"
#include "base/clock.h"
#include "base/metrics.h"
#include "crypto/sealing.h"
#include "db/database.h"
#include "mail/outbox.h"

namespace imp::ci {

/// A database of its own for each test, with the tables of people and of the audit log.
class CiStore : public ::testing::Test {
 protected:
  enum class Place { memory, disk };

  explicit CiStore(const std::vector<std::vector<db::Migration>>& migrations,
                   Place place = Place::memory) {
    db::SqliteOptions options{.path = ":memory:"};
    if (place == Place::disk) {
      options.path = directory() + "/test.db";
    }
    database_ = std::move(db::open_sqlite(options).value());
    std::vector<db::Migration> all = audit::migrations();
    std::ranges::copy(mail::migrations(), std::back_inserter(all));
    std::ranges::copy(accounts::migrations(), std::back_inserter(all));
    for (const auto& list : migrations) std::ranges::copy(list, std::back_inserter(all));
    const auto migrated = database_->migrate(all);
    if (!migrated) ADD_FAILURE() << migrated.error().detail;
  }
  ~CiStore() override {
    database_.reset();
    if (!directory_.empty()) std::filesystem::remove_all(directory_);
  }

  /// A directory that goes with the test.
  const std::string& directory() {
    if (directory_.empty()) {
      std::string pattern = std::filesystem::temp_directory_path() / "imp-ci-XXXXXX";
      directory_ = mkdtemp(pattern.data());
    }
    return directory_;
  }

  /// Every byte of every file of the database.
  std::string bytes_on_disk() {
    std::string bytes;
    for (const auto& file : std::filesystem::recursive_directory_iterator(directory())) {
      if (!file.is_regular_file()) continue;
      std::ifstream stream(file.path(), std::ios::binary);
      bytes.append(std::istreambuf_iterator<char>(stream), {});
    }
    return bytes;
  }

  std::vector<audit::Entry> audited(const std::string& action_prefix = {}) {
    return audit::list(*database_, {.action_prefix = action_prefix, .limit = 1000})->entries;
  }

  ManualClock clock_{Time(std::chrono::seconds(1'790'000'000))};
  Metrics metrics_;
  crypto::Sealer sealer_{Bytes(32, 7)};
  std::string directory_;
  std::unique_ptr<db::Database> database_;
  const accounts::Actor alice_{.person_id = "3c4d0000-0000-4000-8000-000000000001",
                               .name = "alice",
                               .via = "session",
                               .address = "192.0.2.1",
                               .request_id = "request-1"};
  const std::string organization_ = "0f0e0000-0000-4000-8000-000000000001";
  const std::string other_organization_ = "0f0e0000-0000-4000-8000-000000000002";
};

}  // namespace imp::ci
