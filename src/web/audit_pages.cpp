#include <boost/json.hpp>
#include <charconv>

#include "audit/log.h"
#include "base/encoding.h"
#include "web/handlers.h"
#include "web/model.h"
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

/// Every decision of the server, for those who operate it.
Result<http::Response> show_audit(const Visit& visit) {
  if (!visit.person().is_admin) {
    return refuse(WebRefusal::page_not_found, "There is nothing here, or it is not yours to see.");
  }
  audit::Query query;
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
    older = fmt::format("/account/audit?action={}&subject={}&before={}",
                        percent_encode(query.action_prefix), percent_encode(query.subject),
                        *page->before);
  }
  return show(visit, {.title = "Audit log",
                      .content = "audit",
                      .model = {{"action", query.action_prefix},
                                {"subject", query.subject},
                                {"entries", std::move(entries)},
                                {"older", older}},
                      .trail = {{"Your account", "/account"}}});
}

}  // namespace

void add_audit_pages(http::Router& router, WebServices& services) {
  add_page(router, services, "/account/audit", Audience::signed_in, show_audit);
}

}  // namespace imp::web
