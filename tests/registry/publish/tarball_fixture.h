#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "registry/publish/publish_decoder.h"
#include "registry/publish/tarball_inspector.h"

namespace imp::registry {

/// Writes tar files by hand, so that hostile ones can be made.
class TarBuilder {
 public:
  /// `type`: '0' file, '1' hard link, '2' symbolic link, '3' device, '5' directory, 'x' pax header.
  TarBuilder& add(std::string_view path, std::string_view content, char type = '0',
                  std::string_view link = {});
  /// A file of `size` zero bytes.
  TarBuilder& zeros(std::string_view path, std::size_t size);
  /// The path of the next entry, as a pax extended header.
  TarBuilder& pax_path(std::string_view path);
  /// Changes a byte of the last entry's header; the entry must have one block of content.
  TarBuilder& damage_last() {
    bytes_[bytes_.size() - 1024] ^= 1;
    return *this;
  }
  /// The two blocks that end an archive.
  TarBuilder& end();
  std::string tar() const { return bytes_; }
  /// Ended and compressed.
  std::string gzip() const;

 private:
  void header(std::string_view path, std::size_t size, char type, std::string_view link);
  std::string bytes_;
};

std::string gzip(std::string_view bytes);

/// A tarball with `package/package.json` of this text and an index.js.
std::string package_tarball(std::string_view package_json);

/// Gives the bytes of a string in pieces.
TarballSource source_of(std::string bytes, std::size_t piece = 4096);

/// Keeps what it is given.
struct MemorySink final : TarballSink {
  Result<void> write(ByteView data) override {
    bytes.append(imp::text_of(data));
    return {};
  }
  std::string bytes;
};

/// What a test may change in an otherwise good publish document. Empty texts leave the default.
struct DocumentOptions {
  std::string tag = "latest";
  std::string access = "null";
  std::string extra_manifest = {};  ///< more members, e.g. R"(,"bin":"x.js")"
  std::string extra_top = {};       ///< more members of the document
  std::string extra_attachments = {};
};
/// The document that npm sends.
std::string publish_document(std::string_view name, std::string_view version,
                             std::string_view tarball, const DocumentOptions& options = {});
std::string replaced(std::string text, std::string_view from, std::string_view to);

Result<PublishDocument> decode(std::string_view document, TarballSink& sink,
                               std::size_t piece = 1 << 16, const DecodeLimits& limits = {});

}  // namespace imp::registry
