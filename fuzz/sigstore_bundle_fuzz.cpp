#include <cstddef>
#include <cstdint>
#include <string_view>

#include "sigstore/bundle.h"
#include "sigstore/certificate.h"
#include "sigstore/log_entry.h"
#include "sigstore/trusted_root.h"
#include "sigstore/verify_bundle.h"

// A bundle as a client attaches it, and a trusted root. Whatever can be read is verified against a
// root that knows nobody, which reads the certificate and every entry before it refuses.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace imp;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto bundle = sigstore::parse_bundle(text)) {
    if (sigstore::verify_bundle(*bundle, {})) __builtin_trap();
    for (const sigstore::LogEntry& entry : bundle->entries) {
      (void)sigstore::check_entry_body(entry, *bundle);
    }
    for (const Bytes& der : bundle->certificates) {
      if (const auto certificate = sigstore::Certificate::parse(der)) (void)certificate->identity();
    }
  }
  (void)sigstore::parse_trusted_root(text);
  return 0;
}
