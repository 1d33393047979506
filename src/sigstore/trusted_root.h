#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/encoding.h"
#include "base/failure.h"
#include "crypto/keys.h"

namespace imp::sigstore {

/// From when until when somebody is believed, both included.
struct Period {
  Time from = Time::min();
  Time to = Time::max();
  bool covers(Time at) const { return from <= at && at <= to; }
};

/// A log, of entries or of certificates.
struct TrustedLog {
  std::string name;  ///< the host of its base URL: who signs its checkpoints
  Bytes id;          ///< as its entries name it; the SHA-256 of its key, in older logs
  crypto::PublicKey key;
  Period valid;
};

/// Who issues certificates to signers.
struct CertificateAuthority {
  std::vector<Bytes> chain;  ///< DER; from the one that issues to the one that is believed
  Period valid;
};

/// Whom an operator believes: Sigstore's TrustedRoot, as `trusted_root.json` has it.
struct TrustedRoot {
  std::vector<CertificateAuthority> authorities;
  std::vector<TrustedLog> logs;
  std::vector<TrustedLog> certificate_logs;
};

/// Reads the file's text. Everything that is named in it must be usable: a key that is left out
/// would make its signatures look forged, and a log is believed from a time on.
/// SigstoreRefusal::malformed_root.
Result<TrustedRoot> parse_trusted_root(std::string_view text);

}  // namespace imp::sigstore
