#pragma once

#include <string>

#include "demo/world.h"

namespace imp::demo {

// The steps of the guide, in order. Each returns one sentence for the table.

Outcome<std::string> first_version(World& world);      ///< 1: by hand; the trusted publisher
Outcome<std::string> release_from_main(World& world);  ///< 2: no secret anywhere
Outcome<std::string> withheld_contexts(World& world);  ///< 3: branch, project, person
Outcome<std::string> ssh_rerun(World& world);          ///< 4
Outcome<std::string> used_twice(World& world);         ///< 5, first half
Outcome<std::string> held_too_long(World& world);      ///< 5, second half
Outcome<std::string> staged_release(World& world);     ///< 6
Outcome<std::string> fork_pull_request(World& world);  ///< 7
Outcome<std::string> build_numbers(World& world);      ///< 8
Outcome<std::string> deploy_marker(World& world);      ///< 9
Outcome<std::string> audit_log(World& world);          ///< 10

/// Starts the job that held_too_long() waits for.
Outcome<void> hold_a_token(World& world);

}  // namespace imp::demo
