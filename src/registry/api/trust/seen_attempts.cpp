#include "registry/api/trust/seen_attempts.h"

#include <boost/json.hpp>

#include "registry/packages/store.h"
#include "registry/trust/publisher_end.h"

namespace imp::registry {

SeenAttempts::SeenAttempts(db::Session& session, const PackageName& name, const TrustPlace& place,
                           const Caller& caller)
    : session_(session), name_(name), place_(place), caller_(caller) {
  if (const auto package = find_package(session, name.text())) since_ = package->created;
}

bool SeenAttempts::sees_publisher(std::string_view id, Time at) {
  if (place_.kind == trust::PlaceKind::pending && place_.every_maker) return true;
  // What was tried since there is the package was held against its own.
  if (since_ && at > *since_) return true;
  if (const auto known = trust::publisher_by_id(session_, id)) {
    return sees(place_, caller_, *known);
  }
  const auto ended = trust::ended_by_id(session_, id);
  return ended && sees(place_, caller_, ended->publisher);
}

std::optional<trust::Attempt> SeenAttempts::one(trust::Attempt attempt) {
  boost::json::array seen;
  for (const boost::json::value& compared : attempt.comparison) {
    if (sees_publisher(compared.at("publisher").as_string(), attempt.at)) seen.push_back(compared);
  }
  const bool whole = seen.size() == attempt.comparison.size();
  const bool any = whole ? !seen.empty() || since_ || place_.every_maker : !seen.empty();
  if (!any) return std::nullopt;
  if (!whole) attempt.message.clear();
  if (attempt.publisher_id && !sees_publisher(*attempt.publisher_id, attempt.at)) {
    attempt.publisher_id.reset();
  }
  attempt.comparison = std::move(seen);
  return attempt;
}

std::vector<trust::Attempt> SeenAttempts::list(int limit) {
  std::vector<trust::Attempt> seen;
  for (trust::Attempt& attempt : trust::attempts_of(session_, name_.text(), limit)) {
    if (auto shown = one(std::move(attempt))) seen.push_back(std::move(*shown));
  }
  return seen;
}

}  // namespace imp::registry
