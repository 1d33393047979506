#include "cli/names.h"

#include <fmt/format.h>

#include "registry/packages/package_name.h"

namespace imp::cli {

namespace {

/// Empty for a name that a package may have; else why not.
std::string fault_of_package(const std::string& text) {
  const auto name = registry::PackageName::for_read(text);
  return name ? std::string() : name.error().message;
}

}  // namespace

CLI::Option* add_place(CLI::App& command, std::string& name) {
  return command.add_option("PACKAGE|@SCOPE", name, "a package, or a scope: @acme")
      ->required()
      ->check(
          [](const std::string& text) {
            return registry::is_scope(text) ? std::string() : fault_of_package(text);
          },
          "");
}

CLI::Option* add_package(CLI::App& command, std::string& name) {
  return command.add_option("PACKAGE", name, "its name")
      ->required()
      ->check(
          [](const std::string& text) {
            if (!registry::is_scope(text)) return fault_of_package(text);
            return fmt::format("{} is a scope, and this is about one package: {}/widget, say", text,
                               text);
          },
          "");
}

CLI::Option* add_scope_option(CLI::App& command, std::string& name, const std::string& help) {
  return command.add_option("--scope", name, help)
      ->check(
          [](const std::string& text) {
            return registry::is_scope(text)
                       ? std::string()
                       : fmt::format("\"{}\" is no scope, which is written \"@acme\"", text);
          },
          "");
}

}  // namespace imp::cli
