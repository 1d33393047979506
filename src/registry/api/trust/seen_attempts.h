#pragma once

#include <optional>
#include <vector>

#include "registry/api/trust/trust_place.h"
#include "registry/trust/attempt.h"

namespace imp::registry {

/// "Publish attempts" of a name, as somebody who governs it, or may create it, sees them. What was
/// compared with publishers that others prepared is left out, with the sentence that may tell of
/// it; of a name without a package, so are attempts that met none of the asker's. They are as they
/// were at the time of asking: `session` must outlive it.
class SeenAttempts {
 public:
  SeenAttempts(db::Session& session, const PackageName& name, const TrustPlace& place,
               const Caller& caller);

  /// The newest first.
  std::vector<trust::Attempt> list(int limit);
  /// One of the name's; nothing when it is not theirs to see.
  std::optional<trust::Attempt> one(trust::Attempt attempt);

 private:
  bool sees_publisher(std::string_view id, Time at);

  db::Session& session_;
  const PackageName& name_;
  const TrustPlace& place_;
  const Caller& caller_;
  std::optional<Time> since_;  // when the package came to be
};

}  // namespace imp::registry
