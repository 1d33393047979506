#include "app/trusted_root_file.h"

#include "app/audit_files.h"
#include "cli/refusal.h"

namespace imp::app {

Result<sigstore::TrustedRoot> load_trusted_root(const std::string& path) {
  const auto text = read_text_file(path);
  if (!text) return pass_on(text);
  auto root = sigstore::parse_trusted_root(*text);
  if (root) return root;
  return refuse(cli::CliRefusal::unusable_input, fmt::format("{}: {}", path, root.error().message));
}

}  // namespace imp::app
