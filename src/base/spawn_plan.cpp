#include "base/spawn_plan.h"

#include <fcntl.h>
#include <signal.h>

namespace imp {

SpawnPlan::SpawnPlan() {
  posix_spawn_file_actions_init(&actions_);
  posix_spawnattr_init(&attributes_);
  sigset_t none, all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_setsigmask(&attributes_, &none);
  posix_spawnattr_setsigdefault(&attributes_, &all);
  posix_spawnattr_setpgroup(&attributes_, 0);
  posix_spawnattr_setflags(&attributes_,
                           POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
}

SpawnPlan::~SpawnPlan() {
  posix_spawn_file_actions_destroy(&actions_);
  posix_spawnattr_destroy(&attributes_);
}

void SpawnPlan::stream(int number, int descriptor) {
  if (descriptor >= 0) {
    posix_spawn_file_actions_adddup2(&actions_, descriptor, number);
  } else {
    posix_spawn_file_actions_addopen(&actions_, number, "/dev/null", O_RDWR, 0);
  }
}

void SpawnPlan::close_from(int first) {
  posix_spawn_file_actions_addclosefrom_np(&actions_, first);
}

void SpawnPlan::change_directory(const std::string& path) {
  posix_spawn_file_actions_addchdir_np(&actions_, path.c_str());
}

}  // namespace imp
