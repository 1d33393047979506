#include "demo/npm_choice.h"

#include <fmt/format.h>

#include <filesystem>

#include "ci/runner/node_toolchains.h"
#include "ci/runner/process.h"

namespace imp::demo {

namespace {

namespace runner = ci::runner;

constexpr runner::Version kOldestNpm{11, 15, 0};
constexpr std::string_view kImage = "cimg/node:22.14";

/// The version of an npm; nothing when it does not even say that.
std::optional<runner::Version> version_of(const std::string& npm) {
  runner::Process process;
  process.arguments = {npm, "--version"};
  process.environment = runner::host_environment();
  runner::Watch watch;
  watch.deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  const auto said = runner::capture(process, watch);
  if (!said) return std::nullopt;
  // Warnings about the machine's configuration come in lines before it.
  std::string_view text = *said;
  while (!text.empty() && text.back() == '\n') text.remove_suffix(1);
  const std::size_t line = text.rfind('\n');
  return runner::parse_version(line == text.npos ? text : text.substr(line + 1));
}

}  // namespace

Outcome<std::string> choose_npm(const std::string& wanted, const std::string& cache_directory,
                                const Clock& clock, Narrator& say) {
  if (!wanted.empty()) {
    std::error_code error;
    const auto path = std::filesystem::absolute(wanted, error);
    if (!error && std::filesystem::exists(path, error)) return path.string();
    return surprise("an npm at the path of --npm", wanted + " is not there");
  }
  const auto own = runner::find_program("npm");
  const auto version = own ? version_of(*own) : std::nullopt;
  if (version && *version >= kOldestNpm) return *own;
  say.note(
      fmt::format("This machine's npm is {}; `npm trust` and `npm stage` came with {}. Taking "
                  "the npm that jobs get for {}.",
                  version ? runner::to_string(*version) : std::string("absent"),
                  runner::to_string(kOldestNpm), kImage));
  runner::NodeToolchains toolchains(cache_directory, clock);
  const auto toolchain = toolchains.get(kImage, runner::host_npm([] { return false; }),
                                        [&](std::string_view line) { say.note(line); });
  if (!toolchain) return relay(toolchain, "an npm from the npm registry");
  return toolchain->directory + "/bin/npm";
}

}  // namespace imp::demo
