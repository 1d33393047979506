#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ci/runner/protocol.h"

namespace imp::ci::runner {

/// The variables of one command of the job, each name once. Precedence, lowest first: what the
/// sandbox itself needs (HOME, PATH, …), project, context, built-in variables of the server and
/// then those that only the runner knows (BASH_ENV, CIRCLE_WORKING_DIRECTORY,
/// CIRCLE_INTERNAL_SOCKET), the job's own, the step's own.
std::vector<NamedValue> job_environment(const JobTicket& ticket,
                                        const std::vector<NamedValue>& of_step);

/// What every command inside the sandbox gets: home, user, PATH, and how this machine reaches the
/// network (network_environment()). Nothing of the ticket.
std::vector<NamedValue> base_environment();

/// The file that BASH_ENV names, below /tmp of the job: "name" of JobDirectories::make_job_file().
std::string bash_env_name(const JobTicket& ticket);

/// An absolute path inside the sandbox: "~" and "~/x" are in the home directory, and what is
/// relative starts at `base`. No variable is expanded.
std::string resolve_directory(std::string_view text, std::string_view base);
/// The job's working directory; ~/project when it names none.
std::string working_directory(const JobTicket& ticket);

/// "/bin/bash -eo pipefail" as words; empty text is the default shell of this machine.
std::vector<std::string> shell_words(std::string_view shell);

}  // namespace imp::ci::runner
