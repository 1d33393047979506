#pragma once

#include <string>
#include <vector>

#include "audit/tree_verify.h"
#include "tlog/note.h"

namespace imp::app {

// What the audit commands read from files and flags.

/// The bytes of a file, or of standard input for "-"; at most 1 MiB.
Result<std::string> read_text_file(const std::string& path);

/// Checkpoints that were noted earlier, each signed by one of the keys.
Result<std::vector<audit::Remembered>> read_checkpoints(const std::vector<std::string>& paths,
                                                        const std::vector<tlog::VerifierKey>& keys);

}  // namespace imp::app
