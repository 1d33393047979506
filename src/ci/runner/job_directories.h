#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>

#include "base/descriptor.h"
#include "base/failure.h"

namespace imp::ci::runner {

/// The user that jobs run as: the number that `circleci` has in CircleCI's own images.
inline constexpr uid_t job_user = 3434;

/// Where things are inside the sandbox.
inline constexpr std::string_view job_home = "/home/circleci";
inline constexpr std::string_view job_control = "/run/imprimatur";

/// One job's directories on the host, removed with this object. A killed runner leaves them behind:
/// what nobody holds is swept away (held_directory.h).
///
///   root/home     the job's home, shown as /home/circleci; the job writes here
///   root/tmp      shown as /tmp; the job writes here
///   root/control  shown read-only as /run/imprimatur: the socket, step scripts, mount points
///   root/private  never shown: the mirror that checkout fetches into
class JobDirectories {
 public:
  /// Makes them below `work_directory`. With `give_to_job_user` (this process is then
  /// root), home and tmp belong to `job_user`. Failure: `workspace_failed`.
  static Result<JobDirectories> make(const std::string& work_directory, std::string_view job_id,
                                     bool give_to_job_user);

  JobDirectories(JobDirectories&& other) noexcept;
  JobDirectories& operator=(JobDirectories&&) = delete;
  ~JobDirectories();

  std::string home() const { return root_ + "/home"; }
  std::string tmp() const { return root_ + "/tmp"; }
  std::string control() const { return root_ + "/control"; }
  std::string private_directory() const { return root_ + "/private"; }
  bool given_to_job_user() const { return given_; }

  /// Writes a file that the job may read, below control/. Returns its path inside the sandbox.
  Result<std::string> write_control_file(std::string_view name, std::string_view content) const;
  /// Makes ~/.npm-global, where npm of a Node toolchain (shown as /run/imprimatur/node) installs
  /// globally. The toolchain's npm is linked into it, so that `npm install --global npm@…` replaces
  /// the very path that a shell has already found.
  Result<void> make_npm_prefix() const;
  /// Makes an empty file below tmp/ that belongs to the job.
  Result<void> make_job_file(std::string_view name) const;

 private:
  /// /etc/passwd and /etc/group of the sandbox: the host's own names are none of the job's
  /// business.
  Result<void> write_accounts() const;

  Result<void> give(const std::string& path) const;

  JobDirectories(std::string root, bool given) : root_(std::move(root)), given_(given) {}

  std::string root_;
  bool given_ = false;
  Descriptor held_;  ///< see held_directory.h
};

/// Removes a directory tree that a job may have filled: never follows symbolic links, and opens
/// directories up that the job made unwritable.
void remove_tree(const std::string& path);

}  // namespace imp::ci::runner
