#include "registry/api/change_subject.h"

#include <fmt/format.h>

#include "base/printable.h"
#include "crypto/hash.h"

namespace imp::registry {

namespace {

/// Bytes of a change that are shown; of ten publishers those of the first few.
constexpr std::size_t kShown = 1000;
/// Of a SHA-256, in hexadecimal digits: 128 bits.
constexpr std::size_t kHashShown = 32;

}  // namespace

std::string change_subject(std::string_view of, std::string_view change) {
  std::string shown;
  std::string_view rest = change;
  while (!rest.empty() && shown.size() < kShown) {
    rest.remove_prefix(append_printable(shown, rest));
  }
  std::string subject = fmt::format("{}: {}", of, shown);
  if (rest.empty() && shown == change) return subject;
  return fmt::format("{}{} ({})", subject, rest.empty() ? "" : " …",
                     crypto::sha256_hex(change).substr(0, kHashShown));
}

}  // namespace imp::registry
