#pragma once

#include <boost/json/object.hpp>
#include <functional>
#include <memory>
#include <optional>

#include "base/encoding.h"
#include "blobs/store.h"
#include "registry/publish/candidate.h"
#include "registry/publish/publish_decoder.h"
#include "registry/publish/tarball_inspector.h"

namespace imp::registry {

struct ReceiveLimits {
  DecodeLimits document;
  TarballLimits tarball;
};

/// What `PUT /<package>` brought.
struct ReceivedDocument {
  /// A publish, checked; its tarball is among the blobs.
  std::optional<PublishCandidate> candidate;
  /// Makes the tarball durable, which is for the transaction that names it
  /// (Session::before_commit).
  std::function<Result<void>()> make_durable;
  /// Otherwise a change of metadata, see deprecation.h and revision_put.h.
  boost::json::object metadata;
};

/// Takes the body of a publish (or of a stage) as it arrives, stores the tarball as a blob and
/// checks everything that does not need the registry's state. A refused publish may leave a blob
/// that no version refers to (tarball_in_use() tells); it is swept a day later.
class PublishReceiver {
 public:
  /// `store` must outlive the receiver.
  PublishReceiver(PackageName addressed, blobs::Store& store, const ReceiveLimits& limits);
  ~PublishReceiver();

  Result<void> write(ByteView bytes);
  /// Once, at the end of the body.
  Result<ReceivedDocument> finish();

 private:
  class BlobSink;

  /// As long as `placed`.
  Result<TarballSource> source_of(const blobs::PlacedBlob& placed) const;

  PackageName addressed_;
  blobs::Store& store_;
  ReceiveLimits limits_;
  std::unique_ptr<BlobSink> sink_;
  PublishDecoder decoder_;
};

/// Reads a stored blob as a tarball. The descriptor stays open as long as the source.
TarballSource tarball_source(blobs::OpenBlob blob);

}  // namespace imp::registry
