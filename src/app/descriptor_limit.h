#pragma once

#include <cstddef>

namespace imp::app {

/// Lets this process open `wanted` files and sockets at a time, as far as the system allows: what a
/// process starts with is often 1024. Returns how many it may open now.
std::size_t allow_descriptors(std::size_t wanted);

/// How many it may open.
std::size_t descriptor_limit();

}  // namespace imp::app
