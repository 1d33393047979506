#pragma once

#include <memory>

#include "http/connection.h"

namespace imp::http {

/// Serves the connection's requests until it ends, on its I/O thread.
void serve(std::shared_ptr<Connection> connection);

}  // namespace imp::http
