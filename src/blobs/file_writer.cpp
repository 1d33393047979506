#include "blobs/file_writer.h"

namespace imp::blobs {

namespace {

constexpr std::size_t kBuffer = 64 * 1024;

std::unexpected<Failure> used_up() {
  return refuse(BlobRefusal::broken, "The file could not be stored; nothing was kept.",
                "a writer was used after it had failed or finished");
}

}  // namespace

std::string directory_of(const std::string& sha512) { return "sha512/" + sha512.substr(0, 2); }
std::string path_of(const std::string& sha512) {
  return directory_of(sha512) + "/" + sha512.substr(2);
}

FileWriter::FileWriter(std::shared_ptr<const Directory> directory, std::shared_ptr<Journal> journal,
                       Descriptor file, std::string path)
    : directory_(std::move(directory)),
      journal_(std::move(journal)),
      file_(std::move(file)),
      path_(std::move(path)) {}

FileWriter::~FileWriter() {
  // What cannot be removed now is removed when the store is opened next.
  if (exists_) (void)directory_->remove(path_);
}

Result<void> FileWriter::write(ByteView bytes) {
  if (!usable_) return used_up();
  hash_.update(bytes);
  size_ += bytes.size();
  buffer_.append(text_of(bytes));
  if (buffer_.size() < kBuffer) return {};
  return flush();
}

Result<void> FileWriter::flush() {
  auto written = directory_->write(file_, bytes_of(buffer_), path_);
  buffer_.clear();
  // A file with a hole or a tail missing must never get a name.
  if (!written) usable_ = false;
  return written;
}

Result<Blob> FileWriter::finish() {
  if (!usable_) return used_up();
  usable_ = false;
  Blob blob{.sha512 = hex(hash_.finish()), .size = size_};
  const auto placed = small() ? place_small(blob.sha512) : place_large(blob.sha512);
  if (!placed) return pass_on(placed);
  return blob;
}

// The journal's sync is left to the caller, who shares it with others. A file that has the name
// already may be durable and wanted: it must not give way to one that is not.
Result<PlacedBlob> FileWriter::place() {
  if (!usable_ || !small()) return BlobWriter::place();
  usable_ = false;
  PlacedBlob placed{
      .blob = {.sha512 = hex(hash_.finish()), .size = size_}, .bytes = buffer_, .make_durable = {}};
  const std::string& sha512 = placed.blob.sha512;
  const auto record = std::make_shared<Journal::Record>(journal_->append(sha512, buffer_));
  placed.make_durable = [record] { return record->sync(); };
  if (auto flushed = flush(); !flushed) return pass_on(flushed);
  file_.reset();
  const auto renamed = directory_->rename_unless_taken(path_, path_of(sha512));
  if (!renamed) return pass_on(renamed);
  if (*renamed) {
    exists_ = false;
    return placed;
  }
  if (auto synced = record->sync(); !synced) return pass_on(synced);
  if (auto named = give_name(sha512); !named) return pass_on(named);
  return placed;
}

Result<void> FileWriter::give_name(const std::string& sha512) {
  if (auto renamed = directory_->rename(path_, path_of(sha512)); !renamed) return renamed;
  exists_ = false;
  return {};
}

// The bytes first, then the name, then the directory: a name never stands for bytes that a power
// cut can take away. A file of that name is replaced, since its bytes may have been damaged. When
// the last step fails the name stays: another writer of the same bytes may have been told that it
// is durable.
Result<void> FileWriter::place_large(const std::string& sha512) {
  if (auto flushed = flush(); !flushed) return flushed;
  if (auto synced = directory_->sync_file(file_, path_); !synced) return synced;
  file_.reset();
  if (auto named = give_name(sha512); !named) return named;
  return directory_->sync_directory(directory_of(sha512));
}

// The journal comes first. What a power cut takes away of the file or its name is put right from
// there.
Result<void> FileWriter::place_small(const std::string& sha512) {
  Journal::Record record = journal_->append(sha512, buffer_);
  if (auto synced = record.sync(); !synced) return synced;
  if (auto flushed = flush(); !flushed) return flushed;
  file_.reset();
  return give_name(sha512);
}

}  // namespace imp::blobs
