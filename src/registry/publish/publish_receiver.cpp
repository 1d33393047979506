#include "registry/publish/publish_receiver.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "registry/publish/refusal.h"

namespace imp::registry {

// Begins a blob with the first byte, so that a change of metadata never touches the storage.
class PublishReceiver::BlobSink final : public TarballSink {
 public:
  explicit BlobSink(blobs::Store& store) : store_(store) {}

  Result<void> write(ByteView bytes) override {
    if (Result<void> ready = begin(); !ready) return ready;
    return writer_->write(bytes);
  }
  Result<blobs::PlacedBlob> place() {
    if (Result<void> ready = begin(); !ready) return pass_on(ready);
    return writer_->place();
  }

 private:
  Result<void> begin() {
    if (writer_) return {};
    auto writer = store_.begin();
    if (!writer) return pass_on(writer);
    writer_ = std::move(*writer);
    return {};
  }

  blobs::Store& store_;
  std::unique_ptr<blobs::BlobWriter> writer_;
};

PublishReceiver::PublishReceiver(PackageName addressed, blobs::Store& store,
                                 const ReceiveLimits& limits)
    : addressed_(std::move(addressed)),
      store_(store),
      limits_(limits),
      sink_(std::make_unique<BlobSink>(store)),
      decoder_(*sink_, limits.document) {}
PublishReceiver::~PublishReceiver() = default;

// What is in memory is not read from the disk again.
Result<TarballSource> PublishReceiver::source_of(const blobs::PlacedBlob& placed) const {
  if (placed.bytes.empty()) {
    Result<blobs::OpenBlob> opened = store_.open(placed.blob.sha512);
    if (!opened) return pass_on(opened);
    return tarball_source(std::move(*opened));
  }
  return [rest = std::string_view(placed.bytes)](
             std::span<std::uint8_t> out) mutable -> Result<std::size_t> {
    const std::size_t size = std::min(rest.size(), out.size());
    std::ranges::copy(rest.substr(0, size), out.begin());
    rest.remove_prefix(size);
    return size;
  };
}

Result<void> PublishReceiver::write(ByteView bytes) { return decoder_.write(bytes); }

Result<ReceivedDocument> PublishReceiver::finish() {
  Result<PublishDocument> document = decoder_.finish();
  if (!document) return pass_on(document);
  if (!document->has_attachments) return ReceivedDocument{{}, {}, std::move(document->metadata)};
  if (!document->tarball) {
    return refuse(PublishRefusal::missing_field,
                  "The publish document has no tarball among its _attachments.");
  }
  Result<blobs::PlacedBlob> placed = sink_->place();
  if (!placed) return pass_on(placed);
  const Result<TarballSource> source = source_of(*placed);
  if (!source) return pass_on(source);
  const Result<TarballContents> contents = inspect_tarball(*source, limits_.tarball);
  if (!contents) return pass_on(contents);
  Result<PublishCandidate> candidate = make_candidate(addressed_, *document, *contents);
  if (!candidate) return pass_on(candidate);
  return ReceivedDocument{std::move(*candidate), std::move(placed->make_durable), {}};
}

TarballSource tarball_source(blobs::OpenBlob blob) {
  return [blob = std::move(blob),
          offset = off_t{0}](std::span<std::uint8_t> out) mutable -> Result<std::size_t> {
    while (true) {
      const ssize_t got = ::pread(*blob.descriptor, out.data(), out.size(), offset);
      if (got >= 0) {
        offset += got;
        return static_cast<std::size_t>(got);
      }
      if (errno == EINTR) continue;
      return refuse(blobs::BlobRefusal::broken, "The stored tarball cannot be read.",
                    std::generic_category().message(errno));
    }
  };
}

}  // namespace imp::registry
