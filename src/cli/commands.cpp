#include "cli/commands.h"

#include <array>
#include <cerrno>
#include <cstdio>
#include <iostream>

#include "base/error_text.h"
#include "base/printable.h"
#include "cli/refusal.h"

namespace imp::cli {

int complain(const Failure& failure) {
  std::cerr << "imprimatur: " << printable(failure.message, "\n\t") << '\n';
  if (!failure.detail.empty()) std::cerr << "  " << printable(failure.detail, "\n\t") << '\n';
  return failure.code() == reason(CliRefusal::unusable_argument).code ? kUsageError : 1;
}

void add_address_flag(CLI::App& command, RegistryOptions& options) {
  command.add_option("--registry", options.registry,
                     "the registry's address (default: npm's, else http://localhost:4873)");
}

void add_registry_flags(CLI::App& command, RegistryOptions& options) {
  add_address_flag(command, options);
  command.add_flag("--json", options.json, "print the registry's answer as JSON");
}

void add_code_flag(CLI::App& command, RegistryOptions& options) {
  command.add_option("--otp", options.otp,
                     "a one-time code of your authenticator app, or a recovery code; without it, a "
                     "terminal has you confirm in the browser");
}

Result<std::string> read_input(const std::string& path) {
  const bool standard = path == "-";
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> opened(
      standard ? nullptr : std::fopen(path.c_str(), "rb"),
      [](std::FILE* file) { return file ? std::fclose(file) : 0; });
  std::FILE* input = standard ? stdin : opened.get();
  std::string text;
  std::array<char, 16'384> part{};
  while (input && std::feof(input) == 0 && std::ferror(input) == 0) {
    text.append(part.data(), std::fread(part.data(), 1, part.size(), input));
  }
  // A directory can be opened, and not be read.
  if (input && std::ferror(input) == 0) return text;
  const std::string why = error_text(errno);
  return refuse(CliRefusal::unusable_input,
                fmt::format("{} cannot be read: {}.", standard ? "Standard input" : path, why));
}

}  // namespace imp::cli
