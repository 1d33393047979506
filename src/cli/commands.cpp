#include "cli/commands.h"

#include <fstream>
#include <iostream>
#include <iterator>

#include "base/printable.h"
#include "cli/refusal.h"

namespace imp::cli {

int complain(const Failure& failure) {
  std::cerr << "imprimatur: " << printable(failure.message, "\n\t") << '\n';
  if (!failure.detail.empty()) std::cerr << "  " << printable(failure.detail, "\n\t") << '\n';
  return 1;
}

void add_address_flag(CLI::App& command, RegistryOptions& options) {
  command.add_option("--registry", options.registry,
                     "the registry's address (default: npm's, else http://localhost:4873)");
}

void add_registry_flags(CLI::App& command, RegistryOptions& options) {
  add_address_flag(command, options);
  command.add_option("--otp", options.otp, "a one-time password, where the registry asks for one");
  command.add_flag("--json", options.json, "print the registry's answer as JSON");
}

Result<std::string> read_input(const std::string& path) {
  std::ifstream file;
  if (path != "-") file.open(path, std::ios::binary);
  std::istream& input = path == "-" ? std::cin : file;
  std::string text((std::istreambuf_iterator<char>(input)), std::istreambuf_iterator<char>());
  if (input.bad() || (path != "-" && !file.is_open())) {
    return refuse(CliRefusal::unusable_argument, fmt::format("{} cannot be read.", path));
  }
  return text;
}

}  // namespace imp::cli
