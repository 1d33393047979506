#include "registry/trust/publisher.h"

#include <algorithm>
#include <boost/json.hpp>
#include <tuple>

#include "base/uuid.h"
#include "registry/trust/publisher_end.h"
#include "registry/trust/publisher_place.h"
#include "registry/trust/refusal.h"

namespace imp::trust {

namespace {

constexpr Milliseconds kUseNoted = std::chrono::minutes(1);

constexpr std::string_view kColumns =
    "SELECT id, package_id, issuer_id, type, claims, permissions, created_by, created_at, "
    "last_used_at, learnt, tenant_claim, ends_at, usable_from, left_until FROM trusted_publisher ";

std::optional<Time> maybe_time(const db::Row& row, std::size_t column) {
  const auto milliseconds = row.maybe_integer(column);
  return milliseconds ? std::optional(from_milliseconds(*milliseconds)) : std::nullopt;
}

db::Value value_of(const std::optional<Time>& time) {
  return time ? db::Value(to_milliseconds(*time)) : db::Value();
}

void revoke_tokens_of(db::Session& session, std::string_view publisher_id, Time now) {
  session.run(
      "UPDATE publish_token SET revoked_at = :p2 WHERE publisher_id = :p1 AND revoked_at IS NULL",
      {std::string(publisher_id), to_milliseconds(now)});
}

/// Whether a change lets anybody do what they could not before.
bool trusts_more(const PublisherRequest& to, const TrustedPublisher& from) {
  const auto& [publish, stage, tags] = from.permissions;
  if ((to.permissions.create_package && !publish) ||
      (to.permissions.create_staged_package && !stage) ||
      (to.permissions.manage_dist_tags && !tags)) {
    return true;
  }
  return std::ranges::any_of(from.claims.learnt(), [&](const auto& known) {
    const auto* now = to.claims.learnt().if_contains(known.key());
    return !now || *now != known.value();
  });
}

}  // namespace

TrustedPublisher publisher_from_row(const db::Row& row) {
  TrustedPublisher publisher;
  publisher.id = row.text(0);
  publisher.package_id = row.text(1);
  publisher.issuer_id = row.text(2);
  publisher.type = row.text(3);
  // Stored by add_publisher from a parsed value; a row that no longer parses matches nothing.
  if (const Provider* provider = provider_of_type(publisher.type)) {
    const auto stored = boost::json::parse(row.text(4)).as_object();
    publisher.claims = RequiredClaims::parse(*provider, stored).value_or(RequiredClaims(provider));
    if (!publisher.claims.guard(row.text(10))) publisher.claims = RequiredClaims(provider);
    publisher.claims.remember(boost::json::parse(row.text(9)).as_object());
  }
  publisher.permissions = Permissions::parse_stored(row.text(5));
  publisher.created_by = row.text(6);
  publisher.created_at = from_milliseconds(row.integer(7));
  publisher.last_used_at = maybe_time(row, 8);
  publisher.ends_at = maybe_time(row, 11);
  publisher.usable_from = maybe_time(row, 12);
  publisher.left_until = maybe_time(row, 13);
  return publisher;
}

std::optional<Time> TrustedPublisher::end() const {
  if (!ends_at || !left_until) return ends_at ? ends_at : left_until;
  return std::min(*ends_at, *left_until);
}

boost::json::object TrustedPublisher::to_json(const Issuers& issuers) const {
  const auto issuer = issuers.by_id(issuer_id);
  boost::json::object item{{"id", id},
                           {"type", type},
                           {"claims", claims.to_json()},
                           {"permissions", permissions.to_json()},
                           {"issuer", issuer ? issuer->base_url : issuer_id}};
  if (!claims.learnt().empty()) item["learnt"] = claims.learnt();
  if (place_kind(package_id) == PlaceKind::pending) item["pending"] = true;
  if (ends_at) item["expiresAt"] = iso8601(*ends_at);
  if (left_until) item["keepBy"] = iso8601(*left_until);
  if (usable_from) item["usableFrom"] = iso8601(*usable_from);
  return item;
}

std::vector<TrustedPublisher> publishers_where(db::Session& session, std::string_view where,
                                               std::vector<db::Value> parameters) {
  std::vector<TrustedPublisher> publishers;
  for (const db::Row& row :
       session.rows(std::string(kColumns) + std::string(where), std::move(parameters))) {
    publishers.push_back(publisher_from_row(row));
  }
  return publishers;
}

std::vector<TrustedPublisher> publishers_of(db::Session& session, std::string_view package_id) {
  auto publishers = publishers_where(session, "WHERE package_id = :p1", {std::string(package_id)});
  std::ranges::sort(publishers, [](const TrustedPublisher& a, const TrustedPublisher& b) {
    return std::tuple(b.claims.specificity(), a.created_at, a.id) <
           std::tuple(a.claims.specificity(), b.created_at, b.id);
  });
  return publishers;
}

std::vector<TrustedPublisher> publishers_made_by(db::Session& session, std::string_view person) {
  return publishers_where(session, "WHERE created_by = :p1 ORDER BY created_at, package_id, id",
                          {std::string(person)});
}

std::vector<TrustedPublisher> publishers_ending_by(db::Session& session, Time then,
                                                   std::int64_t limit) {
  return publishers_where(session,
                          "WHERE ends_at <= :p1 OR left_until <= :p2 ORDER BY id LIMIT :p3",
                          {to_milliseconds(then), to_milliseconds(then), limit});
}

bool anybody_trusts(db::Session& session, std::string_view issuer_id,
                    const std::optional<std::string>& tenant) {
  if (!tenant) {
    return session
        .row("SELECT 1 FROM trusted_publisher WHERE issuer_id = :p1 LIMIT 1",
             {std::string(issuer_id)})
        .has_value();
  }
  return session
      .row(
          "SELECT 1 FROM trusted_publisher WHERE issuer_id = :p1 AND organization_id = :p2 LIMIT 1",
          {std::string(issuer_id), *tenant})
      .has_value();
}

std::optional<TrustedPublisher> publisher_by_id(db::Session& session, std::string_view id) {
  static const std::string sql = std::string(kColumns) + "WHERE id = :p1";
  const auto row = session.row(sql, {std::string(id)});
  return row ? std::optional(publisher_from_row(*row)) : std::nullopt;
}

Result<void> check_count(std::size_t publishers) {
  if (publishers <= kMaxPublishers) return {};
  return refuse(
      TrustRefusal::too_many_publishers,
      fmt::format("That would make {} trusted publishers, and a package or a scope has at most {}. "
                  "Remove some that are no longer used.",
                  publishers, kMaxPublishers));
}

Result<TrustedPublisher> add_publisher(db::Session& session, std::string_view package_id,
                                       const PublisherRequest& request, std::string_view created_by,
                                       Time now, const PublisherTimes& times) {
  auto existing = publishers_of(session, package_id);
  if (place_kind(package_id) == PlaceKind::pending) {
    std::erase_if(existing, [&](const auto& other) { return other.created_by != created_by; });
  }
  for (const TrustedPublisher& other : existing) {
    if (other.claims == request.claims && other.issuer_id == request.issuer_id) {
      return refuse(
          TrustRefusal::duplicate_publisher,
          fmt::format("trusted publisher config already exists for the package: {} has the same "
                      "claims. Delete it first to change its permissions.",
                      other.id));
    }
  }
  if (auto room = check_count(existing.size() + 1); !room) return pass_on(room);
  TrustedPublisher publisher{new_uuid(),
                             std::string(package_id),
                             request.issuer_id,
                             std::string(request.claims.provider()->type),
                             request.claims,
                             request.permissions,
                             std::string(created_by),
                             now,
                             std::nullopt,
                             times.ends_at,
                             times.usable_from};
  session.run(
      "INSERT INTO trusted_publisher (id, package_id, issuer_id, type, organization_id, claims, "
      "permissions, created_by, created_at, learnt, tenant_claim, ends_at, usable_from) VALUES "
      "(:p1, :p2, :p3, :p4, :p5, :p6, :p7, :p8, :p9, :p10, :p11, :p12, :p13)",
      {publisher.id, publisher.package_id, publisher.issuer_id, publisher.type,
       publisher.claims.tenant(), boost::json::serialize(publisher.claims.to_json()),
       publisher.permissions.stored(), publisher.created_by, to_milliseconds(now),
       boost::json::serialize(publisher.claims.learnt()), publisher.claims.tenant_claim(),
       value_of(publisher.ends_at), value_of(publisher.usable_from)});
  forget_ended_like(session, publisher);
  return publisher;
}

Result<TrustedPublisher> remove_publisher(db::Session& session, std::string_view package_id,
                                          std::string_view publisher_id, Time now) {
  auto publisher = publisher_by_id(session, publisher_id);
  if (!publisher || publisher->package_id != package_id) {
    return refuse(TrustRefusal::publisher_not_found,
                  "Trusted publisher configuration not found for the package: none has this id. "
                  "`npm trust list`, and the package's page, show those that it has.");
  }
  delete_publisher(session, publisher->id, now);
  return std::move(*publisher);
}

void delete_publisher(db::Session& session, std::string_view publisher_id, Time now) {
  revoke_tokens_of(session, publisher_id, now);
  session.run("DELETE FROM trusted_publisher WHERE id = :p1", {std::string(publisher_id)});
}

TrustedPublisher change_publisher(db::Session& session, const TrustedPublisher& publisher,
                                  const PublisherRequest& to, Time now,
                                  const PublisherTimes& times) {
  revoke_tokens_of(session, publisher.id, now);
  TrustedPublisher changed = publisher;
  changed.claims = to.claims;
  changed.permissions = to.permissions;
  if (trusts_more(to, publisher)) {
    changed.usable_from = times.usable_from;
    if (changed.ends_at) changed.ends_at = times.ends_at;
  }
  // A release may have proved it since it was read: then it does not end.
  session.run(
      "UPDATE trusted_publisher SET permissions = :p2, learnt = :p3, usable_from = :p4, ends_at = "
      "CASE WHEN ends_at IS NULL THEN NULL ELSE :p5 END WHERE id = :p1",
      {changed.id, changed.permissions.stored(), boost::json::serialize(changed.claims.learnt()),
       value_of(changed.usable_from), value_of(changed.ends_at)});
  return changed;
}

void keep_publisher(db::Session& session, std::string_view publisher_id, std::string_view person) {
  session.run("UPDATE trusted_publisher SET created_by = :p2, left_until = NULL WHERE id = :p1",
              {std::string(publisher_id), std::string(person)});
}

void keep_learnt(db::Session& session, const TrustedPublisher& publisher) {
  session.run("UPDATE trusted_publisher SET learnt = :p2 WHERE id = :p1",
              {publisher.id, boost::json::serialize(publisher.claims.learnt())});
}

void mark_used(db::Session& session, const TrustedPublisher& publisher, Time now) {
  const auto& last = publisher.last_used_at;
  if (last && *last <= now && now - *last < kUseNoted) return;
  session.run("UPDATE trusted_publisher SET last_used_at = :p2 WHERE id = :p1",
              {publisher.id, to_milliseconds(now)});
}

void mark_proved(db::Session& session, std::string_view publisher_id) {
  session.run(
      "UPDATE trusted_publisher SET ends_at = NULL WHERE id = :p1 AND ends_at IS NOT NULL AND "
      "package_id NOT LIKE 'name:%'",
      {std::string(publisher_id)});
}

}  // namespace imp::trust
