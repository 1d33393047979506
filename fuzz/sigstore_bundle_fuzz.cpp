#include <cstddef>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

#include "sigstore/bundle.h"
#include "sigstore/certificate.h"
#include "sigstore/certificate_timestamp.h"
#include "sigstore/log_entry.h"
#include "sigstore/trusted_root.h"
#include "sigstore/verify_bundle.h"

namespace {

using namespace imp;

/// The root that the seeds hold against: promises, notes, chains and timestamps are reached from
/// there. Without it every bundle ends at a log that is not configured.
const sigstore::TrustedRoot& root() {
  static const sigstore::TrustedRoot one = [] {
    std::ifstream file(std::string(IMPRIMATUR_FUZZ_SEEDS) + "/root", std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    auto parsed = sigstore::parse_trusted_root(text);
    if (!parsed) __builtin_trap();
    return std::move(*parsed);
  }();
  return one;
}

}  // namespace

// A bundle as a client attaches it, and a trusted root.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto bundle = sigstore::parse_bundle(text)) {
    if (sigstore::verify_bundle(*bundle, {})) __builtin_trap();
    (void)sigstore::verify_bundle(*bundle, root());
    // What one refused check would keep from the others.
    for (const sigstore::LogEntry& entry : bundle->entries) {
      (void)sigstore::check_log_entry(entry, root().logs);
      (void)sigstore::check_entry_body(entry, *bundle);
    }
    for (const Bytes& der : bundle->certificates) {
      const auto certificate = sigstore::Certificate::parse(der);
      if (!certificate) continue;
      (void)certificate->identity();
      (void)sigstore::has_certificate_timestamp(*certificate, *certificate,
                                                root().certificate_logs);
      for (const auto& authority : root().authorities) {
        (void)certificate->issuer_at(authority, authority.valid.from);
      }
    }
  }
  (void)sigstore::parse_trusted_root(text);
  return 0;
}
