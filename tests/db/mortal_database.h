#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <utility>

#include "db/database.h"

namespace imp::db::test {

/// When a process dies, as seen from its write transactions.
enum class Death {
  none,
  between,        ///< after one and before the next: also nothing is read any more
  before_commit,  ///< in one: nothing of it is kept
  after_commit,   ///< in one: all of it is kept, and nobody was told
};

/// A database in front of another one that can die, as it does for a process that is killed: every
/// call fails from then on. Used to stop an operation anywhere between or in its transactions.
class MortalDatabase final : public Database {
 public:
  explicit MortalDatabase(Database& store) : store_(store) {}

  /// Dies after `writes` more write transactions, or in the one that follows them.
  void die_after(std::int64_t writes, Death when = Death::between) {
    left_ = writes;
    death_ = when;
  }
  /// The next process.
  void revive() {
    dead_ = false;
    death_ = Death::none;
  }
  bool dead() const { return dead_ || (death_ == Death::between && left_ == 0); }
  /// Once, after `writes` more write transactions and before the next: what somebody else does
  /// between two transactions of one operation.
  void between(std::int64_t writes, std::function<void()> action) {
    pause_at_ = writes_ + writes;
    action_ = std::move(action);
  }
  std::int64_t writes() const { return writes_; }

  Result<void> migrate(const std::vector<Migration>& migrations) override {
    return store_.migrate(migrations);
  }
  void stop() override { store_.stop(); }

 protected:
  Result<void> run_read(const std::function<bool(Session&)>& body) override {
    if (dead()) return killed();
    bool kept = true;
    auto done = store_.read([&](Session& session) { return call(body, session, kept); });
    return kept ? done : Result<void>{};
  }
  Result<void> run_write(const std::function<bool(Session&)>& body) override {
    if (dead()) return killed();
    if (action_ && writes_ == pause_at_) std::exchange(action_, nullptr)();
    const bool dies = death_ != Death::none && left_ == 0;
    const bool undone = dies && death_ == Death::before_commit;
    bool kept = true;
    auto done = store_.write([&](Session& session) -> Result<void> {
      auto result = call(body, session, kept);
      return result && undone ? killed() : std::move(result);
    });
    ++writes_;
    if (left_ > 0) --left_;
    if (dies) {
      dead_ = true;
      return killed();
    }
    return kept ? done : Result<void>{};
  }

 private:
  static Result<void> killed() { return refuse(StoreRefusal::stopping, "The process was killed."); }
  static Result<void> call(const std::function<bool(Session&)>& body, Session& session,
                           bool& kept) {
    kept = body(session);
    if (kept) return {};
    return refuse(StoreRefusal::broken, "rolled back");
  }

  Database& store_;
  std::atomic<std::int64_t> left_ = 0;
  std::atomic<std::int64_t> writes_ = 0;
  std::atomic<Death> death_ = Death::none;
  std::atomic<bool> dead_ = false;
  std::int64_t pause_at_ = 0;
  std::function<void()> action_;
};

}  // namespace imp::db::test
