#include "registry/api/trust/plans/trust_plan_request.h"

#include <algorithm>
#include <boost/json.hpp>
#include <set>

#include "crypto/hash.h"
#include "registry/api/trust/trust_changes.h"
#include "registry/trust/refusal.h"

namespace imp::registry {

namespace {

constexpr std::size_t kNamed = 20;  // of the entries that a confirmation shows

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

/// Reads what is wanted of one entry; where it is wrong is kept.
void read_wanted(RegistryServices& services, PlanEntry& entry) {
  if (const auto room = trust::check_count(entry.wanted.size()); !room) {
    entry.refusal = room.error();
    return;
  }
  for (std::size_t i = 0; i < entry.wanted.size(); ++i) {
    auto request = read_publisher_requests(services, {entry.wanted[i]});
    if (!request) {
      entry.refusal = request.error();
      entry.refused_at = i;
      return;
    }
    entry.requests.push_back(std::move(request->front()));
  }
}

Result<PlanEntry> read_entry(const boost::json::value& item, bool of_scope) {
  const auto* members = item.if_object();
  const auto* name = members ? members->if_contains(of_scope ? "scope" : "package") : nullptr;
  const auto* publishers = members ? members->if_contains("publishers") : nullptr;
  if (!name || !name->is_string() || !publishers || !publishers->is_array() ||
      members->size() != 2) {
    return invalid(of_scope
                       ? "each of `scopes` is an object with `scope` and the list `publishers`."
                       : "each of `packages` is an object with `package` and the list "
                         "`publishers`.");
  }
  PlanEntry entry;
  entry.name = name->get_string();
  entry.of_scope = of_scope;
  entry.wanted = publishers->get_array();
  if (of_scope && !is_scope(entry.name)) {
    return invalid(fmt::format("\"{}\" is no scope, which is written \"@acme\".", entry.name));
  }
  return entry;
}

Result<void> read_entries(PlanRequest& request, const boost::json::array& items, bool of_scope,
                          std::set<std::string>& seen) {
  for (const boost::json::value& item : items) {
    auto entry = read_entry(item, of_scope);
    if (!entry) return pass_on(entry);
    if (!seen.insert(entry->name).second) {
      return invalid(fmt::format("{} is listed twice.", entry->name));
    }
    request.entries.push_back(std::move(*entry));
  }
  return {};
}

/// What a confirmation must not hide among packages comes first.
enum class Weight { scope, new_name, package };
Weight weight_of(const PlanEntry& entry) {
  if (entry.of_scope) return Weight::scope;
  return entry.pending ? Weight::new_name : Weight::package;
}

std::string named(const PlanEntry& entry) {
  if (entry.of_scope) return "the scope " + entry.name;
  return entry.pending ? entry.name + " (no package yet)" : entry.name;
}

}  // namespace

Result<TrustTarget> PlanEntry::target() const {
  if (of_scope) return ScopeOf{name.substr(1)};
  auto package = PackageName::for_read(name);
  if (!package) return pass_on(package);
  return std::move(*package);
}

std::string PlanEntry::subject() const {
  return of_scope ? "organization:" + name.substr(1) : "package:" + name;
}

boost::json::object PlanEntry::to_json(const trust::Issuers& issuers, bool prune) const {
  boost::json::object json{{of_scope ? "scope" : "package", name}};
  if (refusal) {
    json["outcome"] = "refused";
    json["code"] = refusal->code();
    json["message"] = refusal->message;
    if (refused_at) json["publisher"] = *refused_at;
    return json;
  }
  if (pending) json["pending"] = true;
  boost::json::array add, change, extra;
  for (const auto& one : plan.add) add.push_back(request_json(one, issuers));
  for (const auto& changed : plan.change) {
    change.push_back(
        {{"from", changed.from.to_json(issuers)}, {"to", request_json(changed.to, issuers)}});
  }
  for (const auto& publisher : plan.extra) extra.push_back(publisher.to_json(issuers));
  json["outcome"] = changes(prune) ? "changed" : "unchanged";
  json["add"] = std::move(add);
  json["change"] = std::move(change);
  json[prune ? "remove" : "extra"] = std::move(extra);
  json["kept"] = plan.kept;
  return json;
}

bool PlanRequest::changes() const {
  return std::ranges::any_of(entries, [&](const PlanEntry& entry) { return entry.changes(prune); });
}

boost::json::object PlanRequest::to_json(const trust::Issuers& issuers) const {
  boost::json::array scopes, packages;
  for (const PlanEntry& entry : entries) {
    (entry.of_scope ? scopes : packages).push_back(entry.to_json(issuers, prune));
  }
  return {{"dryRun", dry_run}, {"scopes", std::move(scopes)}, {"packages", std::move(packages)}};
}

Result<PlanRequest> read_plan(RegistryServices& services, const std::string& body) {
  boost::system::error_code error;
  const boost::json::value document = boost::json::parse(body, error);
  const auto* members = error ? nullptr : document.if_object();
  if (!members) {
    return invalid("the body must be a JSON object with the list `packages`, `scopes`, or both.");
  }
  PlanRequest request;
  boost::json::array scopes, packages;
  for (const auto& member : *members) {
    const std::string_view key = member.key();
    const boost::json::value& value = member.value();
    if (key == "dryRun" && value.is_bool()) {
      request.dry_run = value.get_bool();
    } else if (key == "prune" && value.is_bool()) {
      request.prune = value.get_bool();
    } else if (key == "scopes" && value.is_array()) {
      scopes = value.get_array();
    } else if (key == "packages" && value.is_array()) {
      packages = value.get_array();
    } else {
      return invalid(
          "the body has the lists `packages` and `scopes`, and true or false for `dryRun` and "
          "`prune`.");
    }
  }
  std::set<std::string> seen;
  if (auto read = read_entries(request, scopes, true, seen); !read) return pass_on(read);
  if (auto read = read_entries(request, packages, false, seen); !read) return pass_on(read);
  if (request.entries.empty() || request.entries.size() > kMostPlanned) {
    return invalid(
        fmt::format("`packages` and `scopes` have 1 to {} entries together.", kMostPlanned));
  }
  for (PlanEntry& entry : request.entries) read_wanted(services, entry);
  return request;
}

std::string plan_subject(const PlanRequest& request, const trust::Issuers& issuers) {
  boost::json::array changed;
  std::string names;
  for (const Weight weight : {Weight::scope, Weight::new_name, Weight::package}) {
    for (const PlanEntry& entry : request.entries) {
      if (weight_of(entry) != weight || !entry.changes(request.prune)) continue;
      if (changed.size() < kNamed) names += (names.empty() ? "" : ", ") + named(entry);
      changed.push_back(entry.to_json(issuers, request.prune));
    }
  }
  const std::size_t more = changed.size() - std::min(changed.size(), kNamed);
  if (more > 0) names += fmt::format(" and {} more", more);
  return fmt::format("{} (plan {})", names,
                     crypto::sha256_hex(boost::json::serialize(changed)).substr(0, 32));
}

}  // namespace imp::registry
