#include "http/page_store.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>

namespace imp::http {

namespace {

std::uint64_t whole_pages(std::uint64_t size) {
  static const auto page = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  return (size + page - 1) / page * page;
}

}  // namespace

std::shared_ptr<PageStore> PageStore::create() {
  const int descriptor = ::memfd_create("prepared", MFD_CLOEXEC);
  if (descriptor < 0) return nullptr;
  return std::shared_ptr<PageStore>(new PageStore(descriptor));
}

PageStore::~PageStore() { ::close(descriptor_); }

std::optional<FileBody> PageStore::keep(std::string_view bytes) {
  const std::uint64_t offset = end_.fetch_add(whole_pages(bytes.size()));
  FileBody body{nullptr, offset, bytes.size()};
  body.descriptor = {&descriptor_, [self = shared_from_this(), offset, size = bytes.size()](
                                       const int*) { self->give_back(offset, size); }};
  auto at = static_cast<off_t>(offset);
  while (!bytes.empty()) {
    const ssize_t written = ::pwrite(descriptor_, bytes.data(), bytes.size(), at);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return std::nullopt;
    bytes.remove_prefix(static_cast<std::size_t>(written));
    at += written;
  }
  return body;
}

void PageStore::give_back(std::uint64_t offset, std::uint64_t size) const {
  ::fallocate(descriptor_, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, static_cast<off_t>(offset),
              static_cast<off_t>(whole_pages(size)));
}

}  // namespace imp::http
