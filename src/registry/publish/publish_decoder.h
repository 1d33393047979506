#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/encoding.h"
#include "base/failure.h"
#include "crypto/hash.h"
#include "registry/publish/json_scanner.h"

namespace imp::registry {

/// Where the tarball's bytes go as they arrive.
class TarballSink {
 public:
  virtual ~TarballSink() = default;
  virtual Result<void> write(ByteView bytes) = 0;
};

struct DecodeLimits {
  std::size_t metadata_bytes = 20 * 1024 * 1024;     ///< of JSON text beside the tarball
  std::uint64_t tarball_bytes = 1024 * 1024 * 1024;  ///< decoded
  ScanLimits json;
};

/// The document of `PUT /<package>`, taken apart.
struct PublishDocument {
  /// Everything but `_attachments`.
  boost::json::object metadata;
  /// True when the document had `_attachments`: a publish, rather than a change of metadata.
  bool has_attachments = false;

  struct Tarball {
    std::string key;  ///< its name among `_attachments`
    std::optional<std::uint64_t> declared_length;
    std::uint64_t size = 0;
    crypto::Sha512 sha512{};
    crypto::Sha1 sha1{};
  };
  std::optional<Tarball> tarball;

  /// The attachment whose key ends in ".sigstore": a bundle as JSON text (not base64).
  struct Provenance {
    std::string key;
    std::string content_type;
    std::optional<std::uint64_t> declared_length;
    std::string bundle;
  };
  std::optional<Provenance> provenance;
};

/// Takes the document in pieces of any size. The tarball is decoded, hashed and passed on as it
/// arrives, so memory does not grow with it; the rest is collected up to a limit. Keys may come in
/// any order. Every refusal names the byte offset and the path within the document.
class PublishDecoder {
 public:
  PublishDecoder(TarballSink& sink, const DecodeLimits& limits);
  ~PublishDecoder();
  PublishDecoder(PublishDecoder&&) noexcept;

  Result<void> write(ByteView bytes);
  /// Once, at the end of the body.
  Result<PublishDocument> finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace imp::registry
