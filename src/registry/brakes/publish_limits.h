#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/clock.h"
#include "db/database.h"

namespace imp::registry {

/// How many versions may be published directly within an hour; 0 for any number. What goes beyond
/// is not refused but staged, where a person decides.
struct PublishLimits {
  std::int64_t per_publisher = 0;  ///< by one trusted publisher, or by one person
  std::int64_t per_repository =
      0;  ///< from one project of a CI provider, for all packages together
  bool any() const { return per_publisher > 0 || per_repository > 0; }
};

/// Whose publish it is.
struct PublishSource {
  std::string publisher;   ///< "publisher:<id>" or "user:alice"
  std::string repository;  ///< issuer and project; empty for people and where it is not known
  std::string repository_name = {};  ///< for people
};

/// Why one more publish would be one too many, or may be because a clock that was ahead has let
/// publishes of this hour be forgotten; nothing when it would not. At most as many rows are
/// looked at as the limit has, however many were ever published. In the transaction that publishes.
std::optional<std::string> excess(db::Session& session, const PublishLimits& limits,
                                  const PublishSource& source, Time now);
/// Counts one that is published, for the limits that there are.
void count_publish(db::Session& session, const PublishLimits& limits, const PublishSource& source,
                   Time now);
/// Forgets what is older than two hours (db/forgotten.h). Call now and then.
void forget_publishes(db::Session& session, Time now);

}  // namespace imp::registry
