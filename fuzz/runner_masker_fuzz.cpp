#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "ci/runner/masker.h"

// First byte: where the stream is cut; then secrets and text, separated by NUL. Whatever the cut,
// the output must be the same, and hold no secret where no asterisk can be part of one.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using imp::ci::runner::Masker;
  if (size < 2) return 0;
  const std::size_t cut = data[0];
  std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
  imp::ci::runner::Secrets secrets;
  for (std::size_t end = rest.find('\0'); end != std::string_view::npos; end = rest.find('\0')) {
    secrets.add(rest.substr(0, end));
    rest.remove_prefix(end + 1);
  }
  Masker whole(secrets);
  std::string expected = whole.push(rest);
  expected += whole.finish();
  Masker cut_up(secrets);
  std::string out = cut_up.push(rest.substr(0, cut));
  if (rest.size() > cut) out += cut_up.push(rest.substr(cut));
  out += cut_up.finish();
  if (out != expected) std::abort();
  return 0;
}
