#include <fstream>
#include <iostream>
#include <iterator>

#include "app/commands/commands.h"
#include "ci/config/compile.h"
#include "cli/refusal.h"

namespace imp::app {

namespace {

Result<std::string> read_config(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  if (!file.is_open() || file.bad()) {
    return refuse(cli::CliRefusal::unusable_input,
                  fmt::format("The file {} cannot be read.", path));
  }
  return text;
}

/// Compiles as if a person had started a pipeline for branch main.
Result<ci::config::Compiled> compile(const std::string& path) {
  const auto text = read_config(path);
  if (!text) return pass_on(text);
  auto compiled = ci::config::compile(*text, {ci::config::stand_in_pipeline_values(), {}});
  if (!compiled) {
    Failure failure = ci::config::failure_of(compiled.error());
    failure.message = path + " is not valid:\n" + failure.message;
    return std::unexpected(std::move(failure));
  }
  for (const ci::config::Problem& warning : compiled->warnings) {
    std::cerr << "warning: " << path << ':' << warning.text() << '\n';
  }
  return std::move(*compiled);
}

int validate(const std::string& path) {
  const auto compiled = compile(path);
  if (!compiled) return complain(compiled.error());
  std::cout << path << " is valid\n";
  return 0;
}

int process(const std::string& path) {
  const auto compiled = compile(path);
  if (!compiled) return complain(compiled.error());
  std::cout << ci::config::expanded_yaml(*compiled);
  return 0;
}

}  // namespace

void add_config_command(CLI::App& app, Command& chosen) {
  auto* command = app.add_subcommand("config", "Pipeline configuration files.");
  command->require_subcommand(1);
  auto path = std::make_shared<std::string>(".circleci/config.yml");
  auto* validator = command->add_subcommand(
      "validate", "Say whether a configuration compiles, and what is wrong.");
  validator->add_option("FILE", *path, "the configuration (default .circleci/config.yml)");
  validator->callback([path, &chosen] { chosen = [path] { return validate(*path); }; });
  auto* processor =
      command->add_subcommand("process", "Print the configuration as it runs, fully expanded.");
  processor->add_option("FILE", *path, "the configuration (default .circleci/config.yml)");
  processor->callback([path, &chosen] { chosen = [path] { return process(*path); }; });
}

}  // namespace imp::app
