#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "http/response.h"

namespace imp::http {

/// Keeps bytes in a file that has no disk below it: the kernel sends its pages without copying
/// them, which for a larger body is a third of what answering costs. Thread-safe.
class PageStore : public std::enable_shared_from_this<PageStore> {
 public:
  /// Null when the system gives no such file.
  static std::shared_ptr<PageStore> create();
  ~PageStore();
  PageStore(const PageStore&) = delete;
  PageStore& operator=(const PageStore&) = delete;

  /// The memory is given back with the last copy of the body; what is on its way to a client then
  /// still arrives as it was, for no page is ever written twice. Nothing when there is no memory.
  std::optional<FileBody> keep(std::string_view bytes);

 private:
  explicit PageStore(int descriptor) : descriptor_(descriptor) {}
  void give_back(std::uint64_t offset, std::uint64_t size) const;

  const int descriptor_;
  std::atomic<std::uint64_t> end_ = 0;  ///< only grows: a file of this kind may have holes
};

}  // namespace imp::http
