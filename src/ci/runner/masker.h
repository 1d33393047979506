#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <vector>

namespace imp::ci::runner {

/// The values that must not appear in a job's output, in every form of secret_forms.h. Grows while
/// the job runs: a minted token is added before the job hears it. Thread-safe.
class Secrets {
 public:
  void add(std::string_view value);

 private:
  friend class Masker;

  mutable std::shared_mutex mutex_;
  std::vector<std::string> values_;
  /// Indexes into values_ by first byte.
  std::array<std::vector<std::uint32_t>, 256> by_first_byte_;
};

/// Replaces every occurrence of a secret in one stream of output by `****`, wherever the stream was
/// cut into pieces. Occurrences that overlap become one `****`, so nothing of the second shows.
class Masker {
 public:
  explicit Masker(const Secrets& secrets) : secrets_(&secrets) {}

  /// What can be shown after these bytes. Holds back what may be the start of a secret, which is
  /// always less than the longest secret.
  std::string push(std::string_view bytes);
  /// The rest, at the end of the stream.
  std::string finish();

 private:
  std::string drain(bool at_end);

  const Secrets* secrets_;
  std::string held_;
  std::size_t covered_ = 0;  ///< that many first bytes of held_ belong to a `****` already written
};

/// One whole text, masked.
std::string masked(const Secrets& secrets, std::string_view text);

}  // namespace imp::ci::runner
