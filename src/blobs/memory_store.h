#pragma once

#include <map>
#include <mutex>
#include <string>

#include "blobs/store.h"

namespace imp::blobs {

/// Blobs in memory, for tests, with failures on demand. Counted calls are those of begin, open,
/// exists, remove, verify, each and those of age, and of write and finish of its writers.
/// Thread-safe; must outlive its writers.
class MemoryStore final : public Store {
 public:
  Result<std::unique_ptr<BlobWriter>> begin() override;
  Result<OpenBlob> open(const std::string& sha512) override;
  Result<bool> exists(const std::string& sha512) override;
  Result<void> remove(const std::string& sha512) override;
  Result<Blob> verify(const std::string& sha512) override;
  Result<void> each(const std::function<void(const Blob&)>& tell) override;
  Result<std::vector<Blob>> stored_before(const std::string& first_two, Time before) override;
  Result<bool> remove_stored_before(const std::string& sha512, Time before) override;

  /// The n-th call from now (1 is the next) fails as a broken storage does.
  void fail_call(std::size_t n);
  /// How many calls there were.
  std::size_t calls() const;
  std::size_t size() const;  ///< how many blobs there are
  /// Changes the bytes of a stored blob, as a failing disk would.
  void damage(const std::string& sha512);

 private:
  class Writer;
  Result<void> call();
  Result<std::string> find(const std::string& sha512);

  mutable std::mutex mutex_;
  struct Stored {
    std::string bytes;
    Time at;
  };
  std::map<std::string, Stored> blobs_;
  std::size_t calls_ = 0;
  std::size_t fail_at_ = 0;
};

}  // namespace imp::blobs
