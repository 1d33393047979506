#include "app/commands.h"

#include <iostream>

namespace imp::app {

int complain(const Failure& failure) {
  std::cerr << "imprimatur: " << failure.message << '\n';
  if (!failure.detail.empty()) std::cerr << "  " << failure.detail << '\n';
  return 1;
}

void add_data_flags(CLI::App& command, Flags& flags) {
  command.add_option("--data", flags.data, "the data directory (default ./imprimatur-data)");
  command.add_option("--config", flags.config,
                     "settings file (default imprimatur.yaml in the data directory)");
}

}  // namespace imp::app
