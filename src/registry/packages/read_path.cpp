#include "registry/packages/read_path.h"

namespace imp::registry {
namespace {

std::string_view decoded_name(std::string_view text, std::span<char> buffer) {
  if (text.size() > buffer.size()) return {};
  std::size_t length = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '%') {
      const std::string_view escape = text.substr(i, 3);
      if (escape == "%2f" || escape == "%2F") {
        c = '/';
      } else if (escape == "%40" && length == 0) {
        c = '@';
      } else {
        return {};
      }
      i += 2;
    }
    buffer[length++] = c;
  }
  return {buffer.data(), length};
}

}  // namespace

ReadPath read_path(std::string_view path, std::span<char> buffer) {
  constexpr std::string_view separator = "/-/";
  if (!path.starts_with('/')) return {};
  path.remove_prefix(1);
  ReadPath out;
  if (const auto at = path.find(separator); at != std::string_view::npos) {
    out.file = path.substr(at + separator.size());
    if (out.file.empty() || out.file.find_first_of("/%") != std::string_view::npos) return {};
    path = path.substr(0, at);
  }
  out.name = decoded_name(path, buffer);
  return out;
}

}  // namespace imp::registry
