#pragma once

#include <optional>
#include <string>

#include "base/failure.h"
#include "db/database.h"

namespace imp::registry {

/// How many more publishers one person may prepare for packages that do not exist
/// (trust::kMaxPendingOfPerson), kept over several changes in one session so that they are counted
/// once.
class PendingRoom {
 public:
  explicit PendingRoom(std::string person) : person_(std::move(person)) {}

  /// Takes room for so many after others of theirs went; too_many_publishers when there is none.
  Result<void> take(db::Session& session, std::size_t more, std::size_t gone = 0);

 private:
  std::string person_;
  std::optional<std::int64_t> waiting_;
};

}  // namespace imp::registry
