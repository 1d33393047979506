#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/failure.h"

namespace imp::http {

struct Listeners {
  std::vector<int> descriptors;  ///< the caller's to close
  std::uint16_t port = 0;
};

/// Opens `count` listening sockets that share one address and port (SO_REUSEPORT). Port 0 takes any
/// free one. A port that another process listens on is a failure, even when that one would share
/// it.
Result<Listeners> open_listeners(const std::string& address, std::uint16_t port, unsigned count);

}  // namespace imp::http
