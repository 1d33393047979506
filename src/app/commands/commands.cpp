#include "app/commands/commands.h"

namespace imp::app {

void add_data_flags(CLI::App& command, Flags& flags) {
  command.add_option("--data", flags.data, "the data directory (default ./imprimatur-data)");
  command.add_option("--config", flags.config,
                     "settings file (default imprimatur.yaml in the data directory)");
}

}  // namespace imp::app
