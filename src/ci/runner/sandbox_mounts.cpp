#include "ci/runner/sandbox_mounts.h"

#include <fmt/format.h>

#include <array>
#include <filesystem>

namespace imp::ci::runner {

namespace fs = std::filesystem;

namespace {

/// The directories in which a distribution keeps its programs. Everything else stays out, so that
/// what an administrator puts somewhere is not shown to jobs by accident.
constexpr std::array<std::string_view, 9> system_directories = {
    "/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/etc", "/opt"};

using Arguments = std::vector<std::string>;

void add(Arguments& out, std::initializer_list<std::string_view> words) {
  out.insert(out.end(), words.begin(), words.end());
}

bool is_within(const std::string& path, std::string_view directory) {
  return path == directory || path.starts_with(std::string(directory) + "/");
}

void add_system(Arguments& out) {
  std::error_code error;
  for (std::string_view directory : system_directories) {
    const fs::path path(directory);
    if (fs::is_symlink(path, error)) {
      add(out, {"--symlink", fs::read_symlink(path, error).string(), directory});
    } else if (fs::is_directory(path, error)) {
      add(out, {"--ro-bind", directory, directory});
    }
  }
}

/// Parents that bubblewrap would make by itself would be closed to the job's user.
void add_directory(Arguments& out, std::string_view path) {
  add(out, {"--perms", "0755", "--dir", path});
}

/// Where the resolver's settings are a link into /run, which is hidden.
void add_resolver(Arguments& out) {
  std::error_code error;
  const fs::path real = fs::canonical("/etc/resolv.conf", error);
  if (error || !is_within(real.string(), "/run")) return;
  std::vector<fs::path> parents;
  for (fs::path parent = real.parent_path(); parent != "/run"; parent = parent.parent_path()) {
    parents.insert(parents.begin(), parent);
  }
  for (const fs::path& parent : parents) add_directory(out, parent.string());
  add(out, {"--ro-bind", real.string(), real.string()});
}

void add_readable(Arguments& out, const std::vector<std::string>& paths) {
  for (const std::string& path : paths) {
    fs::path parent = fs::path(path).parent_path();
    std::vector<std::string> parents;
    std::error_code error;
    for (; parent.has_relative_path(); parent = parent.parent_path()) {
      parents.insert(parents.begin(), parent.string());
    }
    for (const std::string& directory : parents) {
      bool shown = false;
      for (std::string_view system : system_directories) {
        shown = shown || is_within(directory, system);
      }
      if (!shown) add_directory(out, directory);
    }
    add(out, {"--ro-bind-try", path, path});
  }
}

bool is_shown(const std::string& path, const std::vector<std::string>& readable_paths) {
  for (std::string_view directory : system_directories) {
    if (is_within(path, directory)) return true;
  }
  for (const std::string& directory : readable_paths) {
    if (is_within(path, directory)) return true;
  }
  return false;
}

/// Covers a path only when something above shows it: covering makes its name visible.
void add_hidden(Arguments& out, const Sandbox& sandbox) {
  std::error_code error;
  for (const std::string& hidden : sandbox.hidden_paths) {
    const std::string path = fs::weakly_canonical(hidden, error).string();
    if (error || !fs::exists(path, error) || !is_shown(path, sandbox.readable_paths)) continue;
    if (fs::is_directory(path, error)) {
      add(out, {"--perms", "0755", "--tmpfs", path});
    } else {
      add(out, {"--ro-bind", "/dev/null", path});
    }
  }
}

}  // namespace

Arguments mounts(const Sandbox& sandbox, const JobDirectories& directories,
                 const std::string& node) {
  Arguments out;
  add_system(out);
  for (std::string_view file : {"passwd", "group"}) {
    add(out, {"--ro-bind", fmt::format("{}/{}", directories.control(), file),
              fmt::format("/etc/{}", file)});
  }
  // Memory that no process owns: the kernel could not get it back by ending one.
  add(out, {"--proc", "/proc", "--dev", "/dev", "--size", "1073741824", "--perms", "1777",
            "--tmpfs", "/dev/shm"});
  add(out, {"--perms", "0755", "--tmpfs", "/run"});
  add_resolver(out);
  add_directory(out, "/home");
  add_directory(out, "/var");
  add(out, {"--symlink", "/tmp", "/var/tmp", "--symlink", "/run", "/var/run"});
  add(out, {"--bind", directories.tmp(), "/tmp", "--bind", directories.home(), job_home});
  add_readable(out, sandbox.readable_paths);
  add_hidden(out, sandbox);
  add(out, {"--ro-bind", directories.control(), job_control});
  add(out, {"--ro-bind", sandbox.jobtool, fmt::format("{}/bin/circleci", job_control)});
  if (!node.empty()) add(out, {"--ro-bind", node, fmt::format("{}/node", job_control)});
  // In a user namespace the job owns the directories that bubblewrap made.
  add(out, {"--remount-ro", "/run", "--remount-ro", "/"});
  return out;
}

}  // namespace imp::ci::runner
