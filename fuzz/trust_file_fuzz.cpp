// A trust.yaml as somebody checked it in, and the one that `imprimatur trust export` prints: what
// it says is what is read from it again.

#include <boost/json.hpp>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "cli/trust_file.h"

namespace {

namespace json = boost::json;
using imp::cli::TrustFile;

json::array listed(const std::vector<TrustFile::Entry>& entries, const char* name) {
  json::array list;
  for (const TrustFile::Entry& entry : entries) {
    list.push_back(json::object{{name, entry.name}, {"publishers", entry.publishers}});
  }
  return list;
}

/// As the API lists them.
json::value listed(const TrustFile& file) {
  return json::object{{"scopes", listed(file.scopes(), "scope")},
                      {"packages", listed(file.packages(), "package")}};
}

/// An exported publisher names its issuer, and a registry lists texts where a file may have
/// anything.
bool is_listed(const json::object& publisher) {
  for (const char* member : {"type", "issuer"}) {
    const json::value* value = publisher.if_contains(member);
    if (!value || !value->is_string() || value->get_string().empty()) return false;
  }
  // The type becomes part of a name.
  const auto& type = publisher.at("type").get_string();
  return type.find_first_not_of("abcdefghijklmnopqrstuvwxyz") == json::string::npos;
}

}  // namespace

/// libfyaml 0.7 keeps what it unescaped of a scalar: some bytes of a command that ends soon. The
/// server reads no foreign file that way.
extern "C" const char* __lsan_default_suppressions() { return "leak:libfyaml"; }

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto file = TrustFile::parse(text, "trust.yaml");
  if (!file) {
    if (!file.error().message.starts_with("trust.yaml:") &&
        !file.error().message.contains("trust.yaml")) {
      std::abort();
    }
    return 0;
  }
  for (const auto* entries : {&file->scopes(), &file->packages()}) {
    for (const TrustFile::Entry& entry : *entries) {
      for (std::int64_t i = 0; i < static_cast<std::int64_t>(entry.publishers.size()); ++i) {
        const json::value index(i);
        if (!file->place(entry.name, &index, "claims[\"x\"]").starts_with("trust.yaml")) {
          std::abort();
        }
        if (!is_listed(entry.publishers[static_cast<std::size_t>(i)].as_object())) return 0;
      }
    }
  }
  const json::value all = listed(*file);
  const auto again = TrustFile::parse(imp::cli::trust_file_text(all), "export");
  if (!again || listed(*again) != all) std::abort();
  return 0;
}
