#include "app/blob_sweep.h"

#include <array>

#include "base/encoding.h"
#include "registry/packages/version_store.h"
#include "registry/staging/staged_release.h"

namespace imp::app {

namespace {

constexpr Milliseconds kPeriod = std::chrono::minutes(1);
constexpr Milliseconds kLeastAge = std::chrono::hours(24);

}  // namespace

BlobSweep::BlobSweep(blobs::Store& blobs, db::Database& database, const Clock& clock, Log& log,
                     Metrics& metrics)
    : blobs_(blobs),
      database_(database),
      clock_(clock),
      log_(log),
      metrics_(metrics),
      next_round_(clock.now() + kPeriod) {}

void BlobSweep::round() {
  if (clock_.now() < next_round_) return;
  next_round_ = clock_.now() + kPeriod;
  const std::string part = hex(std::array{next_part_++});
  if (const auto swept = sweep(part); !swept) {
    log_.warning("tarballs not swept", {{"part", part}, {"reason", swept.error().detail}});
  }
}

Result<void> BlobSweep::sweep(const std::string& first_two) {
  const Time before = clock_.now() - kLeastAge;
  const auto old = blobs_.stored_before(first_two, before);
  if (!old) return pass_on(old);
  std::vector<blobs::Blob> unused;
  const auto asked = database_.read([&](db::Session& session) -> Result<void> {
    for (const blobs::Blob& blob : *old) {
      if (registry::tarball_in_use(session, blob.sha512)) continue;
      if (registry::staged_tarball_in_use(session, blob.sha512)) continue;
      unused.push_back(blob);
    }
    return {};
  });
  if (!asked) return pass_on(asked);
  for (const blobs::Blob& blob : unused) {
    const auto gone = blobs_.remove_stored_before(blob.sha512, before);
    if (!gone) return pass_on(gone);
    if (!*gone) continue;  // a publish has just stored it again
    metrics_.count("registry_swept_tarballs_total");
    metrics_.count("registry_swept_bytes_total", {}, static_cast<double>(blob.size));
    log_.info("tarball removed: nothing refers to it",
              {{"sha512", blob.sha512}, {"bytes", std::to_string(blob.size)}});
  }
  return {};
}

}  // namespace imp::app
