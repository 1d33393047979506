#pragma once

#include <chrono>
#include <string>

#include "base/clock.h"
#include "demo/narrator.h"
#include "demo/programs.h"
#include "demo/world.h"
#include "http/client.h"

namespace imp::demo {

struct WalkOptions {
  std::string url;                      ///< of the running server
  std::string data;                     ///< its data directory
  std::string npm;                      ///< path of an npm; empty: see choose_npm()
  std::string imprimatur;               ///< path of this program
  std::string image{guide_image};       ///< of the walk's jobs
  std::chrono::seconds token_age{300};  ///< the server's setting trust.identity_token_age
};

/// Walks the guide once and ends with a table. What is left for the user to look at (people, their
/// passwords) is written to demo-people.txt in the data directory, readable by its owner alone.
/// Returns whether every step ended as the guide says.
bool walk(const WalkOptions& options, Operator& operator_, http::Client& client, const Clock& clock,
          Narrator& say);

}  // namespace imp::demo
