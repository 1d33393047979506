#pragma once

#include <boost/json/object.hpp>
#include <optional>
#include <string>
#include <vector>

#include "registry/api/requester.h"
#include "registry/api/services.h"
#include "registry/trust/publisher_plan.h"

namespace imp::registry {

/// The publishers that a package should have, and what became of it.
struct PackagePlan {
  std::string package;
  boost::json::array wanted;
  std::optional<Failure> refusal;
  std::optional<std::size_t> refused_at;  ///< which of the wanted ones it is about
  std::vector<trust::PublisherRequest> requests;
  trust::PublisherPlan plan;

  bool changes(bool prune) const {
    return !refusal &&
           (!plan.add.empty() || !plan.change.empty() || (prune && !plan.extra.empty()));
  }
  /// {"package", "outcome", "add", "change", "extra", "kept"}, or with "code" and "message".
  boost::json::object to_json(const trust::Issuers& issuers, bool prune) const;
};

inline constexpr std::size_t kMostPlanned = 5000;

/// The body of PUT /-/trust/publishers.
struct PlanRequest {
  std::vector<PackagePlan> packages;
  bool dry_run = false, prune = false;
};
/// What a second factor for applying it is given for: which packages change, for people, and a hash
/// of all that is changed, so that it is good for no other plan.
std::string plan_subject(const PlanRequest& request, const trust::Issuers& issuers);
/// `invalid_publisher` for another body than {"packages": [{"package", "publishers"}], "dryRun",
/// "prune"}. What is wrong with one package is that package's refusal.
Result<PlanRequest> read_plan(RegistryServices& services, const std::string& body);

/// Finds out what there is to do, in one snapshot. A package that the requester does not govern is
/// refused.
Result<void> plan_trust(RegistryServices& services, const Requester& requester,
                        PlanRequest& request);

/// Does it: each package whole or not at all, with an audit record for each publisher. What a
/// package is refused, now or in the plan, is its own, and is counted and written down as every
/// refusal is; the others are done. Rights and publishers are looked at again inside the
/// transactions, and the plans become what was done.
void apply_trust(RegistryServices& services, const Requester& requester, PlanRequest& request);

}  // namespace imp::registry
