#pragma once

#include <mutex>
#include <string>
#include <unordered_map>

#include "base/clock.h"

namespace imp::accounts {

/// The times of last use that are not written yet. Thread-safe.
class LastUsed {
 public:
  void note(const std::string& key, Time now);
  std::unordered_map<std::string, Time> take();

 private:
  std::mutex mutex_;
  std::unordered_map<std::string, Time> times_;
};

}  // namespace imp::accounts
