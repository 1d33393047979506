#include "registry/api/trust/trust_plans.h"

#include <boost/json.hpp>
#include <set>
#include <span>

#include "crypto/hash.h"
#include "registry/api/refusals.h"
#include "registry/api/trust/trust_changes.h"
#include "registry/trust/refusal.h"

namespace imp::registry {

namespace {

// So many share a transaction, and one sync of the disk; a refusal among them makes them go singly.
constexpr std::size_t kTogether = 100;

constexpr std::size_t kNamed = 20;  // of the packages that a confirmation shows

std::unexpected<Failure> invalid(std::string message) {
  return refuse(trust::TrustRefusal::invalid_publisher,
                "Invalid trusted publisher configuration: " + std::move(message));
}

boost::json::object request_json(const trust::PublisherRequest& request,
                                 const trust::Issuers& issuers) {
  trust::TrustedPublisher publisher;
  publisher.type = request.claims.provider()->type;
  publisher.issuer_id = request.issuer_id;
  publisher.claims = request.claims;
  publisher.permissions = request.permissions;
  boost::json::object json = publisher.to_json(issuers);
  json.erase("id");
  return json;
}

/// Reads what is wanted of one package; where it is wrong is kept.
void read_wanted(RegistryServices& services, PackagePlan& package) {
  if (package.wanted.size() > trust::kMaxPublishers) {
    package.refusal =
        refuse(trust::TrustRefusal::too_many_publishers,
               fmt::format("A package may have {} trusted publishers.", trust::kMaxPublishers))
            .error();
    return;
  }
  for (std::size_t i = 0; i < package.wanted.size(); ++i) {
    auto request = read_publisher_requests(services, {package.wanted[i]});
    if (!request) {
      package.refusal = request.error();
      package.refused_at = i;
      return;
    }
    package.requests.push_back(std::move(request->front()));
  }
}

Result<PackagePlan> read_package(const boost::json::value& item) {
  const auto* members = item.if_object();
  const auto* name = members ? members->if_contains("package") : nullptr;
  const auto* publishers = members ? members->if_contains("publishers") : nullptr;
  if (!name || !name->is_string() || !publishers || !publishers->is_array() ||
      members->size() != 2) {
    return invalid("each of `packages` is an object with `package` and the list `publishers`.");
  }
  PackagePlan package;
  package.package = name->get_string();
  package.wanted = publishers->get_array();
  return package;
}

Result<trust::PublisherPlan> planned(db::Session& session, const PackagePlan& package,
                                     const Caller& rights) {
  const auto name = PackageName::for_read(package.package);
  if (!name) return pass_on(name);
  const auto found = governed_in(session, *name, rights);
  if (!found) return pass_on(found);
  return trust::plan_publishers(trust::publishers_of(session, found->id), package.requests);
}

/// One package in a transaction that others may share; nothing of it is kept when it fails.
Result<void> apply_one(db::Session& session, RegistryServices& services, const Requester& requester,
                       PackagePlan& package, bool prune, Time now) {
  const auto rights = requester.rights_now(session, now);
  if (!rights) return pass_on(rights);
  auto plan = planned(session, package, *rights);
  if (!plan) return pass_on(plan);
  const auto found = governed_in(session, PackageName::for_read(package.package).value(), *rights);
  if (!found) return pass_on(found);
  for (const trust::TrustedPublisher& extra : plan->extra) {
    if (!prune) break;
    const auto removed = remove_publisher_in(session, services, requester, *found, extra.id, now);
    if (!removed) return pass_on(removed);
  }
  for (const trust::PublisherChange& change : plan->change) {
    change_publisher_in(session, services, requester, *found, change, now);
  }
  for (const trust::PublisherRequest& wanted : plan->add) {
    const auto added = add_publisher_in(session, services, requester, *found, wanted, now);
    if (!added) return pass_on(added);
  }
  package.plan = std::move(*plan);  // what was done is what is told
  return {};
}

Result<void> apply_together(RegistryServices& services, const Requester& requester,
                            std::span<PackagePlan*> packages, bool prune) {
  return services.database.write([&](db::Session& session) -> Result<void> {
    const Time now = services.clock.now();
    for (PackagePlan* package : packages) {
      if (auto done = apply_one(session, services, requester, *package, prune, now); !done) {
        return done;
      }
    }
    return {};
  });
}

}  // namespace

boost::json::object PackagePlan::to_json(const trust::Issuers& issuers, bool prune) const {
  if (refusal) {
    boost::json::object json{{"package", package},
                             {"outcome", "refused"},
                             {"code", refusal->code()},
                             {"message", refusal->message}};
    if (refused_at) json["publisher"] = *refused_at;
    return json;
  }
  boost::json::array add, change, extra;
  for (const auto& wanted : plan.add) add.push_back(request_json(wanted, issuers));
  for (const auto& changed : plan.change) {
    change.push_back(
        {{"from", changed.from.to_json(issuers)}, {"to", request_json(changed.to, issuers)}});
  }
  for (const auto& publisher : plan.extra) extra.push_back(publisher.to_json(issuers));
  return {{"package", package},
          {"outcome", changes(prune) ? "changed" : "unchanged"},
          {"add", std::move(add)},
          {"change", std::move(change)},
          {prune ? "remove" : "extra", std::move(extra)},
          {"kept", plan.kept}};
}

std::string plan_subject(const PlanRequest& request, const trust::Issuers& issuers) {
  boost::json::array changed;
  std::string names;
  for (const PackagePlan& package : request.packages) {
    if (!package.changes(request.prune)) continue;
    if (changed.size() < kNamed) names += (names.empty() ? "" : ", ") + package.package;
    changed.push_back(package.to_json(issuers, request.prune));
  }
  const std::size_t more = changed.size() - std::min(changed.size(), kNamed);
  if (more > 0) names += fmt::format(" and {} more", more);
  return fmt::format("{} (plan {})", names,
                     crypto::sha256_hex(boost::json::serialize(changed)).substr(0, 32));
}

Result<PlanRequest> read_plan(RegistryServices& services, const std::string& body) {
  boost::system::error_code error;
  const boost::json::value document = boost::json::parse(body, error);
  const auto* members = error ? nullptr : document.if_object();
  if (!members) return invalid("the body must be a JSON object with the list `packages`.");
  PlanRequest request;
  std::set<std::string> seen;
  for (const auto& member : *members) {
    const std::string_view key = member.key();
    const boost::json::value& value = member.value();
    if (key == "dryRun" && value.is_bool()) {
      request.dry_run = value.get_bool();
    } else if (key == "prune" && value.is_bool()) {
      request.prune = value.get_bool();
    } else if (key == "packages" && value.is_array()) {
      for (const boost::json::value& item : value.get_array()) {
        auto package = read_package(item);
        if (!package) return pass_on(package);
        if (!seen.insert(package->package).second) {
          return invalid(fmt::format("{} is listed twice.", package->package));
        }
        request.packages.push_back(std::move(*package));
      }
    } else {
      return invalid("the body has the list `packages`, and true or false for `dryRun`, `prune`.");
    }
  }
  if (request.packages.empty() || request.packages.size() > kMostPlanned) {
    return invalid(fmt::format("`packages` has 1 to {} of them.", kMostPlanned));
  }
  for (PackagePlan& package : request.packages) read_wanted(services, package);
  return request;
}

Result<void> plan_trust(RegistryServices& services, const Requester& requester,
                        PlanRequest& request) {
  if (auto allowed = requester.may_govern(); !allowed) return allowed;
  return services.database.read([&](db::Session& session) -> Result<void> {
    for (PackagePlan& package : request.packages) {
      if (package.refusal) continue;
      auto plan = planned(session, package, requester.rights());
      if (plan) {
        package.plan = std::move(*plan);
      } else {
        package.refusal = plan.error();
      }
    }
    return {};
  });
}

void apply_trust(RegistryServices& services, const Requester& requester, PlanRequest& request) {
  const auto refused = [&](const PackagePlan& package) {
    record_refusal(services, &requester, "trust.apply", "package:" + package.package,
                   *package.refusal);
  };
  std::vector<PackagePlan*> due;
  for (PackagePlan& package : request.packages) {
    if (package.refusal) refused(package);
    if (package.changes(request.prune)) due.push_back(&package);
  }
  const std::span all(due);
  for (std::size_t from = 0; from < due.size(); from += kTogether) {
    const auto group = all.subspan(from, std::min(kTogether, due.size() - from));
    if (apply_together(services, requester, group, request.prune)) continue;
    for (PackagePlan*& package : group) {
      const auto done = apply_together(services, requester, {&package, 1}, request.prune);
      if (done) continue;
      package->refusal = done.error();
      refused(*package);
    }
  }
}

}  // namespace imp::registry
