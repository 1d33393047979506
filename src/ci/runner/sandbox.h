#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/failure.h"
#include "ci/runner/job_directories.h"
#include "ci/runner/process.h"
#include "ci/runner/protocol.h"

namespace imp::ci::runner {

/// How a job loses this process's rights.
enum class Confinement : std::uint8_t {
  other_user,      ///< started by root: becomes `job_user`, with no capability
  user_namespace,  ///< started by anyone else: the same user without privileges, shown as
                   ///< `job_user`
};

/// What all jobs of a runner have in common. bubblewrap gives every step its own mount, process,
/// IPC and host name space: the system's directories read-only, the job's home and /tmp, a minimal
/// /dev, a fresh /proc and an empty /run. Nothing else of the host is there: neither /root, /home,
/// /var, /srv nor the server's data. Processes end with the step that started them.
/// When the host's memory runs out, they are the first that the kernel ends; they leave no core
/// dumps.
struct Sandbox {
  Confinement confinement = Confinement::other_user;
  std::string bubblewrap;                   ///< absolute path of bwrap
  std::string jobtool;                      ///< absolute path of the static `circleci`
  bool network = true;                      ///< share the host's network; without: loopback only
  std::uint64_t processes = 4096;           ///< with their threads; shared by the jobs that run at
                                            ///< a time when they are `other_user`
  std::vector<std::string> readable_paths;  ///< shown read-only at the same place
  std::vector<std::string> hidden_paths;    ///< empty inside, wherever they are
};

/// Finds bubblewrap and picks the confinement by this process's user. Failure:
/// `sandbox_unavailable`.
Result<Sandbox> find_sandbox();

/// Runs `circleci --version` in a sandbox below `work_directory`. Failure: `sandbox_unavailable`,
/// with what bubblewrap said and what to do.
Result<void> probe(const Sandbox& sandbox, const std::string& work_directory);

struct SandboxedCommand {
  std::vector<std::string> arguments;   ///< looked up in the PATH of `environment`
  std::vector<NamedValue> environment;  ///< complete; reaches the program without passing through
                                        ///< any command line that the host can see
  std::string directory;                ///< absolute, inside; made when it is not there
  std::string node;                     ///< host directory of a Node toolchain; empty: none
};

/// Runs a command of the job; see run_process().
Result<ProcessEnd> run_sandboxed(const Sandbox& sandbox, const JobDirectories& directories,
                                 const SandboxedCommand& command, const Watch& watch,
                                 const std::function<void(std::string_view)>& sink);

}  // namespace imp::ci::runner
