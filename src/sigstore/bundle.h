#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/encoding.h"
#include "base/failure.h"
#include "dsse/envelope.h"
#include "tlog/merkle.h"

namespace imp::sigstore {

/// An entry of a transparency log (Rekor v1), with what vouches for it.
struct LogEntry {
  std::uint64_t index = 0;  ///< in the whole log
  Bytes log_id;             ///< the SHA-256 of the log's key
  std::string kind, version;
  std::int64_t integrated_time = 0;  ///< seconds since 1970
  std::string body;                  ///< canonical JSON
  Bytes promise;                     ///< the signed entry timestamp, or empty

  struct Proof {
    std::uint64_t index = 0;  ///< in the tree of the checkpoint
    std::uint64_t size = 0;
    tlog::Hash root{};
    tlog::Hashes hashes;
    std::string checkpoint;  ///< a signed note
  };
  std::optional<Proof> proof;
};

/// A Sigstore bundle (v0.1 to v0.3) around a DSSE envelope, signed with a certificate's key.
struct Bundle {
  std::string media_type;
  std::vector<Bytes> certificates;  ///< DER; the signer's first, at least that
  std::vector<LogEntry> entries;
  dsse::Envelope envelope;
};

/// Takes it apart, strictly; nothing is believed yet. Signed by exactly one certificate or chain,
/// and but for v0.1 with an inclusion proof in every log entry. SigstoreRefusal::malformed_bundle.
Result<Bundle> parse_bundle(std::string_view text);

/// Whether this is the media type of a bundle.
bool is_bundle_type(std::string_view media_type);

}  // namespace imp::sigstore
