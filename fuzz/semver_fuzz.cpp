#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "registry/packages/dist_tag.h"
#include "registry/packages/semver.h"

// A version writes back to itself, is a range, and so is never a dist-tag.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using imp::registry::SemVer;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const bool range = imp::registry::is_version_range(text);
  if (range && imp::registry::check_dist_tag(text)) std::abort();
  (void)SemVer::clean(text);
  const auto version = SemVer::parse(text);
  if (!version) return 0;
  if (!range) std::abort();
  const auto again = SemVer::parse(version->text());
  if (!again || compare(*again, *version) != 0) std::abort();
  return 0;
}
