#pragma once

#include <boost/json/object.hpp>
#include <optional>
#include <string>
#include <vector>

#include "registry/api/services.h"
#include "registry/api/trust/trust_place.h"
#include "registry/trust/publisher_plan.h"

namespace imp::registry {

/// The publishers that a package, a name that no package has yet, or a scope should have, and what
/// became of it.
struct PlanEntry {
  std::string name;  ///< "@acme/widget", or "@acme" of a scope
  bool of_scope = false;
  bool pending = false;  ///< there is no package of the name: what is added waits for it
  boost::json::array wanted;
  std::optional<Failure> refusal;
  std::optional<std::size_t> refused_at;  ///< which of the wanted ones it is about
  std::vector<trust::PublisherRequest> requests;
  trust::PublisherPlan plan;

  /// Fails for what is no package's name.
  Result<TrustTarget> target() const;
  /// The subject of audit records, also where the name is none.
  std::string subject() const;
  bool changes(bool prune) const {
    return !refusal &&
           (!plan.add.empty() || !plan.change.empty() || (prune && !plan.extra.empty()));
  }
  /// {"package" or "scope", "outcome", "add", "change", "extra", "kept"}, with "pending" for a
  /// name without a package; or with "code" and "message".
  boost::json::object to_json(const trust::Issuers& issuers, bool prune) const;
};

inline constexpr std::size_t kMostPlanned = 5000;

/// The body of PUT /-/trust/publishers.
struct PlanRequest {
  std::vector<PlanEntry> entries;  ///< scopes first: they decide about the most
  bool dry_run = false, prune = false;

  bool changes() const;
  /// {"dryRun", "scopes", "packages"}
  boost::json::object to_json(const trust::Issuers& issuers) const;
};
/// `invalid_publisher` for another body than {"packages": [{"package", "publishers"}], "scopes":
/// [{"scope", "publishers"}], "dryRun", "prune"}. What is wrong with one entry is that entry's
/// refusal.
Result<PlanRequest> read_plan(RegistryServices& services, const std::string& body);

/// What a second factor for applying it is given for: which scopes, names without a package
/// and packages change, in this order, for people, and a hash of all that is changed, so that it is
/// good for no other plan.
std::string plan_subject(const PlanRequest& request, const trust::Issuers& issuers);

}  // namespace imp::registry
