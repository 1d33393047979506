#include "registry/publish/publish_receiver.h"

#include <unistd.h>

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
  Result<blobs::Blob> finish() {
    if (Result<void> ready = begin(); !ready) return pass_on(ready);
    return writer_->finish();
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

Result<void> PublishReceiver::write(ByteView bytes) { return decoder_.write(bytes); }

Result<ReceivedDocument> PublishReceiver::finish() {
  Result<PublishDocument> document = decoder_.finish();
  if (!document) return pass_on(document);
  if (!document->has_attachments) return ReceivedDocument{{}, std::move(document->metadata)};
  if (!document->tarball) {
    return refuse(PublishRefusal::missing_field,
                  "The publish document has no tarball among its _attachments.");
  }
  const Result<blobs::Blob> blob = sink_->finish();
  if (!blob) return pass_on(blob);
  Result<blobs::OpenBlob> opened = store_.open(blob->sha512);
  if (!opened) return pass_on(opened);
  const Result<TarballContents> contents =
      inspect_tarball(tarball_source(std::move(*opened)), limits_.tarball);
  if (!contents) return pass_on(contents);
  Result<PublishCandidate> candidate = make_candidate(addressed_, *document, *contents);
  if (!candidate) return pass_on(candidate);
  return ReceivedDocument{std::move(*candidate), {}};
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
