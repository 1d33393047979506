#include "registry/trust/publisher_place.h"

#include <algorithm>

#include "accounts/organizations.h"
#include "accounts/people.h"
#include "registry/packages/store.h"
#include "registry/trust/publisher_end.h"
#include "registry/trust/refusal.h"

namespace imp::trust {

namespace {

constexpr std::string_view kPending = "name:";  // no package's id begins like these: they are UUIDs
constexpr std::string_view kScope = "scope:";

std::optional<registry::PackageName> name_of(std::string_view text) {
  auto name = registry::PackageName::for_read(text);
  return name ? std::optional(std::move(*name)) : std::nullopt;
}

/// A person's rights to packages of an organisation as they are now; anonymous for nobody.
registry::Caller rights_of(db::Session& session, std::string_view person,
                           const std::optional<std::string>& organization) {
  registry::Caller caller;
  const auto found = accounts::find_person_by_name(session, person);
  if (!found) return caller;
  caller.person = found->name;
  const auto role =
      organization ? accounts::role_of(session, *organization, found->id) : std::nullopt;
  if (role) {
    caller.organizations.push_back({*organization, *role == accounts::Role::admin});
  }
  return caller;
}

std::unexpected<Failure> not_about_this_name() {
  return refuse(TrustRefusal::publisher_removed,
                "The trusted publisher is no longer one of this package: it was removed, or the "
                "package has other owners now. Ask who governs the package to add it.");
}

}  // namespace

PlaceKind place_kind(std::string_view place) {
  if (place.starts_with(kPending)) return PlaceKind::pending;
  return place.starts_with(kScope) ? PlaceKind::scope : PlaceKind::package;
}

std::string pending_place(std::string_view package_name) {
  return std::string(kPending) + std::string(package_name);
}

std::string scope_place(std::string_view organization_id) {
  return std::string(kScope) + std::string(organization_id);
}

std::string_view pending_name(std::string_view place) {
  return place_kind(place) == PlaceKind::pending ? place.substr(kPending.size())
                                                 : std::string_view();
}

std::optional<std::string> organization_of_scope(db::Session& session,
                                                 const registry::PackageName& name) {
  if (!name.scoped()) return std::nullopt;
  const auto organization = accounts::find_organization_by_name(session, name.scope());
  return organization ? std::optional(organization->id) : std::nullopt;
}

std::vector<std::string> places_of(db::Session& session, std::string_view package_name) {
  const auto package = registry::find_package(session, package_name);
  std::vector<std::string> places{package ? package->id : pending_place(package_name)};
  std::optional<std::string> owner;
  if (package) {
    owner = package->owner;
  } else if (const auto name = name_of(package_name)) {
    owner = organization_of_scope(session, *name);
  }
  if (owner) places.push_back(scope_place(*owner));
  return places;
}

std::vector<TrustedPublisher> publishers_for(db::Session& session, std::string_view package_name) {
  std::vector<TrustedPublisher> publishers;
  for (const std::string& place : places_of(session, package_name)) {
    for (TrustedPublisher& one : publishers_of(session, place))
      publishers.push_back(std::move(one));
  }
  return publishers;
}

Result<Creation> may_create_package(db::Session& session, const TrustedPublisher& publisher,
                                    const registry::PackageName& name) {
  const auto owner = organization_of_scope(session, name);
  if (place_kind(publisher.package_id) == PlaceKind::scope) {
    if (!owner || publisher.package_id != scope_place(*owner)) return not_about_this_name();
    if (publisher.permissions.create_package) return Creation{};
    return refuse(TrustRefusal::permission_not_granted,
                  fmt::format("There is no package {}, and the trusted publisher of the scope @{} "
                              "may stage releases of packages that exist, not create one: that "
                              "needs createPackage.",
                              name.text(), name.scope()));
  }
  if (publisher.package_id != pending_place(name.text())) return not_about_this_name();
  const auto maker = accounts::find_person_by_name(session, publisher.created_by);
  const registry::Caller rights = rights_of(session, publisher.created_by, owner);
  if (!maker || rights.anonymous() || !registry::may_create(rights, name, owner)) {
    return refuse(
        TrustRefusal::maker_may_not_create,
        fmt::format("{} prepared this trusted publisher and may no longer create {}. Somebody who "
                    "may has to prepare it again.",
                    publisher.created_by, name.text()));
  }
  return Creation{{{maker->name, maker->email}}};
}

Result<void> may_mint(db::Session& session, const TrustedPublisher& publisher,
                      const registry::PackageName& name,
                      const std::optional<registry::Package>& package,
                      const boost::json::object& token, Time now) {
  if (package) {
    const bool own = publisher.package_id == package->id;
    const bool of_scope = package->owner && publisher.package_id == scope_place(*package->owner);
    if (own || of_scope) return {};
    return not_about_this_name();
  }
  if (const auto may = may_create_package(session, publisher, name); !may) return pass_on(may);
  if (place_kind(publisher.package_id) != PlaceKind::pending ||
      organization_of_scope(session, name)) {
    return {};
  }
  for (const TrustedPublisher& rival : publishers_of(session, publisher.package_id)) {
    if (rival.created_by == publisher.created_by || rival.issuer_id != publisher.issuer_id ||
        !usable(rival, now) || !may_create_package(session, rival, name) ||
        !compare(rival.claims, token).agreed()) {
      continue;
    }
    return refuse(
        TrustRefusal::pending_rivals,
        fmt::format("Several people prepared a trusted publisher of {} that matches this job, and "
                    "the package would belong to one of them: {} and {}. One of them has to remove "
                    "theirs, or to publish the first version as a person.",
                    name.text(), publisher.created_by, rival.created_by));
  }
  return {};
}

std::vector<TrustedPublisher> pending_of(db::Session& session, std::string_view person) {
  std::vector<TrustedPublisher> pending = publishers_made_by(session, person);
  std::erase_if(pending, [](const TrustedPublisher& one) {
    return place_kind(one.package_id) != PlaceKind::pending;
  });
  return pending;
}

std::int64_t count_pending_of(db::Session& session, std::string_view person) {
  return session
      .row(
          "SELECT COUNT(*) FROM trusted_publisher WHERE created_by = :p1 AND package_id LIKE "
          "'name:%'",
          {std::string(person)})
      ->integer(0);
}

std::vector<std::string> names_prepared_by(db::Session& session, std::string_view person) {
  std::vector<std::string> names;
  for (const db::Row& row :
       session.rows("SELECT DISTINCT package_id FROM trusted_publisher WHERE created_by = :p1 AND "
                    "package_id LIKE 'name:%' ORDER BY package_id",
                    {std::string(person)})) {
    names.emplace_back(pending_name(row.text(0)));
  }
  return names;
}

Settled settle_pending(db::Session& session, const registry::Package& package,
                       std::string_view used_publisher, Time now) {
  Settled settled;
  std::vector<TrustedPublisher> waiting = publishers_of(session, pending_place(package.name));
  if (waiting.empty()) return settled;
  std::ranges::stable_partition(
      waiting, [&](const TrustedPublisher& one) { return one.id == used_publisher; });
  const registry::PackageAccess access = registry::access_of(session, package);
  std::size_t taken = publishers_of(session, package.id).size();
  for (TrustedPublisher& one : waiting) {
    const auto rights = rights_of(session, one.created_by, package.owner);
    const bool over = one.ends_at && now >= *one.ends_at;
    if (!over && taken < kMaxPublishers && registry::may_administer(rights, access)) {
      session.run("UPDATE trusted_publisher SET package_id = :p2 WHERE id = :p1",
                  {one.id, package.id});
      one.package_id = package.id;
      if (one.id == used_publisher) {
        mark_proved(session, one.id);
        one.ends_at.reset();
      }
      ++taken;
      settled.kept.push_back(std::move(one));
    } else {
      end_publisher(session, one, over ? EndReason::pending_over : EndReason::name_taken, now);
      settled.ended.push_back(std::move(one));
    }
  }
  return settled;
}

std::vector<TrustedPublisher> end_pending_of(db::Session& session, std::string_view person,
                                             std::string_view scope, Time now) {
  std::vector<TrustedPublisher> ended;
  for (TrustedPublisher& one : pending_of(session, person)) {
    const auto name = name_of(pending_name(one.package_id));
    if (!name || name->scope() != scope) continue;
    end_publisher(session, one, EndReason::maker_left, now);
    ended.push_back(std::move(one));
  }
  return ended;
}

}  // namespace imp::trust
