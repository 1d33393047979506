#include "demo/programs.h"

#include <fmt/format.h>

#include <cstdlib>
#include <fstream>

#include "base/encoding.h"
#include "base/uuid.h"
#include "ci/runner/process.h"

namespace imp::demo {

namespace {

namespace fs = std::filesystem;

constexpr auto kPatience = std::chrono::minutes(5);

std::string joined(std::string_view program, const std::vector<std::string>& arguments) {
  std::string out(program);
  for (const std::string& argument : arguments) {
    const bool quoted = argument.find_first_of(" {\"") != argument.npos;
    out += quoted ? " '" + argument + "'" : " " + argument;
  }
  return out;
}

/// "//localhost:4873/" of "http://localhost:4873": how npm names a registry's credential.
std::string nerf_dart(const std::string& url) { return url.substr(url.find("//")) + "/"; }

}  // namespace

Outcome<TemporaryDirectory> TemporaryDirectory::make() {
  std::error_code error;
  const fs::path path = fs::temp_directory_path(error) / ("imprimatur-demo-" + new_uuid());
  if (!error) fs::create_directory(path, error);
  // Tokens are written below it.
  if (!error) fs::permissions(path, fs::perms::owner_all, error);
  if (error) return surprise("a temporary directory", error.message());
  return TemporaryDirectory(path);
}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code error;
  if (!path_.empty()) fs::remove_all(path_, error);
}

Outcome<ProgramEnd> Programs::run(const std::string& program,
                                  const std::vector<std::string>& arguments,
                                  const fs::path& directory,
                                  std::vector<std::string> environment) const {
  ci::runner::Process process;
  process.arguments = {program};
  process.arguments.insert(process.arguments.end(), arguments.begin(), arguments.end());
  process.environment = std::move(environment);
  process.directory = directory;
  ci::runner::Watch watch;
  watch.deadline = std::chrono::steady_clock::now() + kPatience;
  ProgramEnd end;
  const auto ended =
      ci::runner::run_process(process, watch, [&](std::string_view bytes) { end.output += bytes; });
  if (!ended) return relay(ended, program + " runs");
  if (ended->reason != ci::runner::EndReason::exited) {
    return surprise(fmt::format("{} ends within five minutes", program), end.output);
  }
  end.exit_code = ended->exit_code;
  return end;
}

std::vector<std::string> Programs::base_environment(const fs::path& home) const {
  // NOLINTNEXTLINE(concurrency-mt-unsafe): nothing here changes the environment
  const char* path = std::getenv("PATH");
  return {"HOME=" + home.string(), "LANG=C.UTF-8",
          fmt::format("PATH={}:{}", fs::path(tools_.npm).parent_path().string(),
                      path ? path : "/usr/local/bin:/usr/bin:/bin")};
}

Outcome<fs::path> Programs::home_of(const Person* by) const {
  const fs::path home = place_ / "homes" / (by ? by->name : "nobody");
  std::string npmrc = fmt::format(
      "registry={}/\nupdate-notifier=false\naudit=false\nfund=false\nprogress=false\n", url_);
  if (by) npmrc += fmt::format("{}:_authToken={}\n", nerf_dart(url_), by->token);
  const auto written = write_file(home / ".npmrc", npmrc, true);
  if (!written) return relay(written);
  return home;
}

Outcome<ProgramEnd> Programs::npm(const Person* by, const fs::path& directory,
                                  const std::vector<std::string>& arguments) const {
  const auto home = home_of(by);
  if (!home) return relay(home);
  say_.command(by ? by->name : "anybody", joined("npm", arguments));
  auto end = run(tools_.npm, arguments, directory, base_environment(*home));
  if (end) say_.output(end->output);
  return end;
}

Outcome<ProgramEnd> Programs::node(const fs::path& directory,
                                   const std::vector<std::string>& arguments) const {
  const auto home = home_of(nullptr);
  if (!home) return relay(home);
  auto environment = base_environment(*home);
  const fs::path beside = fs::path(tools_.npm).parent_path() / "node";
  const auto node =
      fs::exists(beside) ? beside.string() : ci::runner::find_program("node").value_or("node");
  return run(node, arguments, directory, std::move(environment));
}

Outcome<ProgramEnd> Programs::git(const Person& by, const fs::path& directory,
                                  const std::vector<std::string>& arguments) const {
  const auto home = home_of(&by);
  if (!home) return relay(home);
  auto environment = base_environment(*home);
  const std::string email = by.name + "@example.org";
  for (const std::string& variable :
       {std::string("GIT_CONFIG_NOSYSTEM=1"), std::string("GIT_TERMINAL_PROMPT=0"),
        // An argument with the token could be read by everybody on this machine.
        std::string("GIT_CONFIG_COUNT=1"), std::string("GIT_CONFIG_KEY_0=http.extraHeader"),
        "GIT_CONFIG_VALUE_0=Authorization: Basic " + base64(bytes_of(by.name + ":" + by.token)),
        "GIT_AUTHOR_NAME=" + by.name, "GIT_AUTHOR_EMAIL=" + email, "GIT_COMMITTER_NAME=" + by.name,
        "GIT_COMMITTER_EMAIL=" + email}) {
    environment.push_back(variable);
  }
  return run(tools_.git, arguments, directory, std::move(environment));
}

Outcome<ProgramEnd> Programs::imprimatur(const std::vector<std::string>& arguments) const {
  say_.command("operator", joined("imprimatur", arguments));
  const auto home = home_of(nullptr);
  if (!home) return relay(home);
  return run(tools_.imprimatur, arguments, place_, base_environment(*home));
}

Outcome<fs::path> Programs::directory(std::string_view name) const {
  const fs::path path = place_ / name;
  std::error_code error;
  fs::remove_all(path, error);
  fs::create_directories(path, error);
  if (error) return surprise("the directory " + path.string(), error.message());
  return path;
}

Outcome<void> ended_well(const Outcome<ProgramEnd>& end, std::string_view what) {
  if (!end) return relay(end);
  return expect(end->exit_code == 0, fmt::format("{} succeeds", what),
                fmt::format("exit code {}: {}", end->exit_code, end->output));
}

Outcome<void> write_file(const fs::path& path, std::string_view content, bool private_file) {
  std::error_code error;
  fs::create_directories(path.parent_path(), error);
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  // Before there is anything to read in it.
  if (private_file) {
    fs::permissions(path, fs::perms::owner_read | fs::perms::owner_write, error);
  }
  out << content;
  out.close();
  return expect(!out.fail() && !error, path.string() + " can be written", error.message());
}

}  // namespace imp::demo
