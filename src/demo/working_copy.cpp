#include "demo/working_copy.h"

#include <fmt/format.h>

namespace imp::demo {

Outcome<WorkingCopy> WorkingCopy::make(const Programs& programs, Narrator& say, const Person& by,
                                       std::string_view name, const std::string& origin) {
  const auto directory = programs.directory(name);
  if (!directory) return relay(directory);
  WorkingCopy copy(programs, say, *directory);
  for (const std::vector<std::string>& arguments :
       {std::vector<std::string>{"init", "--quiet", "--initial-branch", "main"},
        std::vector<std::string>{"remote", "add", "origin", origin}}) {
    if (const auto done = copy.git(by, arguments); !done) return relay(done);
  }
  return copy;
}

Outcome<std::string> WorkingCopy::git(const Person& by,
                                      const std::vector<std::string>& arguments) const {
  const auto end = programs_->git(by, directory_, arguments);
  if (const auto well = ended_well(end, "git " + arguments.front()); !well) return relay(well);
  return end->output;
}

Outcome<void> WorkingCopy::write(const std::vector<ProjectFile>& files) {
  for (const ProjectFile& file : files) {
    const auto written = write_file(directory_ / file.path, file.content);
    if (!written) return written;
  }
  return {};
}

Outcome<void> WorkingCopy::switch_to(const Person& by, const std::string& branch) {
  const auto known = git(by, {"branch", "--list", branch});
  if (!known) return relay(known);
  const auto done = known->empty() ? git(by, {"switch", "--quiet", "--create", branch})
                                   : git(by, {"switch", "--quiet", branch});
  if (!done) return relay(done);
  branch_ = branch;
  return {};
}

Outcome<std::string> WorkingCopy::push(const Person& by, const std::string& message) {
  say_->command(by.name,
                fmt::format("git commit -am '{}' && git push origin {}", message, branch_));
  for (const std::vector<std::string>& arguments :
       {std::vector<std::string>{"add", "--all"},
        std::vector<std::string>{"commit", "--quiet", "--allow-empty", "--message", message},
        std::vector<std::string>{"push", "--quiet", "origin", branch_}}) {
    if (const auto done = git(by, arguments); !done) return relay(done);
  }
  auto revision = git(by, {"rev-parse", "HEAD"});
  if (!revision) return relay(revision);
  while (revision->ends_with('\n')) revision->pop_back();
  say_->output(fmt::format("{} is now at {}", branch_, revision->substr(0, 8)));
  return *revision;
}

}  // namespace imp::demo
