#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "demo/api.h"
#include "demo/narrator.h"
#include "demo/outcome.h"

namespace imp::demo {

struct ProgramEnd {
  int exit_code = 0;
  std::string output;  ///< standard output and error, in order
};

/// A directory below the system's temporary one, for this walk alone; removed with it.
class TemporaryDirectory {
 public:
  static Outcome<TemporaryDirectory> make();
  TemporaryDirectory(TemporaryDirectory&& other) noexcept : path_(std::move(other.path_)) {
    other.path_.clear();
  }
  TemporaryDirectory& operator=(TemporaryDirectory&&) = delete;
  ~TemporaryDirectory();
  const std::filesystem::path& path() const { return path_; }

 private:
  explicit TemporaryDirectory(std::filesystem::path path) : path_(std::move(path)) {}
  std::filesystem::path path_;
};

/// The real npm and git, and this program: started without a shell, with an environment of their
/// own and a home for each person, so that nothing of the machine's own configuration counts.
class Programs {
 public:
  struct Tools {
    std::string npm;         ///< absolute path; `node` is looked for beside it first
    std::string git;         ///< absolute path
    std::string imprimatur;  ///< absolute path of this program
  };
  Programs(Tools tools, const TemporaryDirectory& place, std::string url, Narrator& say)
      : tools_(std::move(tools)), place_(place.path()), url_(std::move(url)), say_(say) {}

  /// Runs npm as somebody (null: nobody in particular, without a credential) and tells it.
  Outcome<ProgramEnd> npm(const Person* by, const std::filesystem::path& directory,
                          const std::vector<std::string>& arguments) const;
  /// Runs git with the person's access token for the server's repositories. Not told.
  Outcome<ProgramEnd> git(const Person& by, const std::filesystem::path& directory,
                          const std::vector<std::string>& arguments) const;
  /// Runs this program as the server's operator, and tells it.
  Outcome<ProgramEnd> imprimatur(const std::vector<std::string>& arguments) const;
  /// Runs the Node beside npm. Not told.
  Outcome<ProgramEnd> node(const std::filesystem::path& directory,
                           const std::vector<std::string>& arguments) const;

  /// An empty directory of that name in the walk's place.
  Outcome<std::filesystem::path> directory(std::string_view name) const;

 private:
  Outcome<ProgramEnd> run(const std::string& program, const std::vector<std::string>& arguments,
                          const std::filesystem::path& directory,
                          std::vector<std::string> environment) const;
  Outcome<std::filesystem::path> home_of(const Person* by) const;
  std::vector<std::string> base_environment(const std::filesystem::path& home) const;

  Tools tools_;
  std::filesystem::path place_;
  std::string url_;
  Narrator& say_;
};

/// A program that must have ended well, told as a surprise with its output otherwise.
Outcome<void> ended_well(const Outcome<ProgramEnd>& end, std::string_view what);

/// Writes a file with its directories.
Outcome<void> write_file(const std::filesystem::path& path, std::string_view content,
                         bool private_file = false);

}  // namespace imp::demo
