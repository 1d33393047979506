#pragma once

#include <cstddef>
#include <expected>
#include <string_view>

#include "ci/config/node.h"
#include "ci/config/problem.h"

namespace imp::ci::config {

inline constexpr std::size_t max_config_bytes = 1 << 20;
inline constexpr std::size_t max_yaml_depth = 40;
inline constexpr std::size_t max_key_bytes = 300;
/// With every alias written out, and again for all merge keys. An alias is a shared pointer here,
/// and merges are counted as they are made, so a file that would grow beyond this is refused before
/// it has grown.
inline constexpr std::size_t max_expanded_bytes = 8 << 20;

/// Reads one YAML document: anchors, aliases and merge keys (`<<: *base`, also a list of maps)
/// resolved, duplicate keys refused, unquoted scalars typed by resolve_plain().
std::expected<NodePtr, Problem> read_yaml(std::string_view text);

}  // namespace imp::ci::config
