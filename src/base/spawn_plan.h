#pragma once

#include <spawn.h>

#include <string>

namespace imp {

/// What posix_spawn(3) takes beside a program and its arguments. The child leads a process group of
/// its own, so that its helpers can be ended with it, blocks no signal and ignores none: a server's
/// threads block the signals that stop it and ignore those of closed pipes.
class SpawnPlan {
 public:
  SpawnPlan();
  ~SpawnPlan();
  SpawnPlan(const SpawnPlan&) = delete;
  SpawnPlan& operator=(const SpawnPlan&) = delete;

  // In the order in which the child shall do it.

  /// `number` in the child is `descriptor` of this process, or /dev/null when that is negative.
  void stream(int number, int descriptor);
  /// Closes `first` and all above. Not every library marks what it opens as not to be inherited.
  void close_from(int first);
  void change_directory(const std::string& path);

  const posix_spawn_file_actions_t* actions() const { return &actions_; }
  const posix_spawnattr_t* attributes() const { return &attributes_; }

 private:
  posix_spawn_file_actions_t actions_;
  posix_spawnattr_t attributes_;
};

}  // namespace imp
