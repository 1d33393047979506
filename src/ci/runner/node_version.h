#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/failure.h"

namespace imp::ci::runner {

struct Version {
  unsigned major = 0;
  unsigned minor = 0;
  unsigned patch = 0;
  auto operator<=>(const Version&) const = default;
};

/// "22.14.0" exactly; prereleases are nothing.
std::optional<Version> parse_version(std::string_view text);
std::string to_string(const Version& version);

/// "22", "22.14" or "22.14.0": what is left out matches anything.
struct VersionPattern {
  unsigned major = 0;
  std::optional<unsigned> minor;
  std::optional<unsigned> patch;
  bool matches(const Version& version) const;
};

/// True for `cimg/node:…`, with or without a registry before it.
bool is_node_image(std::string_view image);
/// The Node that `cimg/node:22.14` or `cimg/node:22.14.0-browsers` names. Failure
/// `toolchain_unavailable` for a tag without a number (`lts`, `current`, a digest).
Result<VersionPattern> node_pattern(std::string_view image);

/// The subset of npm's ranges that `engines.node` uses: comparators `^ ~ >= > <= < =` or a bare
/// version, joined by spaces (and) and `||` (or). Anything else is not satisfied.
bool satisfies(const Version& version, std::string_view range);

struct NpmRelease {
  Version version;
  std::string node_range;  ///< its `engines.node`; empty: any
};

std::optional<Version> newest_matching(const std::vector<Version>& versions,
                                       const VersionPattern& pattern);

/// The npm for a Node: the newest npm 12 on Node 24 and above, otherwise the newest npm 11 (npm 10
/// below Node 20.17), each only where its own `engines` allow this Node. The convenience images
/// come with the npm that was current when Node was released; the newest of that line is taken
/// because trusted publishing needs npm 11.5.1.
std::optional<Version> npm_for(const Version& node, const std::vector<NpmRelease>& releases);

}  // namespace imp::ci::runner
