#include "registry/trust/publisher_plan.h"

#include <algorithm>

#include "registry/trust/refusal.h"

namespace imp::trust {

namespace {

bool same(const PublisherRequest& a, const PublisherRequest& b) {
  return a.issuer_id == b.issuer_id && a.claims == b.claims;
}

/// Whether the wanted identifiers, if it names any, are those that are known.
bool agrees_with(const RequiredClaims& wanted, const RequiredClaims& known) {
  return std::ranges::all_of(wanted.learnt(), [&](const auto& claim) {
    const auto* found = known.learnt().if_contains(claim.key());
    return found && *found == claim.value();
  });
}

PublisherRequest with_what_is_learnt(PublisherRequest wanted, const RequiredClaims& known) {
  boost::json::object learnt = known.learnt();
  for (const auto& claim : wanted.claims.learnt()) learnt[claim.key()] = claim.value();
  wanted.claims.remember(learnt);
  return wanted;
}

}  // namespace

Result<PublisherPlan> plan_publishers(const std::vector<TrustedPublisher>& existing,
                                      const std::vector<PublisherRequest>& wanted) {
  PublisherPlan plan;
  std::vector<bool> is_wanted(existing.size(), false);
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const PublisherRequest& one = wanted[i];
    if (std::any_of(wanted.begin(), wanted.begin() + static_cast<std::ptrdiff_t>(i),
                    [&](const PublisherRequest& other) { return same(one, other); })) {
      return refuse(
          TrustRefusal::duplicate_publisher,
          fmt::format("Publisher {} of the list has the claims of one before it.", i + 1));
    }
    bool there = false;
    for (std::size_t at = 0; at < existing.size(); ++at) {
      const TrustedPublisher& other = existing[at];
      if (other.issuer_id != one.issuer_id || other.claims != one.claims) continue;
      there = is_wanted[at] = true;
      if (other.permissions == one.permissions && agrees_with(one.claims, other.claims)) {
        ++plan.kept;
      } else {
        plan.change.push_back({other, with_what_is_learnt(one, other.claims)});
      }
    }
    if (!there) plan.add.push_back(one);
  }
  for (std::size_t i = 0; i < existing.size(); ++i) {
    if (!is_wanted[i]) plan.extra.push_back(existing[i]);
  }
  return plan;
}

}  // namespace imp::trust
