#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/failure.h"

namespace imp::ci {

enum class RepositoryRefusal {
  invalid_ref_name,
  invalid_file_path,
  invalid_revision,
  repository_exists,
  repository_not_found,
  ref_not_found,
  file_not_found,
  file_too_large,
  git_failed,
};
Reason reason(RepositoryRefusal refusal);

/// Git keeps texts as they were typed; here they are UTF-8, with U+FFFD for what was not.
struct Commit {
  std::string revision;  ///< 40 hexadecimal digits
  std::string subject;   ///< first line of the message
  std::string body;      ///< the rest of it
  std::string author_name;
  std::string author_email;
  Time authored;
};

/// A branch or tag and the commit it leads to.
struct Ref {
  std::string name;      ///< in full: "refs/heads/main", "refs/tags/v1"
  std::string revision;  ///< the commit, also for annotated tags
  bool operator==(const Ref&) const = default;
};

/// The bare repositories that this server hosts, `<directory>/<project id>.git`, read through the
/// git program as a child process: fixed argument lists, no shell, no user configuration, no hooks
/// of the pusher. Names that git could read as options or as revision syntax are refused before it
/// is started. Thread-safe; every call blocks for as long as git runs.
class Repositories {
 public:
  /// `directory` is made when the first repository is.
  explicit Repositories(std::string directory) : directory_(std::move(directory)) {}

  /// Where git finds the repository (for `git http-backend`). The project id must be a UUID.
  std::string path(std::string_view project_id) const;
  bool exists(std::string_view project_id) const;

  /// An empty bare repository whose HEAD is `default_branch`. Pushes over HTTP are enabled; pushes
  /// that are not fast-forward are left to git's defaults.
  Result<void> create(std::string_view project_id, std::string_view default_branch) const;

  /// Deletes the repository with everything in it; nothing happens when there is none.
  void remove(std::string_view project_id) const;

  /// The commit of a branch ("main") or tag ("v1.0.0"), as short names.
  Result<std::string> resolve_branch(std::string_view project_id, std::string_view branch) const;
  Result<std::string> resolve_tag(std::string_view project_id, std::string_view tag) const;
  /// Every branch and tag, by name; taken before and after a push it says what was pushed. Those
  /// whose names check_ref_name() refuses are left out.
  Result<std::vector<Ref>> refs(std::string_view project_id) const;

  /// The bytes of a file at a commit (40 hexadecimal digits); at most `limit` bytes. `path` is
  /// relative to the root, without "." and ".." parts.
  Result<std::string> read_file(std::string_view project_id, std::string_view revision,
                                std::string_view path, std::size_t limit = 1 << 20) const;

  Result<Commit> commit(std::string_view project_id, std::string_view revision) const;
  /// The commit and its ancestors, newest first.
  Result<std::vector<Commit>> commits(std::string_view project_id, std::string_view revision,
                                      std::size_t limit) const;

 private:
  Result<void> known(std::string_view project_id) const;
  Result<std::string> resolve(std::string_view project_id, const std::string& full_ref) const;

  std::string directory_;
};

/// A branch or tag name as git allows it (git-check-ref-format(1)), in UTF-8, and never one that
/// begins with '-' or "refs/".
Result<void> check_ref_name(std::string_view name);

}  // namespace imp::ci
