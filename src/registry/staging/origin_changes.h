#pragma once

#include <boost/json/object.hpp>
#include <optional>
#include <string>
#include <vector>

#include "registry/provenance/bundle_judgement.h"
#include "registry/trust/providers/provider.h"

namespace imp::registry {

/// Where a release comes from.
struct Origin {
  std::string publisher;  ///< "alice", or "CircleCI (trusted publisher)"
  std::vector<std::string> maintainers;
  boost::json::object run;  ///< of a trusted publisher; empty when it is not known
  const trust::Provider* provider = nullptr;  ///< the run's; null when it is not known
  std::optional<BundleJudgement> bundle;      ///< of the provenance that came with it
};

/// One difference in where two releases come from. Empty text: absent.
struct OriginChange {
  std::string what;  ///< "published by", "maintainer", "run.repository", "runner", "provenance"
  std::string before, after;
};

/// What somebody who approves should see: publisher, maintainers who came and went, provenance, and
/// what of the runs says which project and workflow they are (not what each run has its own of):
/// what their providers' tables have, and some claims besides. Runs are compared only where both
/// are known. Pure.
std::vector<OriginChange> origin_changes(const Origin& before, const Origin& after);

/// In sentences, what has become less or other about the provenance since `version`.
std::vector<std::string> provenance_warnings(const std::string& version, const Origin& before,
                                             const Origin& after);

}  // namespace imp::registry
