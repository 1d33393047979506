#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "base/error_text.h"
#include "jobtool/commands.h"

extern char** environ;

namespace imp::jobtool {

namespace {

constexpr int environment_descriptor = 3;
constexpr int cannot_run = 126;
constexpr int not_found = 127;

int failed(const std::string& what, int code = cannot_run) {
  std::fprintf(stderr, "%s: %s\n", what.c_str(), error_text(errno).c_str());
  return code;
}

/// Becomes the user for good. Leaving user 0 clears the effective and permitted capabilities; the
/// inheritable ones are cleared by hand.
bool become(unsigned user) {
  if (::setgroups(0, nullptr) != 0) return false;
  if (::setresgid(user, user, user) != 0 || ::setresuid(user, user, user) != 0) return false;
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct none[2] = {};
  return ::syscall(SYS_capset, &header, none) == 0 && ::setuid(0) != 0;
}

/// What keeps one job from taking the whole machine. Never fails for what the kernel does not
/// offer: a job without a preference of the out-of-memory killer is still a job.
bool limit(rlim_t processes) {
  if (const int file = ::open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC); file >= 0) {
    constexpr char first_to_go[] = "1000";
    [[maybe_unused]] const ssize_t written = ::write(file, first_to_go, sizeof first_to_go - 1);
    ::close(file);
  }
  rlimit now{};
  if (::getrlimit(RLIMIT_NPROC, &now) != 0) return false;
  now.rlim_cur = now.rlim_max = std::min(processes, now.rlim_max);
  const rlimit none{0, 0};
  return ::setrlimit(RLIMIT_NPROC, &now) == 0 && ::setrlimit(RLIMIT_CORE, &none) == 0;
}

bool make_directories(const std::string& path) {
  for (std::size_t slash = path.find('/', 1);; slash = path.find('/', slash + 1)) {
    const std::string part = path.substr(0, slash);
    if (::mkdir(part.c_str(), 0755) != 0 && errno != EEXIST) {
      // On the way down a read-only or foreign directory is fine when it is there.
      struct stat entry{};
      if (::stat(part.c_str(), &entry) != 0) return false;
    }
    if (slash == std::string::npos) return true;
  }
}

bool read_environment(std::string& content) {
  char buffer[4096];
  for (;;) {
    const ssize_t count = ::read(environment_descriptor, buffer, sizeof buffer);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return false;
    if (count == 0) break;
    content.append(buffer, static_cast<std::size_t>(count));
  }
  ::close(environment_descriptor);
  return true;
}

std::vector<char*> split_at_nul(std::string& content) {
  std::vector<char*> out;
  for (std::size_t at = 0; at < content.size(); at += std::strlen(&content[at]) + 1) {
    out.push_back(&content[at]);
  }
  out.push_back(nullptr);
  return out;
}

}  // namespace

int internal_launch(const Words& words) {
  if (words.size() < 5 || words[3] != "--") {
    return usage_error("internal launch is for the runner", "");
  }
  std::string content;
  if (!read_environment(content)) return failed("the job's environment cannot be read");
  const auto processes = static_cast<rlim_t>(std::strtoull(words[1].c_str(), nullptr, 10));
  if (processes == 0 || !limit(processes)) return failed("the job's limits cannot be set");
  if (words[0] != "-") {
    const auto user = static_cast<unsigned>(std::strtoul(words[0].c_str(), nullptr, 10));
    if (user == 0 || !become(user)) return failed("the job's user cannot be taken on");
  }
  const std::string& directory = words[2];
  if (!make_directories(directory)) return failed("cannot make the directory " + directory);
  if (::chdir(directory.c_str()) != 0) return failed("cannot enter the directory " + directory);

  std::vector<char*> variables = split_at_nul(content);
  std::vector<std::string> program(words.begin() + 4, words.end());
  std::vector<char*> arguments;
  arguments.reserve(program.size() + 1);
  for (auto& word : program) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  environ = variables.data();
  ::execvp(arguments[0], arguments.data());
  return failed(program[0], errno == ENOENT ? not_found : cannot_run);
}

}  // namespace imp::jobtool
