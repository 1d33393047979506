#include "blobs/journal.h"

#include <algorithm>
#include <cerrno>
#include <new>
#include <set>
#include <system_error>
#include <utility>

#include "base/uuid.h"
#include "blobs/file_writer.h"
#include "blobs/journal_record.h"
#include "crypto/hash.h"

namespace imp::blobs {

namespace {

constexpr std::size_t kReadSize = 256 * 1024;
/// More blobs than this are synced with their whole file system, not one by one.
constexpr std::size_t kSyncedEach = 64;
/// Ends the name of a journal whose blobs may be right in memory alone.
constexpr std::string_view kDoubted = ".doubted";

Result<std::string> read_whole(const Directory& directory, const Descriptor& file,
                               const std::string& path) {
  std::string bytes;
  while (true) {
    const std::size_t have = bytes.size();
    bytes.resize(have + kReadSize);
    const auto count = directory.read(
        file, std::span(reinterpret_cast<std::uint8_t*>(bytes.data()) + have, kReadSize), path);
    if (!count) return pass_on(count);
    bytes.resize(have + *count);
    if (*count == 0) return bytes;
  }
}

/// At an orderly end a blob that is not there was removed; after a crash it may have been lost.
enum class Absent : std::uint8_t { removed, lost };
/// Whether a file that reads as it should only needs a sync. After a sync has failed it may be
/// right in memory and never reach the disk.
enum class Found : std::uint8_t { trusted, doubted };
enum class Sync : std::uint8_t { each, later };

Result<void> store_again(const Directory& directory, const JournalRecord& record, Sync sync) {
  const std::string path = "tmp/" + new_uuid();
  const auto file = directory.create(path);
  if (!file) return pass_on(file);
  if (auto written = directory.write(*file, bytes_of(record.bytes), path); !written) return written;
  if (sync == Sync::each) {
    if (auto synced = directory.sync_file(*file, path); !synced) return synced;
  }
  return directory.rename(path, path_of(record.sha512));
}

/// Afterwards the blob's file is whole, and synced if each is, but not its directory.
Result<void> put_right(const Directory& directory, const JournalRecord& record, Absent absent,
                       Found found, Sync sync) {
  const std::string name = path_of(record.sha512);
  const auto stored = directory.open_file(name);
  if (stored && *stored && found == Found::trusted) {
    const auto bytes = read_whole(directory, *stored, name);
    const bool whole = bytes && *bytes == record.bytes;
    if (whole && (sync == Sync::later || directory.sync_file(*stored, name))) return {};
  }
  if (stored && !*stored && absent == Absent::removed) return {};
  // What is lost, damaged, or so damaged that it cannot be read or synced is stored again.
  return store_again(directory, record, sync);
}

/// Puts the blobs of a journal right, then removes it. Few are synced one by one, so that nobody
/// waits for what other programs wrote; for many, that wait is the shorter one.
Result<void> settle_file(const Directory& directory, const std::string& path, Absent absent) {
  const auto file = directory.open_file(path);
  if (!file) return pass_on(file);
  if (!*file) return {};
  const auto text = read_whole(directory, *file, path);
  if (!text) return pass_on(text);
  std::string_view rest = *text;
  std::vector<JournalRecord> records;
  // The end of a journal may be torn; what was torn was not acknowledged.
  while (auto record = next_record(rest)) records.push_back(std::move(*record));
  const Found found = path.ends_with(kDoubted) ? Found::doubted : Found::trusted;
  const Sync sync = records.size() > kSyncedEach ? Sync::later : Sync::each;
  std::set<std::string> directories;
  for (const JournalRecord& record : records) {
    if (auto right = put_right(directory, record, absent, found, sync); !right) return right;
    directories.insert(directory_of(record.sha512));
  }
  if (sync == Sync::later) {
    if (auto synced = directory.sync_file_system(); !synced) return synced;
  } else {
    for (const std::string& one : directories) {
      if (auto synced = directory.sync_directory(one); !synced) return synced;
    }
  }
  return directory.remove(path);
}

}  // namespace

struct Journal::Segment {
  std::string path;
  Descriptor file;
  std::uint64_t size = 0;
  std::size_t records = 0;         ///< whose blobs may not be under their names yet
  std::size_t total = 0;           ///< records, whether under their names or not
  std::uint64_t failed_syncs = 0;  ///< of the file system, when it was begun
  bool retired = false;
};

struct Journal::Entry {
  std::string text;      ///< the record
  bool let_go = false;   ///< nobody has the Record any more
  bool written = false;  ///< well or not
  Result<void> result = {};
  std::shared_ptr<Segment> segment = nullptr;  ///< where it counts
};

Journal::Journal(std::shared_ptr<const Directory> directory, std::uint64_t segment_limit, Log& log)
    : directory_(std::move(directory)), segment_limit_(segment_limit), log_(log) {}

Journal::~Journal() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  settled_.notify_one();
  if (background_.joinable()) background_.join();
  if (current_) retired_.push_back(std::move(current_));
  try {
    std::size_t total = 0;
    for (const auto& segment : retired_) total += segment->total;
    if (total > kSyncedEach) {
      settle(retired_);
      return;
    }
    for (const auto& segment : retired_) {
      if (doubted(*segment)) {
        set_aside(*segment);
      } else if (auto done = settle_file(*directory_, segment->path, Absent::removed); !done) {
        report(*segment, done.error());
      }
    }
  } catch (const std::bad_alloc&) {
    // As after any failure.
  }
}

Journal::Record::~Record() {
  if (!journal_) return;
  bool last = false;
  {
    const std::lock_guard lock(journal_->mutex_);
    entry_->let_go = true;
    if (!entry_->written) std::erase(journal_->waiting_, entry_);
    if (Segment* const segment = entry_->segment.get()) {
      last = --segment->records == 0 && segment->retired;
    }
  }
  if (last) journal_->settled_.notify_one();
}

Journal::Record Journal::append(const std::string& sha512, std::string_view bytes) {
  auto entry = std::make_shared<Entry>(Entry{.text = journal_record(sha512, bytes)});
  const std::lock_guard lock(mutex_);
  waiting_.push_back(entry);
  return Record(shared_from_this(), std::move(entry));
}

Result<void> Journal::sync(Entry& mine) {
  std::unique_lock lock(mutex_);
  written_.wait(lock, [&] { return mine.written || !writing_; });
  if (!mine.written) {
    // Nobody is writing, so this thread writes for all that wait, itself among them.
    writing_ = true;
    const Group group = std::exchange(waiting_, {});
    lock.unlock();
    const Result<void> result = write_group(group);
    lock.lock();
    for (const auto& one : group) {
      one->written = true;
      one->result = result;
      if (!result) continue;
      ++current_->total;
      if (one->let_go) continue;
      one->segment = current_;
      ++current_->records;
    }
    writing_ = false;
    written_.notify_all();
    // What a file holds is unknown when its sync has failed; what was in it before is durable.
    if (current_ && (!result || current_->size > segment_limit_)) retire();
  }
  return mine.result;
}

// Must not throw: others wait for it.
Result<void> Journal::write_group(const Group& group) try {
  if (!current_) {
    if (auto begun = begin_segment(); !begun) return begun;
  }
  std::string text = std::move(group.front()->text);
  for (std::size_t i = 1; i < group.size(); ++i) text += std::exchange(group[i]->text, {});
  current_->size += text.size();
  if (auto written = directory_->write(current_->file, bytes_of(text), current_->path); !written) {
    return written;
  }
  return directory_->sync_data(current_->file, current_->path);
} catch (const std::bad_alloc&) {
  return broken("write to a journal", ENOMEM);
}

Result<void> Journal::begin_segment() {
  auto segment = std::make_shared<Segment>();
  segment->path = "journal/" + new_uuid();
  segment->failed_syncs = failed_syncs_;
  auto file = directory_->create(segment->path);
  if (!file) return pass_on(file);
  segment->file = std::move(*file);
  if (auto synced = directory_->sync_directory("journal"); !synced) return synced;
  current_ = std::move(segment);
  return {};
}

void Journal::retire() {
  current_->retired = true;
  retired_.push_back(std::move(current_));
  current_ = nullptr;
  try {
    if (!background_.joinable()) background_ = std::thread([this] { settle_in_background(); });
  } catch (const std::system_error&) {
    // The system gives no thread now: the next segment tries again, or the end settles all.
  }
  settled_.notify_one();
}

// The kernel tells of a failed write once: a sync that succeeds after one that failed says nothing
// about the blobs that were written before.
bool Journal::doubted(const Segment& segment) const {
  return segment.failed_syncs != failed_syncs_;
}

void Journal::settle(const std::vector<std::shared_ptr<Segment>>& segments) {
  const auto synced = directory_->sync_file_system();
  if (!synced) {
    ++failed_syncs_;
    log_.error("small tarballs may not be on the disk; the next start stores them again",
               {{"reason", synced.error().detail}});
  }
  for (const auto& segment : segments) {
    if (doubted(*segment)) {
      set_aside(*segment);
    } else if (auto removed = directory_->remove(segment->path); !removed) {
      report(*segment, removed.error());
    }
  }
}

// Its name tells the next start not to believe what it finds.
void Journal::set_aside(const Segment& segment) {
  const auto renamed = directory_->rename(segment.path, segment.path + std::string(kDoubted));
  if (!renamed) report(segment, renamed.error());
}

void Journal::report(const Segment& segment, const Failure& failure) const {
  log_.error("a journal of small tarballs is left for the next start",
             {{"journal", segment.path}, {"reason", failure.detail}});
}

void Journal::settle_in_background() {
  std::unique_lock lock(mutex_);
  while (true) {
    std::vector<std::shared_ptr<Segment>> ready;
    settled_.wait(lock, [&] {
      if (stopping_) return true;
      std::ranges::copy_if(retired_, std::back_inserter(ready),
                           [](const auto& segment) { return segment->records == 0; });
      return !ready.empty();
    });
    if (stopping_) return;
    lock.unlock();
    settle(ready);
    lock.lock();
    std::erase_if(retired_, [&](const auto& segment) {
      return std::ranges::find(ready, segment) != ready.end();
    });
  }
}

Result<void> Journal::recover(const std::shared_ptr<const Directory>& directory) {
  const auto names = directory->names("journal");
  if (!names) return pass_on(names);
  for (const std::string& name : *names) {
    if (auto settled = settle_file(*directory, "journal/" + name, Absent::lost); !settled)
      return settled;
  }
  return {};
}

}  // namespace imp::blobs
