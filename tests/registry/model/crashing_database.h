#pragma once

#include <cstdint>
#include <functional>
#include <utility>

#include "db/database.h"

namespace imp::registry::model {

/// When the process dies, as seen from a write transaction.
enum class Crash {
  none,
  before_commit,  ///< nothing of it is kept
  after_commit,   ///< all of it is, and nobody was told
};

/// A database in front of another one whose process can die at a write.
class CrashingDatabase final : public db::Database {
 public:
  explicit CrashingDatabase(db::Database& store) : store_(store) {}

  /// At the write after `writes` more.
  void crash_at(std::int64_t writes, Crash when) {
    left_ = writes;
    crash_ = when;
  }
  void never_crash() { crash_ = Crash::none; }
  bool crashed() const { return crashed_; }
  /// The next process.
  void start() {
    crashed_ = false;
    never_crash();
  }

  Result<void> migrate(const std::vector<db::Migration>& migrations) override {
    return store_.migrate(migrations);
  }
  void stop() override { store_.stop(); }

 protected:
  Result<void> run_read(const std::function<bool(db::Session&)>& body) override {
    if (crashed_) return dead();
    bool kept = true;
    auto done = store_.read([&](db::Session& session) { return call(body, session, kept); });
    return kept ? done : Result<void>{};
  }
  Result<void> run_write(const std::function<bool(db::Session&)>& body) override {
    if (crashed_) return dead();
    const bool dies = crash_ != Crash::none && left_-- == 0;
    bool kept = true;
    auto done = store_.write([&](db::Session& session) -> Result<void> {
      auto result = call(body, session, kept);
      if (!result || !(dies && crash_ == Crash::before_commit)) return result;
      return dead();
    });
    if (dies) {
      crashed_ = true;
      return dead();
    }
    return kept ? done : Result<void>{};
  }

 private:
  static std::unexpected<Failure> dead() {
    return refuse(db::StoreRefusal::stopping, "The process was killed.");
  }
  static Result<void> call(const std::function<bool(db::Session&)>& body, db::Session& session,
                           bool& kept) {
    kept = body(session);
    if (kept) return {};
    return refuse(db::StoreRefusal::broken, "rolled back");
  }

  db::Database& store_;
  std::int64_t left_ = 0;
  Crash crash_ = Crash::none;
  bool crashed_ = false;
};

}  // namespace imp::registry::model
