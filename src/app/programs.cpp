#include "app/programs.h"

#include <filesystem>

namespace imp::app {

std::string own_path() {
  std::error_code error;
  return std::filesystem::read_symlink("/proc/self/exe", error);
}

std::string jobtool_path() {
  const std::filesystem::path beside = std::filesystem::path(own_path()).parent_path() / "circleci";
  std::error_code error;
  return std::filesystem::exists(beside, error) ? beside.string() : std::string();
}

}  // namespace imp::app
