#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/log.h"
#include "blobs/directory.h"

namespace imp::blobs {

/// Makes small blobs durable before they are put under their names: their bytes are appended to a
/// file, with one sync for all that come together. That file is removed once everything it names
/// has been synced where it belongs, which costs one syncfs() for some thousand blobs, on a thread
/// of its own. When that fails, the files stay for the next recover(). What a crash left is put
/// right by recover(). Thread-safe.
class Journal : public std::enable_shared_from_this<Journal> {
  struct Segment;

 public:
  /// A segment is retired when it has more than `segment_limit` bytes.
  Journal(std::shared_ptr<const Directory> directory, std::uint64_t segment_limit, Log& log);
  /// Syncs what is left and removes the files; after a failure they stay for the next recover().
  ~Journal();

  /// While it exists, the record that it stands for is kept.
  class Record {
   public:
    Record(std::shared_ptr<Journal> journal, std::shared_ptr<Segment> segment)
        : journal_(std::move(journal)), segment_(std::move(segment)) {}
    Record(Record&&) = default;
    ~Record();

   private:
    std::shared_ptr<Journal> journal_;
    std::shared_ptr<Segment> segment_;
  };
  /// The bytes are durable when this returns. Let the record go once the file is under its name (no
  /// sync of it is needed), or not wanted any more.
  Result<Record> append(const std::string& sha512, std::string_view bytes);

  /// What a crash left: puts every blob that a journal holds, and that is not whole under its name,
  /// there again, and removes the journals. Only for whoever is alone with the directory.
  static Result<void> recover(const std::shared_ptr<const Directory>& directory);

 private:
  struct Waiting;

  Result<void> write_group(const std::vector<Waiting*>& group);
  Result<void> begin_segment();
  void retire();
  bool doubted(const Segment& segment) const;
  void settle(const std::vector<std::shared_ptr<Segment>>& segments);
  void set_aside(const Segment& segment);
  void report(const Segment& segment, const Failure& failure) const;
  void settle_in_background();

  const std::shared_ptr<const Directory> directory_;
  const std::uint64_t segment_limit_;
  Log& log_;
  std::atomic<std::uint64_t> failed_syncs_ = 0;  ///< of the file system

  std::mutex mutex_;
  std::condition_variable written_;  ///< a group was written
  std::condition_variable settled_;  ///< there may be something for the background, or it shall end
  std::vector<Waiting*> waiting_;
  bool writing_ = false;              ///< somebody is writing a group, for all
  std::shared_ptr<Segment> current_;  ///< changed by whoever is writing
  std::vector<std::shared_ptr<Segment>> retired_;
  bool stopping_ = false;
  std::thread background_;
};

}  // namespace imp::blobs
