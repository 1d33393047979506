#pragma once

#include "base/failure.h"

namespace imp::db {

/// Stands around each call of a transaction's body. A body that calls the database by itself would
/// wait for the very thread it runs on; with this it is refused at once.
class BodyScope {
 public:
  BodyScope() { active_ = true; }
  ~BodyScope() { active_ = false; }
  BodyScope(const BodyScope&) = delete;
  BodyScope& operator=(const BodyScope&) = delete;

  /// A failure when this thread is inside a body.
  static Result<void> refuse_inside();

 private:
  static thread_local bool active_;
};

}  // namespace imp::db
