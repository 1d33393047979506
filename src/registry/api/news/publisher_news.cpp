#include "registry/api/news/publisher_news.h"

#include <algorithm>
#include <boost/json.hpp>

#include "accounts/organizations.h"
#include "audit/log.h"
#include "mail/outbox.h"
#include "registry/api/news/hook_events.h"
#include "registry/api/news/told_people.h"
#include "registry/api/requester.h"
#include "registry/trust/publisher_place.h"

namespace imp::registry {

namespace {

std::string organization_of_place(std::string_view place) {
  return std::string(place.substr(trust::scope_place("").size()));
}

/// "package:…" or "organization:…", and whose administrators see it.
void add_subject(db::Session& session, audit::Record& record,
                 const trust::TrustedPublisher& publisher) {
  const std::string& place = publisher.package_id;
  switch (trust::place_kind(place)) {
    case trust::PlaceKind::scope: {
      record.organization = organization_of_place(place);
      const auto organization = accounts::find_organization(session, *record.organization);
      record.subject = "organization:" + (organization ? organization->name : "");
      return;
    }
    case trust::PlaceKind::pending:
      record.subject = "package:" + std::string(trust::pending_name(place));
      if (const auto read = PackageName::for_read(trust::pending_name(place)); read) {
        record.organization = scope_owner(session, *read);
      }
      return;
    case trust::PlaceKind::package:
      if (const auto package = find_package_by_id(session, place)) {
        record.subject = "package:" + package->name;
        record.organization = package->owner;
      }
      return;
  }
}

}  // namespace

void tell_publisher_hooks(db::Session& session, const trust::Issuers& issuers,
                          const trust::TrustedPublisher& publisher, std::string_view type,
                          boost::json::object data, Time now) {
  const std::string_view place = publisher.package_id;
  data["publisher"] = publisher.to_json(issuers);
  switch (trust::place_kind(place)) {
    case trust::PlaceKind::pending:
      return;
    case trust::PlaceKind::scope:
      tell_scope_hooks(session, organization_of_place(place), type, std::move(data), now);
      return;
    case trust::PlaceKind::package:
      if (const auto package = find_package_by_id(session, place)) {
        tell_hooks(session, package->name, type, std::move(data), now);
      }
      return;
  }
}

void record_publisher_news(db::Session& session, const trust::Issuers& issuers,
                           const PublisherNews& news, const trust::TrustedPublisher& publisher,
                           audit::Record record, boost::json::object data) {
  record.action = news.action;
  record.outcome = "granted";
  add_subject(session, record, publisher);
  record.detail["publisher"] = publisher.id;
  record.detail["made_by"] = publisher.created_by;
  record.detail["type"] = publisher.type;
  record.detail["claims"] = publisher.claims.to_json();
  audit::append(session, record);
  if (trust::place_kind(publisher.package_id) == trust::PlaceKind::pending) {
    // Whoever has the name by now need not know what others prepared for it.
    tell_people(session, record, {publisher.created_by});
  } else {
    tell_governors(session, record, {publisher.created_by});
  }
  data["by"] = record.actor;
  tell_publisher_hooks(session, issuers, publisher, news.event, std::move(data), record.at);
}

void record_publisher_ending(db::Session& session, const trust::Issuers& issuers,
                             const trust::TrustedPublisher& publisher, audit::Record record) {
  const bool left = publisher.end() == publisher.left_until;
  record.detail["ends_at"] = iso8601(publisher.end().value_or(record.at));
  record_publisher_news(
      session, issuers, left ? kPublisherLeft : kPublisherEnding, publisher, std::move(record),
      {{"reason", trust::word(left ? trust::EndReason::not_kept : trust::EndReason::unused)}});
}

void record_publisher_end(db::Session& session, const trust::Issuers& issuers,
                          const trust::TrustedPublisher& publisher, trust::EndReason reason,
                          audit::Record record) {
  record.detail["because"] = trust::word(reason);
  record.detail["text"] = trust::text(reason);
  record_publisher_news(session, issuers, kPublisherEnded, publisher, std::move(record),
                        {{"reason", trust::word(reason)}});
}

void tell_of_publish_past_publishers(db::Session& session, const Package& package,
                                     const std::string& version, const audit::Record& published) {
  if (!mail::set_up_for(session)) return;
  const auto in_use = [](const trust::TrustedPublisher& publisher) {
    return publisher.last_used_at && !publisher.ends_at;
  };
  if (std::ranges::none_of(trust::publishers_for(session, package.name), in_use)) return;
  audit::Record news = published;
  news.subject = "package:" + package.name;
  news.detail["version"] = version;
  tell_governors(session, news);
}

trust::OnLearnt tell_of_learning(const trust::Issuers& issuers) {
  return [&issuers](db::Session& session, const trust::TrustedPublisher& publisher,
                    const audit::Record& exchange) {
    const boost::json::object& learnt = publisher.claims.learnt();
    audit::Record record;
    record.at = exchange.at;
    record.actor = exchange.actor;
    record.request_id = exchange.request_id;
    record.remote_address = exchange.remote_address;
    record.detail = {{"learnt", learnt}, {"exchange", exchange.subject}};
    record_publisher_news(session, issuers, kPublisherLearnt, publisher, std::move(record),
                          {{"learnt", learnt}});
  };
}

}  // namespace imp::registry
