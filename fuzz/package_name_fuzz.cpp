#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "registry/packages/package_name.h"

// What is accepted can never be taken for a path, and a new name is always one that can be read.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto fresh = imp::registry::PackageName::for_new(text);
  const auto read = imp::registry::PackageName::for_read(text);
  if (fresh && !read) std::abort();
  if (!read) return 0;
  if (read->text() != text) std::abort();
  if (text.find("..") == 0 || text.find("/.") != std::string_view::npos) std::abort();
  const std::string file = read->tarball_file("1.0.0");
  const auto version = read->version_of_tarball(file);
  if (version != "1.0.0") std::abort();
  return 0;
}
