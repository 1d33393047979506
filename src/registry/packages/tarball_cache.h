#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "http/prepared.h"

namespace imp::registry {

/// Tarballs of public packages, open and ready to be sent, by the SHA-512 of their bytes. Says
/// nothing about who may read them: a tarball is looked up here once its package said so. Bounded
/// by number, since each holds a descriptor. Thread-safe; find() takes one shared lock and
/// allocates nothing.
class TarballCache {
 public:
  explicit TarballCache(std::size_t limit);

  /// What is kept, or null.
  std::shared_ptr<const http::Prepared> find(std::string_view sha512) const;
  /// Keeps it, in the place of one that was not asked for lately when there are too many.
  void keep(const std::string& sha512, std::shared_ptr<const http::Prepared> tarball);
  /// The blob was stored anew: the file that is open may be the one that was damaged.
  void forget(std::string_view sha512);

 private:
  struct Slot {
    std::string sha512;
    std::shared_ptr<const http::Prepared> tarball;  ///< null: free
    // Set by readers under the shared lock; the hand takes it away before it takes the slot.
    mutable std::atomic<bool> used = false;
  };
  std::size_t free_slot();

  mutable std::shared_mutex mutex_;
  std::vector<Slot> slots_;
  std::unordered_map<std::string_view, std::size_t> places_;  ///< keys are in the slots
  std::size_t hand_ = 0;
};

}  // namespace imp::registry
