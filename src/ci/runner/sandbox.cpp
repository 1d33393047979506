#include "ci/runner/sandbox.h"

#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>

#include "base/descriptor.h"
#include "base/error_text.h"
#include "base/uuid.h"
#include "ci/runner/refusals.h"
#include "ci/runner/sandbox_mounts.h"

namespace imp::ci::runner {

namespace {

void add(std::vector<std::string>& out, std::initializer_list<std::string_view> words) {
  out.insert(out.end(), words.begin(), words.end());
}

std::vector<std::string> name_spaces(const Sandbox& sandbox) {
  std::vector<std::string> out;
  add(out, {"--die-with-parent", "--new-session", "--unshare-pid", "--unshare-ipc", "--unshare-uts",
            "--unshare-cgroup-try", "--hostname", "job"});
  if (!sandbox.network) add(out, {"--unshare-net"});
  if (sandbox.confinement == Confinement::user_namespace) {
    const std::string user = std::to_string(job_user);
    add(out, {"--unshare-user", "--uid", user, "--gid", user});
  } else {
    // Kept for the moment in which the launcher becomes the job's user, and lost with it.
    add(out, {"--cap-drop", "ALL", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"});
  }
  return out;
}

/// The environment travels in an unnamed file: in an argument other users of the host could read
/// it, and in bubblewrap's own environment LD_PRELOAD would act before the job's rights are gone.
Result<Descriptor> environment_file(const std::vector<NamedValue>& environment) {
  std::string content;
  for (const auto& [name, value] : environment) {
    content += name;
    content += '=';
    content += value;
    content += '\0';
  }
  Descriptor file(::memfd_create("environment", MFD_CLOEXEC));
  std::string_view rest = content;
  while (file && !rest.empty()) {
    const ssize_t written = ::write(file.get(), rest.data(), rest.size());
    if (written < 0 && errno != EINTR) file.reset();
    if (written > 0) rest.remove_prefix(static_cast<std::size_t>(written));
  }
  if (!file || ::lseek(file.get(), 0, SEEK_SET) != 0) {
    return refuse(RunnerRefusal::process_failed,
                  fmt::format("The job's environment cannot be passed on: {}.", error_text(errno)));
  }
  return file;
}

}  // namespace

Result<Sandbox> find_sandbox() {
  const auto bubblewrap = find_program("bwrap");
  if (!bubblewrap) {
    return refuse(RunnerRefusal::sandbox_unavailable,
                  "Jobs cannot run here: the program bwrap is not installed. Install bubblewrap "
                  "(on Debian: apt-get install bubblewrap) and start the runner again.");
  }
  Sandbox out;
  out.bubblewrap = *bubblewrap;
  out.confinement = ::geteuid() == 0 ? Confinement::other_user : Confinement::user_namespace;
  return out;
}

Result<void> probe(const Sandbox& sandbox, const std::string& work_directory) {
  if (::access(sandbox.jobtool.c_str(), X_OK) != 0) {
    return refuse(RunnerRefusal::sandbox_unavailable,
                  fmt::format("The program for jobs, {}, cannot be used: {}.", sandbox.jobtool,
                              error_text(errno)));
  }
  const auto directories = JobDirectories::make(work_directory, "probe-" + new_uuid(),
                                                sandbox.confinement == Confinement::other_user);
  if (!directories) return pass_on(directories);
  const SandboxedCommand command{
      {fmt::format("{}/bin/circleci", job_control), "--version"}, {}, std::string(job_home), ""};
  Watch watch;
  watch.deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  std::string said;
  const auto end = run_sandboxed(sandbox, *directories, command, watch,
                                 [&](std::string_view bytes) { said += bytes; });
  if (!end) return pass_on(end);
  if (end->reason == EndReason::exited && end->exit_code == 0) return {};
  while (!said.empty() && said.back() == '\n') said.pop_back();
  return refuse(
      RunnerRefusal::sandbox_unavailable,
      fmt::format(
          "Jobs cannot run here: bubblewrap does not work ({}). In a container, allow it to "
          "make name spaces (--cap-add SYS_ADMIN --security-opt seccomp=unconfined "
          "--security-opt apparmor=unconfined); as an ordinary user, allow unprivileged "
          "user name spaces (sysctl kernel.unprivileged_userns_clone=1).",
          said.empty() ? "it said nothing" : said));
}

Result<ProcessEnd> run_sandboxed(const Sandbox& sandbox, const JobDirectories& directories,
                                 const SandboxedCommand& command, const Watch& watch,
                                 const std::function<void(std::string_view)>& sink) {
  auto environment = environment_file(command.environment);
  if (!environment) return pass_on(environment);

  Process process;
  process.arguments = {sandbox.bubblewrap};
  for (auto& word : name_spaces(sandbox)) process.arguments.push_back(std::move(word));
  for (auto& word : mounts(sandbox, directories, command.node)) {
    process.arguments.push_back(std::move(word));
  }
  const std::string user =
      sandbox.confinement == Confinement::other_user ? std::to_string(job_user) : std::string("-");
  add(process.arguments,
      {"--chdir", "/", "--", fmt::format("{}/bin/circleci", job_control), "internal", "launch",
       user, std::to_string(sandbox.processes), command.directory, "--"});
  process.arguments.insert(process.arguments.end(), command.arguments.begin(),
                           command.arguments.end());
  process.environment = {"PATH=/usr/bin:/bin"};
  process.descriptor_3 = environment->get();
  return run_process(process, watch, sink);
}

}  // namespace imp::ci::runner
