#pragma once

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "blobs/store.h"
#include "db/database.h"

namespace imp::app {

/// Removes the tarballs that nothing refers to: of refused publishes, of unpublished versions and
/// of staged releases that were not approved. One that was stored less than a day ago stays, since
/// its publish may not have ended. Used by one thread at a time.
class BlobSweep {
 public:
  BlobSweep(blobs::Store& blobs, db::Database& database, const Clock& clock, Log& log,
            Metrics& metrics);

  /// Looks at one part in 256 of the store, the next one each minute; does nothing when called
  /// sooner. A failure is logged, and that part's turn comes again.
  void round();

 private:
  Result<void> sweep(const std::string& first_two);

  blobs::Store& blobs_;
  db::Database& database_;
  const Clock& clock_;
  Log& log_;
  Metrics& metrics_;
  Time next_round_;
  std::uint8_t next_part_ = 0;
};

}  // namespace imp::app
