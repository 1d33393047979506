#pragma once

#include <list>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/failure.h"

namespace imp::registry {

/// The exchanges that were refused lately. npm goes on without a token when its exchange is
/// refused, and fails with a publish that nobody has signed: this is how that answer can name the
/// reason. Of this process alone, bounded in time, in number, and in number for each address, so
/// that one client cannot push out the others. Thread-safe.
class RefusedExchanges {
 public:
  static constexpr Milliseconds kRemembered = std::chrono::minutes(10);
  static constexpr std::size_t kMost = 4096;
  static constexpr std::size_t kMostOfOneAddress = 16;

  struct Refused {
    std::string code, message, attempt_id;
    Time at;
  };

  explicit RefusedExchanges(const Clock& clock) : clock_(clock) {}

  void refused(std::string_view package, std::string_view address, const Failure& failure,
               std::string_view attempt_id);
  /// The exchange succeeded: what came before is no reason any more.
  void granted(std::string_view package, std::string_view address);
  std::optional<Refused> find(std::string_view package, std::string_view address) const;

 private:
  struct Entry {
    std::string key, address;
    Refused refused;
  };
  using Place = std::list<Entry>::iterator;
  void forget(Place place);

  const Clock& clock_;
  mutable std::mutex mutex_;
  std::list<Entry> by_age_;  ///< oldest first
  std::map<std::string, Place, std::less<>> by_key_;
  std::map<std::string, std::size_t, std::less<>> of_address_;
};

/// What a publish that came without rights is told of an exchange that was refused before from the
/// same address, which others may share: its id always; its code when everybody may read the
/// package, or when it would be the same for any package; its sentence in the latter case alone.
std::string told_of(const RefusedExchanges::Refused& refused, bool package_is_public, Time now);

}  // namespace imp::registry
