#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace imp::cli {

/// A variable of the environment; nothing when it is not set.
using Environment = std::function<std::optional<std::string>(std::string_view name)>;
Environment process_environment();

/// What npm's configuration says of registries: variables, then the project's `.npmrc`, then the
/// person's. Only what is needed here: `registry` and `//host/path/:_authToken`, with `${NAME}`
/// replaced. Files that cannot be read count as empty, as npm has it. The project's file may be a
/// stranger's: what it names is told apart, and it is given no credential of the environment.
class NpmConfig {
 public:
  /// `directory` is where the project's file is; the person's is npm_config_userconfig, or in HOME.
  static NpmConfig read(const Environment& environment, const std::string& directory);

  /// Without a slash at its end; nothing when none is configured.
  std::optional<std::string> registry() const;
  /// The project's file when that alone names this address: empty when the person does, too, by a
  /// variable, as the registry of their own file, or by a token for it in there.
  std::string named_by_project_alone(std::string_view registry) const;
  /// The token for a registry: of its own path, or of one above it on the same host and port.
  std::optional<std::string> token(std::string_view registry) const;

 private:
  enum class Origin : std::uint8_t { variable, project, person };
  struct Entry {
    std::string key, value;
    Origin origin;
  };
  void add_file(const std::string& path, Origin origin, const Environment& environment);
  std::optional<std::string> value(std::string_view key, bool of_project = true) const;
  std::optional<std::string> token_of(std::string_view registry, bool of_project) const;

  std::vector<Entry> entries_;  // the first of a key counts
  std::string project_file_;
};

}  // namespace imp::cli
