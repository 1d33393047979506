#include "app/audit_files.h"

#include <fstream>
#include <iostream>
#include <iterator>

#include "cli/refusal.h"

namespace imp::app {

namespace {

constexpr std::size_t kLongest = 1 << 20;

}  // namespace

Result<std::string> read_text_file(const std::string& path) {
  std::ifstream file;
  if (path != "-") file.open(path, std::ios::binary);
  std::istream& in = path == "-" ? std::cin : file;
  std::string text(kLongest + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(in.gcount()));
  if ((path != "-" && !file.is_open()) || text.empty()) {
    return refuse(cli::CliRefusal::unusable_input,
                  fmt::format("{} cannot be read, or is empty.", path));
  }
  if (text.size() > kLongest) {
    return refuse(cli::CliRefusal::unusable_input, fmt::format("{} is longer than 1 MiB.", path));
  }
  return text;
}

Result<std::vector<audit::Remembered>> read_checkpoints(
    const std::vector<std::string>& paths, const std::vector<tlog::VerifierKey>& keys) {
  std::vector<audit::Remembered> remembered;
  for (const std::string& path : paths) {
    const auto note = read_text_file(path);
    if (!note) return pass_on(note);
    const auto opened = tlog::open_checkpoint(*note, keys);
    if (!opened) {
      Failure failure = opened.error();
      failure.message = fmt::format("{}: {}", path, failure.message);
      return std::unexpected(std::move(failure));
    }
    remembered.push_back({path, opened->checkpoint});
  }
  return remembered;
}

}  // namespace imp::app
