#include "registry/packages/dist_tag.h"

#include <fmt/format.h>

#include <algorithm>

#include "registry/packages/refusal.h"
#include "registry/packages/semver.h"

namespace imp::registry {

Result<void> check_dist_tag(std::string_view tag) {
  constexpr std::size_t limit = 100;
  if (tag.empty()) return refuse(PackageRefusal::invalid_tag, "A dist-tag cannot be empty.");
  if (tag.size() > limit) {
    return refuse(
        PackageRefusal::invalid_tag,
        fmt::format("A dist-tag has at most {} characters; this one has {}.", limit, tag.size()));
  }
  const auto unusable = [](char c) {
    return c <= ' ' || c >= 0x7f || std::string_view("/\\@%?#&=:'\"`<>").contains(c);
  };
  if (std::ranges::any_of(tag, unusable)) {
    return refuse(PackageRefusal::invalid_tag,
                  "A dist-tag is made of printable ASCII characters without blanks, quotes and "
                  "/ \\ @ % ? # & = : < >.");
  }
  if (is_version_range(tag)) {
    return refuse(PackageRefusal::invalid_tag,
                  fmt::format("\"{}\" cannot be a dist-tag: npm reads it as a version or a range "
                              "of versions. Choose a word.",
                              tag));
  }
  if (tag == "." || tag == ".." || tag == "__proto__") {
    return refuse(PackageRefusal::invalid_tag, fmt::format("\"{}\" cannot be a dist-tag.", tag));
  }
  return {};
}

}  // namespace imp::registry
