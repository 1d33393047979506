#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "http/response.h"
#include "registry/api/requester.h"
#include "registry/api/services.h"
#include "registry/staging/stage_events.h"

namespace imp::registry {

/// Where a listener begins.
struct ListenFrom {
  StageEventId after = 0;
  bool gap = false;  ///< they may have missed events before, and are told so
  StageEventFilter filter;
};

/// Tells one listener, as server-sent events, what happens to the releases that they may decide
/// (docs/wire.md). Each event is told only while the credential stands and the person may decide
/// the package's releases; a credential that does not stand ends the stream at the next event. No
/// stream goes on for longer than five minutes: the listener asks again, and is asked who it is.
///
/// While nothing happens to any staged release a stream costs no look into the database. What is
/// waiting to be sent is at most one step: 64 KiB and an event.
class StageListener {
 public:
  static constexpr std::chrono::minutes kLongest{5};
  static constexpr std::size_t kMostBytes = std::size_t{64} * 1024;

  /// `seat` is held as long as the stream (StageFeed::take_seat()).
  StageListener(RegistryServices& services, Requester requester, ListenFrom from,
                std::shared_ptr<const void> seat);

  http::StreamStep next();

 private:
  /// What was not told yet, as bytes, or why nothing is told any more.
  Result<std::string> news();
  bool signed_out() const;

  RegistryServices& services_;
  const Requester requester_;
  ListenFrom from_;
  const std::shared_ptr<const void> seat_;
  const std::string topic_;
  const Time ends_;
  std::uint64_t changes_ = 0;  ///< of the feed, when the events were last looked at
  bool began_ = false;
  bool more_ = true;  ///< the last look may have left some
};

}  // namespace imp::registry
