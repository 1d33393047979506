#include <boost/json.hpp>
#include <charconv>

#include "audit/log.h"
#include "base/encoding.h"
#include "web/frame/frames.h"
#include "web/frame/handlers.h"
#include "web/frame/model.h"
#include "web/packages/governed.h"
#include "web/routes.h"

namespace imp::web {

namespace {

constexpr unsigned kShown = 50;

boost::json::object entry_model(const audit::Entry& entry, Time now) {
  const audit::Record& record = entry.record;
  const bool granted = record.outcome == "granted";
  return {{"sequence", entry.sequence},
          {"when", time_model(record.at, now)},
          {"actor", record.actor},
          {"action", record.action},
          {"subject", record.subject},
          {"outcome", record.outcome},
          {"tone", granted ? "good" : "bad"},
          {"address", record.remote_address},
          {"request", record.request_id},
          {"detail", record.detail.empty() ? "" : boost::json::serialize(record.detail)},
          {"hash", entry.hash}};
}

/// Records as the query wants them, on the page `base`.
Result<http::Response> show_records(const Visit& visit, audit::Query query, const std::string& base,
                                    Page page_of) {
  query.action_prefix = visit.query("action");
  query.subject = visit.query("subject");
  query.limit = kShown;
  const std::string before = visit.query("before");
  std::int64_t sequence = 0;
  std::from_chars(before.data(), before.data() + before.size(), sequence);
  if (sequence > 0) query.before = sequence;
  const auto page = audit::list(visit.services.registry.database, query);
  if (!page) return pass_on(page);
  boost::json::array entries;
  for (const audit::Entry& entry : page->entries) {
    entries.push_back(entry_model(entry, visit.services.clock.now()));
  }
  std::string older;
  if (page->before) {
    older =
        fmt::format("{}?action={}&subject={}&before={}", base, percent_encode(query.action_prefix),
                    percent_encode(query.subject), *page->before);
  }
  page_of.content = "audit";
  page_of.model["base"] = base;
  page_of.model["action"] = query.action_prefix;
  page_of.model["subject"] = query.subject;
  page_of.model["entries"] = std::move(entries);
  page_of.model["older"] = older;
  return show(visit, std::move(page_of));
}

/// Every decision of the server, for those who operate it.
Result<http::Response> show_audit(const Visit& visit) {
  if (!visit.person().is_admin) {
    return refuse(WebRefusal::page_not_found, "There is nothing here, or it is not yours to see.");
  }
  return show_records(visit, {}, "/account/audit",
                      {.title = "Audit log",
                       .content = {},
                       .model = {{"name", "Audit log"}, {"everything", true}},
                       .trail = {{"Your account", "/account"}}});
}

/// Decisions about an organisation and its packages, for its admins.
Result<http::Response> show_organization_audit(const Visit& visit) {
  const auto found = governed(visit);
  if (!found) return pass_on(found);
  const auto organization = visit.services.accounts.organizations.by_id(found->place.id);
  if (!organization) return pass_on(organization);
  return show_records(visit, {.organization = organization->id},
                      "/org/" + organization->name + "/audit",
                      {.title = "Audit log of " + organization->display_name,
                       .content = {},
                       .model = {{"name", organization->display_name},
                                 {"everything", false},
                                 {"tabs", organization_tabs(visit, *organization, "Audit")}}});
}

}  // namespace

void add_audit_pages(http::Router& router, WebServices& services) {
  add_page(router, services, "/account/audit", Audience::signed_in, show_audit);
  add_page(router, services, "/org/{organization}/audit", Audience::signed_in,
           show_organization_audit);
}

}  // namespace imp::web
