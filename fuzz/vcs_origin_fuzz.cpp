#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "ci/projects/definitions.h"
#include "ci/projects/repository.h"
#include "ci/projects/slug.h"

// What is derived from any repository URL is an origin; and what passes as a name cannot be read by
// git as an option or as a path outside.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto origin = imp::ci::vcs_origin_of(text)) {
    if (!imp::ci::check_vcs_origin(*origin)) std::abort();
  }
  if (const auto slug = imp::ci::parse_project_slug(text)) {
    if (imp::ci::parse_project_slug(slug->text())->text() != slug->text()) std::abort();
  }
  if (imp::ci::check_ref_name(text) &&
      (text.front() == '-' || text.find("..") != text.npos || text.find('\0') != text.npos)) {
    std::abort();
  }
  if (imp::ci::check_config_path(text) && (text.front() == '/' || text.starts_with("../"))) {
    std::abort();
  }
  return 0;
}
