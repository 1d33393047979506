#include "registry/publish/entry_path.h"

#include <fmt/format.h>

#include "base/encoding.h"
#include "registry/publish/refusal.h"

namespace imp::registry {
namespace {

std::string printable(std::string_view raw) {
  std::string out(raw.substr(0, 200));
  for (char& c : out) {
    if (c < ' ' || c == 0x7f || c == '"') c = '?';
  }
  return is_utf8(out) ? out : "(not UTF-8)";
}

std::string folded(std::string_view text) {
  while (!text.empty() && (text.back() == '.' || text.back() == ' ')) text.remove_suffix(1);
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

}  // namespace

Result<EntryPath> entry_path(std::string_view raw) {
  EntryPath out;
  out.shown = printable(raw);
  const auto unsafe = [&](std::string_view why) {
    return refuse(PublishRefusal::unsafe_path,
                  fmt::format("The tarball's entry \"{}\" {}.", out.shown, why));
  };
  if (raw.empty()) return unsafe("has no name");
  if (!is_utf8(raw)) return unsafe("has a name that is not UTF-8");
  for (char c : raw) {
    if ((c >= 0 && c < ' ') || c == 0x7f) return unsafe("has a control character in its name");
    if (c == '\\') return unsafe("has a backslash in its name, which Windows takes for a slash");
  }
  if (raw.front() == '/') return unsafe("has an absolute path");

  bool first = true;
  while (!raw.empty()) {
    const std::size_t slash = std::min(raw.find('/'), raw.size());
    const std::string_view part = raw.substr(0, slash);
    raw.remove_prefix(std::min(slash + 1, raw.size()));
    if (part.empty() || part == ".") continue;
    if (part == "..") return unsafe("would be unpacked outside of the package");
    if (part.size() >= 2 && part[1] == ':') return unsafe("begins with a drive letter");
    if (first) {
      first = false;
      continue;
    }
    if (!out.inside.empty()) out.inside += '/';
    out.inside += part;
  }
  return out;
}

bool same_on_any_disk(std::string_view a, std::string_view b) { return folded(a) == folded(b); }

}  // namespace imp::registry
