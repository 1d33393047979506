#include "blobs/file_store.h"

#include <sys/file.h>

#include <array>

#include "base/uuid.h"
#include "blobs/directory.h"
#include "blobs/file_writer.h"
#include "blobs/journal.h"

namespace imp::blobs {

namespace {

constexpr std::size_t kReadSize = 256 * 1024;

std::string prefix(int number) { return hex(std::array{static_cast<std::uint8_t>(number)}); }

class FileStore final : public Store {
 public:
  FileStore(std::shared_ptr<const Directory> directory, Descriptor lock,
            std::uint64_t journal_limit, Log& log)
      : directory_(std::move(directory)),
        lock_(std::move(lock)),
        journal_(std::make_shared<Journal>(directory_, journal_limit, log)) {}

  Result<std::unique_ptr<BlobWriter>> begin() override {
    std::string path = "tmp/" + new_uuid();
    auto file = directory_->create(path);
    if (!file) return pass_on(file);
    return std::make_unique<FileWriter>(directory_, journal_, std::move(*file), std::move(path));
  }

  Result<OpenBlob> open(const std::string& sha512) override {
    auto file = open_named(sha512);
    if (!file) return pass_on(file);
    const auto size = directory_->size(*file, path_of(sha512));
    if (!size) return pass_on(size);
    return OpenBlob{.descriptor = std::move(*file).share(), .size = *size};
  }

  Result<bool> exists(const std::string& sha512) override {
    if (const auto good = check_name(sha512); !good) return pass_on(good);
    return directory_->exists(path_of(sha512));
  }

  Result<void> remove(const std::string& sha512) override {
    if (const auto good = check_name(sha512); !good) return good;
    if (auto removed = directory_->remove(path_of(sha512)); !removed) return removed;
    return directory_->sync_directory(directory_of(sha512));
  }

  Result<Blob> verify(const std::string& sha512) override {
    const auto file = open_named(sha512);
    if (!file) return pass_on(file);
    crypto::Sha512Stream hash;
    std::uint64_t size = 0;
    std::vector<std::uint8_t> buffer(kReadSize);
    while (true) {
      const auto count = directory_->read(*file, buffer, path_of(sha512));
      if (!count) return pass_on(count);
      if (*count == 0) break;
      hash.update(ByteView(buffer).first(*count));
      size += *count;
    }
    const std::string found = hex(hash.finish());
    if (found != sha512) return corrupt(sha512, "its bytes have the SHA-512 " + found);
    return Blob{.sha512 = sha512, .size = size};
  }

  Result<void> each(const std::function<void(const Blob&)>& tell) override {
    for (int number = 0; number < 256; ++number) {
      const auto names = names_with(prefix(number));
      if (!names) return pass_on(names);
      for (const std::string& sha512 : *names) {
        const auto blob = open(sha512);
        if (!blob && blob.error().code() == reason(BlobRefusal::absent).code) continue;
        if (!blob) return pass_on(blob);
        tell({.sha512 = sha512, .size = blob->size});
      }
    }
    return {};
  }

  Result<std::vector<Blob>> stored_before(const std::string& first_two, Time before) override {
    const auto names = names_with(first_two);
    if (!names) return pass_on(names);
    std::vector<Blob> found;
    for (const std::string& sha512 : *names) {
      const auto status = directory_->status(path_of(sha512));
      if (!status) return pass_on(status);
      if (*status && (*status)->written < before) found.push_back({sha512, (*status)->size});
    }
    return found;
  }

  Result<bool> remove_stored_before(const std::string& sha512, Time before) override {
    if (const auto good = check_name(sha512); !good) return pass_on(good);
    const auto gone = directory_->remove_written_before(path_of(sha512), before);
    if (!gone || !*gone) return gone;
    if (auto synced = directory_->sync_directory(directory_of(sha512)); !synced)
      return pass_on(synced);
    return true;
  }

 private:
  Result<std::vector<std::string>> names_with(const std::string& first_two) const {
    const auto rests = directory_->names("sha512/" + first_two);
    if (!rests) return pass_on(rests);
    std::vector<std::string> names;
    for (const std::string& rest : *rests) {
      std::string sha512 = first_two + rest;
      if (is_blob_name(sha512)) names.push_back(std::move(sha512));
    }
    return names;
  }

  Result<Descriptor> open_named(const std::string& sha512) const {
    if (const auto good = check_name(sha512); !good) return pass_on(good);
    auto file = directory_->open_file(path_of(sha512));
    if (file && !*file) return absent(sha512);
    return file;
  }

  const std::shared_ptr<const Directory> directory_;
  const Descriptor lock_;
  const std::shared_ptr<Journal> journal_;
};

// All at once, so that storing a blob never has to make and sync a directory.
Result<void> make_directories(const Directory& directory) {
  bool made = false;
  std::vector<std::string> paths = {"tmp", "journal", "sha512"};
  for (int number = 0; number < 256; ++number) paths.push_back("sha512/" + prefix(number));
  for (const std::string& path : paths) {
    const auto one = directory.make_directory(path);
    if (!one) return pass_on(one);
    made = made || *one;
  }
  if (!made) return {};
  if (auto synced = directory.sync_directory("sha512"); !synced) return synced;
  return directory.sync_directory(".");
}

// Every store that is open, in whatever process, holds a shared lock on tmp/. Whoever can have it
// alone is the only one, and then each file there, and each journal, is what a crash left.
Result<Descriptor> lock_and_clean(const std::shared_ptr<const Directory>& directory) {
  auto lock = directory->open_directory("tmp");
  if (!lock) return lock;
  if (::flock(lock->get(), LOCK_EX | LOCK_NB) == 0) {
    const auto stale = directory->names("tmp");
    if (!stale) return pass_on(stale);
    for (const std::string& name : *stale) {
      if (const auto removed = directory->remove("tmp/" + name); !removed) return pass_on(removed);
    }
    if (const auto recovered = Journal::recover(directory); !recovered) return pass_on(recovered);
  }
  if (::flock(lock->get(), LOCK_SH) != 0) return broken("lock tmp", errno);
  return lock;
}

}  // namespace

Result<std::unique_ptr<Store>> open_file_store(const FileStoreOptions& options) {
  auto opened = Directory::open(options);
  if (!opened) return pass_on(opened);
  auto directory = std::make_shared<const Directory>(std::move(*opened));
  if (const auto made = make_directories(*directory); !made) return pass_on(made);
  auto lock = lock_and_clean(directory);
  if (!lock) return pass_on(lock);
  return std::make_unique<FileStore>(std::move(directory), std::move(*lock), options.journal_limit,
                                     options.log);
}

}  // namespace imp::blobs
