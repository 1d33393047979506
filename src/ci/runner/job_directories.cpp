#include "ci/runner/job_directories.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <thread>

#include "base/descriptor.h"
#include "base/error_text.h"
#include "ci/runner/held_directory.h"
#include "ci/runner/refusals.h"

namespace imp::ci::runner {

namespace fs = std::filesystem;

namespace {

std::unexpected<Failure> failed(const std::string& path) {
  return refuse(RunnerRefusal::workspace_failed,
                fmt::format("{} cannot be made: {}.", path, error_text(errno)));
}

Result<void> make_directory(const std::string& path, mode_t mode, bool give) {
  if (::mkdir(path.c_str(), 0700) != 0) return failed(path);
  if (give && ::chown(path.c_str(), job_user, job_user) != 0) return failed(path);
  // chmod, because mkdir's mode passes through the umask.
  if (::chmod(path.c_str(), mode) != 0) return failed(path);
  return {};
}

Result<void> write_file(const std::string& path, std::string_view content, mode_t mode) {
  Descriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!file) return failed(path);
  while (!content.empty()) {
    const ssize_t written = ::write(file.get(), content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return failed(path);
    content.remove_prefix(static_cast<std::size_t>(written));
  }
  if (::fchmod(file.get(), mode) != 0) return failed(path);
  return {};
}

}  // namespace

Result<JobDirectories> JobDirectories::make(const std::string& work_directory,
                                            std::string_view job_id, bool give_to_job_user) {
  std::error_code error;
  fs::create_directories(work_directory, error);
  if (error) {
    return refuse(RunnerRefusal::workspace_failed,
                  fmt::format("{} cannot be made: {}.", work_directory, error.message()));
  }
  std::string root = fmt::format("{}/{}", work_directory, job_id);
  // What a killed runner left behind of the same job.
  remove_tree(root);
  if (auto made = make_directory(root, 0700, false); !made) return pass_on(made);
  JobDirectories out(std::move(root), give_to_job_user);
  out.held_ = hold(out.root_);
  if (!out.held_) return failed(out.root_);
  struct Part {
    std::string path;
    mode_t mode;
    bool give;
  };
  for (const Part& part :
       {Part{out.home(), 0755, give_to_job_user}, Part{out.tmp(), 01777, give_to_job_user},
        Part{out.control(), 0755, false}, Part{out.control() + "/bin", 0755, false},
        Part{out.control() + "/node", 0755, false}, Part{out.control() + "/steps", 0755, false},
        Part{out.private_directory(), 0700, false}}) {
    if (auto made = make_directory(part.path, part.mode, part.give); !made) return pass_on(made);
  }
  if (auto written = out.write_accounts(); !written) return pass_on(written);
  const std::string mount_point = out.control() + "/bin/circleci";
  if (auto made = write_file(mount_point, "", 0755); !made) return pass_on(made);
  const std::string agent = out.control() + "/bin/circleci-agent";
  if (::symlink("circleci", agent.c_str()) != 0) return failed(agent);
  return out;
}

JobDirectories::JobDirectories(JobDirectories&& other) noexcept
    : root_(std::exchange(other.root_, "")), given_(other.given_), held_(std::move(other.held_)) {}

JobDirectories::~JobDirectories() {
  if (!root_.empty()) remove_tree(root_);
}

Result<void> JobDirectories::write_accounts() const {
  const auto passwd =
      write_control_file("passwd", fmt::format("root:x:0:0:root:/root:/bin/bash\n"
                                               "nobody:x:65534:65534:nobody:/nonexistent:"
                                               "/usr/sbin/nologin\n"
                                               "circleci:x:{0}:{0}:circleci:{1}:/bin/bash\n",
                                               job_user, job_home));
  if (!passwd) return pass_on(passwd);
  const auto group = write_control_file(
      "group", fmt::format("root:x:0:\nnogroup:x:65534:\ncircleci:x:{}:\n", job_user));
  if (!group) return pass_on(group);
  return {};
}

Result<std::string> JobDirectories::write_control_file(std::string_view name,
                                                       std::string_view content) const {
  if (auto done = write_file(fmt::format("{}/{}", control(), name), content, 0444); !done) {
    return pass_on(done);
  }
  return fmt::format("{}/{}", job_control, name);
}

Result<void> JobDirectories::make_job_file(std::string_view name) const {
  const std::string path = fmt::format("{}/{}", tmp(), name);
  if (auto done = write_file(path, "", 0644); !done) return done;
  return give(path);
}

Result<void> JobDirectories::give(const std::string& path) const {
  if (given_ && ::lchown(path.c_str(), job_user, job_user) != 0) return failed(path);
  return {};
}

Result<void> JobDirectories::make_npm_prefix() const {
  const std::string prefix = home() + "/.npm-global";
  for (const char* part : {"", "/bin", "/lib", "/lib/node_modules"}) {
    if (auto made = make_directory(prefix + part, 0755, given_); !made) return made;
  }
  const std::pair<const char*, std::string> links[] = {
      {"/lib/node_modules/npm", fmt::format("{}/node/lib/node_modules/npm", job_control)},
      {"/bin/npm", "../lib/node_modules/npm/bin/npm-cli.js"},
      {"/bin/npx", "../lib/node_modules/npm/bin/npx-cli.js"}};
  for (const auto& [name, target] : links) {
    const std::string path = prefix + name;
    if (::symlink(target.c_str(), path.c_str()) != 0) return failed(path);
    if (auto given = give(path); !given) return given;
  }
  return {};
}

namespace {

/// The jobs of an unprivileged runner share its user and can take write permission away from
/// directories (package managers do, to protect their caches).
void open_up(const std::string& path) {
  std::error_code error;
  for (auto entry = fs::recursive_directory_iterator(path, error);
       !error && entry != fs::recursive_directory_iterator(); entry.increment(error)) {
    if (entry->is_directory(error) && !entry->is_symlink(error)) {
      fs::permissions(entry->path(), fs::perms::owner_all, fs::perm_options::add, error);
    }
  }
}

}  // namespace

void remove_tree(const std::string& path) {
  std::error_code error;
  fs::remove_all(path, error);
  // A killed process may take a moment to go, and write until then.
  for (int tries = 0; error && tries < 10; ++tries) {
    open_up(path);
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    fs::remove_all(path, error);
  }
}

}  // namespace imp::ci::runner
