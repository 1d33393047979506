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
  struct Entry;
  struct Segment;

 public:
  /// A segment is retired when it has more than `segment_limit` bytes.
  Journal(std::shared_ptr<const Directory> directory, std::uint64_t segment_limit, Log& log);
  /// Syncs what is left and removes the files; after a failure they stay for the next recover().
  ~Journal();

  /// While it exists, the record that it stands for is kept.
  class Record {
   public:
    Record(std::shared_ptr<Journal> journal, std::shared_ptr<Entry> entry)
        : journal_(std::move(journal)), entry_(std::move(entry)) {}
    Record(Record&&) = default;
    ~Record();
    /// The bytes are durable when this has succeeded. May be called again, and from any thread.
    Result<void> sync() { return journal_->sync(*entry_); }

   private:
    std::shared_ptr<Journal> journal_;
    std::shared_ptr<Entry> entry_;
  };
  /// Writes nothing yet: the next sync() of any record does it for all. Let the record go once it
  /// is synced and the file is under its name (no sync of that is needed), or when the blob is not
  /// wanted any more.
  Record append(const std::string& sha512, std::string_view bytes);

  /// What a crash left: puts every blob that a journal holds, and that is not whole under its name,
  /// there again, and removes the journals. Only for whoever is alone with the directory.
  static Result<void> recover(const std::shared_ptr<const Directory>& directory);

 private:
  using Group = std::vector<std::shared_ptr<Entry>>;

  Result<void> sync(Entry& mine);
  Result<void> write_group(const Group& group);
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
  Group waiting_;                    ///< not written yet
  bool writing_ = false;             ///< somebody is writing a group, for all
  std::shared_ptr<Segment> current_;  ///< changed by whoever is writing
  std::vector<std::shared_ptr<Segment>> retired_;
  bool stopping_ = false;
  std::thread background_;
};

}  // namespace imp::blobs
