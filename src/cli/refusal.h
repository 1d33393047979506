#pragma once

#include <cstdint>

#include "base/failure.h"

namespace imp::cli {

/// Why a command cannot do what it was asked.
enum class CliRefusal : std::uint8_t {
  no_credential,         ///< neither IMPRIMATUR_TOKEN nor npm's configuration has a token
  unusable_argument,     ///< words of the command line that cannot be used: exit code 2
  unusable_input,        ///< a file or standard input that cannot be used
  no_identity_token,     ///< the job around the command is given none, or there is no job
  registry_not_chosen,   ///< a project's file alone names the registry: no credential goes there
  registry_refused,      ///< what the registry said is the message
  registry_unavailable,  ///< the same, and it may say something else in a moment
  answer_unusable,       ///< what answered is no registry, or not this one
};
Reason reason(CliRefusal refusal);

}  // namespace imp::cli
