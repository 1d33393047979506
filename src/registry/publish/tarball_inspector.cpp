#include "registry/publish/tarball_inspector.h"

#include <fmt/format.h>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include "registry/publish/json_scanner.h"
#include "registry/publish/refusal.h"

namespace imp::registry {
namespace {

namespace json = boost::json;

class Inspection {
 public:
  Inspection(const TarballSource& source, const TarballLimits& limits)
      : limits_(limits), reader_(source, limits) {}

  Result<TarballContents> run();

 private:
  Result<void> file(const EntryPath& path);
  Result<void> read(std::string* keep);
  Result<void> package_json(const std::string& text);

  TarballLimits limits_;
  TarballReader reader_;
  TarballContents contents_;
  bool found_ = false;
};

// Reads the file through; keeps its text when `keep` is given.
Result<void> Inspection::read(std::string* keep) {
  const auto done = reader_.read([&](std::string_view piece) -> Result<void> {
    if (keep == nullptr) return {};
    if (keep->size() + piece.size() > limits_.package_json_bytes) {
      return refuse(PublishRefusal::manifest_too_large,
                    fmt::format("The tarball's package.json is larger than {} bytes.",
                                limits_.package_json_bytes));
    }
    keep->append(piece);
    return {};
  });
  if (!done) return pass_on(done);
  contents_.unpacked_size += *done;
  return {};
}

Result<void> Inspection::package_json(const std::string& text) {
  std::string_view document = text;
  if (document.starts_with("\xef\xbb\xbf")) document.remove_prefix(3);  // npm drops the mark, too
  json::error_code error;
  json::parse_options options;
  options.max_depth = ScanLimits().depth;  // as the publish document that repeats it
  json::value value =
      json::parse(json::string_view(document.data(), document.size()), error, {}, options);
  if (error || !value.is_object()) {
    return refuse(PublishRefusal::no_package_json,
                  "The tarball's package.json is not a JSON object.",
                  error ? error.message() : std::string());
  }
  contents_.package_json = std::move(value.get_object());
  return {};
}

Result<void> Inspection::file(const EntryPath& path) {
  ++contents_.file_count;
  const std::string& file = path.inside;
  if (!same_on_any_disk(file, "package.json")) {
    if (file == "npm-shrinkwrap.json") contents_.has_shrinkwrap = true;
    if (file == "binding.gyp") contents_.has_binding_gyp = true;
    if (file.ends_with(".gyp") && !file.contains('/')) contents_.has_gyp = true;
    return read(nullptr);
  }
  if (found_ || file != "package.json") {
    return refuse(PublishRefusal::ambiguous_package_json,
                  fmt::format("The tarball has more than one package.json at its top, or one that "
                              "only looks like it: \"{}\".",
                              path.shown));
  }
  found_ = true;
  std::string text;
  if (Result<void> done = read(&text); !done) return done;
  return package_json(text);
}

Result<TarballContents> Inspection::run() {
  while (true) {
    const auto next = reader_.next();
    if (!next) return pass_on(next);
    if (!*next) break;
    if (Result<void> seen = file(**next); !seen) return pass_on(seen);
  }
  if (!found_) {
    return refuse(PublishRefusal::no_package_json,
                  "The tarball has no package.json in its top directory.");
  }
  return std::move(contents_);
}

}  // namespace

Result<TarballContents> inspect_tarball(const TarballSource& source, const TarballLimits& limits) {
  return Inspection(source, limits).run();
}

}  // namespace imp::registry
