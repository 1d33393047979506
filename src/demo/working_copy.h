#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "demo/programs.h"

namespace imp::demo {

struct ProjectFile {
  std::string path;
  std::string content;
};

/// A git repository of one of the people, with the server's as its `origin`.
class WorkingCopy {
 public:
  /// `git init` in a new directory of that name.
  static Outcome<WorkingCopy> make(const Programs& programs, Narrator& say, const Person& by,
                                   std::string_view name, const std::string& origin);

  Outcome<void> write(const std::vector<ProjectFile>& files);
  /// Leaves for another branch, which is made from where we are when it does not exist.
  Outcome<void> switch_to(const Person& by, const std::string& branch);
  /// Commits everything and pushes the branch; the revision. Tells both.
  Outcome<std::string> push(const Person& by, const std::string& message);

  const std::filesystem::path& directory() const { return directory_; }

 private:
  WorkingCopy(const Programs& programs, Narrator& say, std::filesystem::path directory)
      : programs_(&programs), say_(&say), directory_(std::move(directory)) {}
  Outcome<std::string> git(const Person& by, const std::vector<std::string>& arguments) const;

  const Programs* programs_;
  Narrator* say_;
  std::filesystem::path directory_;
  std::string branch_ = "main";
};

}  // namespace imp::demo
