#include "ci/runner/checkout.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "ci/runner/job_environment.h"
#include "ci/runner/refusals.h"

namespace imp::ci::runner {

namespace {

/// $1 target, $2 bundle, $3 origin, $4 revision, $5 branch, or "" to be on none.
constexpr char inner_script[] = R"sh(set -e
target=$1 bundle=$2 origin=$3 revision=$4 branch=$5
if [ -e "$target/.git" ]; then
  echo "Using the repository that is in $target"
elif [ -d "$target" ] && [ -n "$(ls -A "$target")" ]; then
  echo "Directory ($target) you are trying to checkout to is not empty and not a git repository" >&2
  exit 1
else
  mkdir -p "$target"
  git -c init.defaultBranch=main init --quiet "$target"
fi
cd "$target"
git remote set-url origin "$origin" 2>/dev/null || git remote add origin "$origin"
git fetch --quiet --force --prune "$bundle" '+refs/heads/*:refs/remotes/origin/*' \
  '+refs/tags/*:refs/tags/*' '+refs/imprimatur/*:refs/imprimatur/*'
git reset --quiet --hard 2>/dev/null || true
if [ -n "$branch" ]; then
  git checkout --quiet --force -B "$branch" "$revision"
  if git rev-parse --quiet --verify "refs/remotes/origin/$branch" >/dev/null; then
    git branch --quiet --set-upstream-to "origin/$branch"
  fi
else
  git -c advice.detachedHead=false checkout --quiet --force --detach "$revision"
fi
git --no-pager log --no-color -1 --format='HEAD is now at %h %s'
)sh";

std::unexpected<Failure> failed(std::string message, std::string detail = {}) {
  return refuse(RunnerRefusal::checkout_failed, std::move(message), std::move(detail));
}

Result<void> check_urls(const CheckoutPlan& plan) {
  const std::string& url = plan.checkout.fetch_url;
  const bool known =
      std::any_of(plan.protocols.begin(), plan.protocols.end(),
                  [&](const std::string& protocol) { return url.starts_with(protocol + "://"); });
  if (!known) return failed("The repository's URL is not one that this runner fetches from.", url);
  const std::string authority = url.substr(0, url.find('/', url.find("://") + 3));
  if (authority.find('@') != std::string::npos) {
    return failed("The repository's URL holds a user name, which would show in process lists.");
  }
  const std::string& origin = plan.checkout.repository_url;
  if (origin.empty() || origin.front() == '-') {
    return failed("The repository has no URL that could become the remote `origin`.");
  }
  return {};
}

/// git on the host: no settings of the machine or of a user, no prompt, the allowed protocols only.
/// The credential is in the environment, where only this user can read it.
std::vector<std::string> outer_environment(const CheckoutPlan& plan) {
  std::vector<std::pair<std::string, std::string>> settings = {
      {"protocol.allow", "never"}, {"core.hooksPath", "/dev/null"}, {"gc.auto", "0"}};
  for (const std::string& protocol : plan.protocols) {
    settings.emplace_back(fmt::format("protocol.{}.allow", protocol), "always");
  }
  if (!plan.checkout.authorization.empty()) {
    // For this repository alone: a redirect elsewhere must not carry it along.
    settings.emplace_back(fmt::format("http.{}.extraHeader", plan.checkout.fetch_url),
                          "Authorization: " + plan.checkout.authorization);
    settings.emplace_back("http.followRedirects", "false");
  }
  std::vector<std::string> out = host_environment();
  std::erase_if(out, [](const std::string& entry) { return entry.starts_with("HOME="); });
  out.insert(out.end(),
             {"HOME=/nonexistent", "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null",
              "GIT_TERMINAL_PROMPT=0", "GIT_ASKPASS=/bin/true", "LC_ALL=C.UTF-8"});
  out.push_back(fmt::format("GIT_CONFIG_COUNT={}", settings.size()));
  for (std::size_t i = 0; i < settings.size(); ++i) {
    out.push_back(fmt::format("GIT_CONFIG_KEY_{}={}", i, settings[i].first));
    out.push_back(fmt::format("GIT_CONFIG_VALUE_{}={}", i, settings[i].second));
  }
  return out;
}

class OuterGit {
 public:
  OuterGit(const CheckoutPlan& plan, std::string program, const Watch& watch)
      : environment_(outer_environment(plan)), program_(std::move(program)), watch_(&watch) {}

  Result<void> run(const std::string& directory, std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), {program_, "-C", directory});
    const auto said = capture({std::move(arguments), environment_, "/", {}}, *watch_);
    if (!said) return pass_on(said);
    return {};
  }

 private:
  std::vector<std::string> environment_;
  std::string program_;
  const Watch* watch_;
};

std::unexpected<Failure> fetch_failed(const Failure& failure) {
  return failed(
      fmt::format("The repository cannot be fetched: {}\n{}", failure.message, failure.detail),
      failure.detail);
}

/// Fetches into a fresh mirror and writes the bundle. Returns its path inside the sandbox.
Result<std::string> fetch(const CheckoutPlan& plan, const Watch& watch) {
  const auto program = find_program("git");
  if (!program) {
    return failed("The program git is not installed on this runner's machine: install it.");
  }
  const OuterGit git(plan, *program, watch);
  const Checkout& checkout = plan.checkout;
  const std::string mirror =
      fmt::format("{}/mirror-{}", plan.directories.private_directory(), plan.step);
  const std::string bundle = fmt::format("source-{}.bundle", plan.step);

  if (auto done = git.run("/", {"init", "--quiet", "--bare", mirror}); !done) {
    return fetch_failed(done.error());
  }
  std::vector<std::string> arguments = {"fetch",
                                        "--quiet",
                                        "--no-tags",
                                        "--",
                                        checkout.fetch_url,
                                        "+refs/heads/*:refs/heads/*",
                                        "+refs/tags/*:refs/tags/*"};
  if (!checkout.ref.empty()) arguments.push_back("+" + checkout.ref + ":refs/imprimatur/ref");
  if (auto done = git.run(mirror, std::move(arguments)); !done) return fetch_failed(done.error());

  const std::string pin = "refs/imprimatur/revision";
  if (!git.run(mirror, {"cat-file", "-e", checkout.revision + "^{commit}"})) {
    // Reachable from no ref: a branch that moved on by force since the job was made.
    const auto done = git.run(mirror, {"fetch", "--quiet", "--no-tags", "--", checkout.fetch_url,
                                       checkout.revision + ":" + pin});
    if (!done) return fetch_failed(done.error());
  } else if (auto done = git.run(mirror, {"update-ref", pin, checkout.revision}); !done) {
    return fetch_failed(done.error());
  }
  const std::string path = fmt::format("{}/{}", plan.directories.control(), bundle);
  if (auto done = git.run(mirror, {"bundle", "create", "--quiet", path, "--all"}); !done) {
    return fetch_failed(done.error());
  }
  // The umask decides otherwise whether the job's user may read it.
  std::error_code error;
  std::filesystem::permissions(path, std::filesystem::perms(0444), error);
  return fmt::format("{}/{}", job_control, bundle);
}

}  // namespace

Result<ProcessEnd> run_checkout(const CheckoutPlan& plan, const Watch& watch,
                                const std::function<void(std::string_view)>& sink) {
  if (auto checked = check_urls(plan); !checked) return pass_on(checked);
  sink(fmt::format("Cloning {} into {}\n", plan.checkout.repository_url, plan.target));
  const auto bundle = fetch(plan, watch);
  if (!bundle) return pass_on(bundle);
  const Checkout& checkout = plan.checkout;
  const SandboxedCommand command{{"/bin/sh", "-c", inner_script, "checkout", plan.target, *bundle,
                                  checkout.repository_url, checkout.revision, checkout.branch},
                                 base_environment(),
                                 std::string(job_home),
                                 ""};
  return run_sandboxed(plan.sandbox, plan.directories, command, watch, sink);
}

}  // namespace imp::ci::runner
