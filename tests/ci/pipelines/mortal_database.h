#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <utility>

#include "db/database.h"

namespace imp::ci {

/// A database in front of another one that can die: after a number of write transactions every call
/// fails, as it does for a process that was killed. Used to stop an operation between any two of
/// its transactions.
class MortalDatabase final : public db::Database {
 public:
  explicit MortalDatabase(db::Database& store) : store_(store) {}

  /// Dies after `writes` more write transactions.
  void die_after(std::int64_t writes) { left_ = writes; }
  void revive() { left_ = immortal; }
  bool dead() const { return left_ == 0; }
  /// Once, after `writes` more write transactions and before the next: what somebody else does
  /// between two transactions of one operation.
  void between(std::int64_t writes, std::function<void()> action) {
    pause_at_ = writes_ + writes;
    action_ = std::move(action);
  }
  std::int64_t writes() const { return writes_; }

  Result<void> migrate(const std::vector<db::Migration>& migrations) override {
    return store_.migrate(migrations);
  }
  void stop() override { store_.stop(); }

 protected:
  Result<void> run_read(const std::function<bool(db::Session&)>& body) override {
    if (dead()) return killed();
    bool kept = true;
    auto done = store_.read([&](db::Session& session) { return call(body, session, kept); });
    return kept ? done : Result<void>{};
  }
  Result<void> run_write(const std::function<bool(db::Session&)>& body) override {
    if (dead()) return killed();
    if (action_ && writes_ == pause_at_) std::exchange(action_, nullptr)();
    bool kept = true;
    auto done = store_.write([&](db::Session& session) { return call(body, session, kept); });
    ++writes_;
    if (left_ > 0) --left_;
    return kept ? done : Result<void>{};
  }

 private:
  static constexpr std::int64_t immortal = -1;
  static std::unexpected<Failure> killed() {
    return refuse(db::StoreRefusal::stopping, "The process was killed.");
  }
  static Result<void> call(const std::function<bool(db::Session&)>& body, db::Session& session,
                           bool& kept) {
    kept = body(session);
    if (kept) return {};
    return refuse(db::StoreRefusal::broken, "rolled back");
  }

  db::Database& store_;
  std::atomic<std::int64_t> left_ = immortal;
  std::atomic<std::int64_t> writes_ = 0;
  std::int64_t pause_at_ = 0;
  std::function<void()> action_;
};

}  // namespace imp::ci
