#include "blobs/memory_store.h"

#include <sys/mman.h>

#include <cerrno>

#include "base/descriptor.h"
#include "blobs/failures.h"
#include "crypto/hash.h"

namespace imp::blobs {

class MemoryStore::Writer final : public BlobWriter {
 public:
  explicit Writer(MemoryStore& store) : store_(store) {}

  Result<void> write(ByteView bytes) override {
    const auto called = store_.call();
    if (!called) usable_ = false;
    if (!usable_) return called ? broken("a writer that failed before", EIO) : called;
    bytes_.append(text_of(bytes));
    return {};
  }

  Result<Blob> finish() override {
    const auto called = store_.call();
    if (!called) usable_ = false;
    if (!usable_) return called ? broken("a writer that failed before", EIO) : pass_on(called);
    usable_ = false;
    Blob blob{.sha512 = hex(crypto::sha512(bytes_of(bytes_))), .size = bytes_.size()};
    const std::lock_guard lock(store_.mutex_);
    store_.blobs_[blob.sha512] = {std::move(bytes_), SystemClock().now()};
    return blob;
  }

  /// Making it durable is a call that can fail, as it is on a disk.
  Result<PlacedBlob> place() override {
    auto placed = BlobWriter::place();
    if (placed) placed->make_durable = [&store = store_] { return store.call(); };
    return placed;
  }

 private:
  MemoryStore& store_;
  std::string bytes_;
  bool usable_ = true;
};

Result<void> MemoryStore::call() {
  const std::lock_guard lock(mutex_);
  if (++calls_ == fail_at_) return broken("a failure on demand", EIO);
  return {};
}

Result<std::string> MemoryStore::find(const std::string& sha512) {
  if (const auto called = call(); !called) return pass_on(called);
  if (const auto good = check_name(sha512); !good) return pass_on(good);
  const std::lock_guard lock(mutex_);
  const auto found = blobs_.find(sha512);
  if (found == blobs_.end()) return absent(sha512);
  return found->second.bytes;
}

Result<std::unique_ptr<BlobWriter>> MemoryStore::begin() {
  if (const auto called = call(); !called) return pass_on(called);
  return std::make_unique<Writer>(*this);
}

Result<OpenBlob> MemoryStore::open(const std::string& sha512) {
  const auto bytes = find(sha512);
  if (!bytes) return pass_on(bytes);
  Descriptor file(::memfd_create("blob", MFD_CLOEXEC));
  if (!file) return broken("memfd_create", errno);
  std::string_view rest = *bytes;
  while (!rest.empty()) {
    const ssize_t count = ::write(file.get(), rest.data(), rest.size());
    if (count < 0) return broken("write to a memfd", errno);
    rest.remove_prefix(static_cast<std::size_t>(count));
  }
  ::lseek(file.get(), 0, SEEK_SET);
  return OpenBlob{.descriptor = std::move(file).share(), .size = bytes->size()};
}

Result<bool> MemoryStore::exists(const std::string& sha512) {
  const auto bytes = find(sha512);
  if (bytes) return true;
  if (bytes.error().code() == reason(BlobRefusal::absent).code) return false;
  return pass_on(bytes);
}

Result<void> MemoryStore::remove(const std::string& sha512) {
  if (const auto called = call(); !called) return called;
  if (const auto good = check_name(sha512); !good) return good;
  const std::lock_guard lock(mutex_);
  blobs_.erase(sha512);
  return {};
}

Result<Blob> MemoryStore::verify(const std::string& sha512) {
  const auto bytes = find(sha512);
  if (!bytes) return pass_on(bytes);
  const std::string found = hex(crypto::sha512(bytes_of(*bytes)));
  if (found != sha512) return corrupt(sha512, "its bytes have the SHA-512 " + found);
  return Blob{.sha512 = sha512, .size = bytes->size()};
}

Result<void> MemoryStore::each(const std::function<void(const Blob&)>& tell) {
  if (const auto called = call(); !called) return called;
  std::vector<Blob> blobs;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [sha512, stored] : blobs_) blobs.push_back({sha512, stored.bytes.size()});
  }
  for (const Blob& blob : blobs) tell(blob);
  return {};
}

Result<std::vector<Blob>> MemoryStore::stored_before(const std::string& first_two, Time before) {
  if (const auto called = call(); !called) return pass_on(called);
  std::vector<Blob> found;
  const std::lock_guard lock(mutex_);
  for (const auto& [sha512, stored] : blobs_) {
    if (!sha512.starts_with(first_two) || stored.at >= before) continue;
    found.push_back({sha512, stored.bytes.size()});
  }
  return found;
}

Result<bool> MemoryStore::remove_stored_before(const std::string& sha512, Time before) {
  if (const auto called = call(); !called) return pass_on(called);
  if (const auto good = check_name(sha512); !good) return pass_on(good);
  const std::lock_guard lock(mutex_);
  const auto found = blobs_.find(sha512);
  if (found == blobs_.end()) return true;
  if (found->second.at >= before) return false;
  blobs_.erase(found);
  return true;
}

void MemoryStore::fail_call(std::size_t n) {
  const std::lock_guard lock(mutex_);
  fail_at_ = calls_ + n;
}

std::size_t MemoryStore::calls() const {
  const std::lock_guard lock(mutex_);
  return calls_;
}

std::size_t MemoryStore::size() const {
  const std::lock_guard lock(mutex_);
  return blobs_.size();
}

void MemoryStore::damage(const std::string& sha512) {
  const std::lock_guard lock(mutex_);
  blobs_.at(sha512).bytes += "damage";
}

}  // namespace imp::blobs
