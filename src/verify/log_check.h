#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "tlog/note.h"
#include "verify/attestation_check.h"
#include "verify/registry.h"
#include "verify/report.h"

namespace imp::verify {

/// What is known of the log from earlier.
struct LogMemory {
  std::vector<tlog::VerifierKey> keys;    ///< empty: those that the registry names are believed
  std::optional<std::string> checkpoint;  ///< a signed note
  bool wanted = false;  ///< the log's checkpoint is to be noted, if for nothing else
};

/// "inclusion" and "checkpoint": the record is in the log below a checkpoint that the log signed.
/// "consistency": that log begins with the one of the noted checkpoint. A record is in the log a
/// second after it was made: `wait` is called, some times, while it is not.
void check_log(const Registry& registry, const std::optional<RecordPlace>& place,
               const LogMemory& memory, const std::function<void()>& wait, Report& report);

}  // namespace imp::verify
