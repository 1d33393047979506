#include "web/publisher_model.h"

#include <boost/json.hpp>
#include <sstream>

#include "web/model.h"

namespace imp::web {

namespace {

boost::json::array texts(const std::vector<std::string>& list) {
  boost::json::array items;
  for (const std::string& text : list) items.emplace_back(text);
  return items;
}

boost::json::array permission_names(const trust::Permissions& permissions) {
  boost::json::array names;
  if (permissions.create_package) names.emplace_back("publish");
  if (permissions.create_staged_package) names.emplace_back("stage");
  if (permissions.manage_dist_tags) names.emplace_back("dist-tags");
  return names;
}

/// Attempt::comparison with what the page needs of it, and no claim's object in any other shape.
boost::json::array comparison_model(const boost::json::array& comparison) {
  const auto text = [](const boost::json::object& object, std::string_view key) {
    const boost::json::value* value = object.if_contains(key);
    return value && value->is_string() ? std::string(value->get_string()) : std::string();
  };
  boost::json::array items;
  for (const boost::json::value& element : comparison) {
    const auto* publisher = element.if_object();
    const auto* claims = publisher ? publisher->if_contains("claims") : nullptr;
    if (!claims || !claims->is_array()) continue;
    boost::json::array rows;
    for (const boost::json::value& row : claims->get_array()) {
      const auto* claim = row.if_object();
      if (!claim) continue;
      const auto* agreed = claim->if_contains("agreed");
      rows.push_back({{"claim", text(*claim, "claim")},
                      {"expected", text(*claim, "expected")},
                      {"received", text(*claim, "received")},
                      {"differs", !(agreed && agreed->is_bool() && agreed->get_bool())}});
    }
    items.push_back({{"publisher", text(*publisher, "publisher")}, {"claims", std::move(rows)}});
  }
  return items;
}

}  // namespace

boost::json::array publishers_model(const std::vector<trust::TrustedPublisher>& publishers,
                                    const trust::Issuers& issuers, Time now) {
  boost::json::array items;
  for (const trust::TrustedPublisher& publisher : publishers) {
    const trust::Issuer* issuer = issuers.by_id(publisher.issuer_id);
    const auto contexts = publisher.claims.list("oidc.circleci.com/context-ids");
    items.push_back({{"id", publisher.id},
                     {"issuer", issuer ? issuer->base_url : publisher.issuer_id},
                     {"organization_id", publisher.claims.text("oidc.circleci.com/org-id")},
                     {"project_id", publisher.claims.text("oidc.circleci.com/project-id")},
                     {"pipeline_definition_id",
                      publisher.claims.text("oidc.circleci.com/pipeline-definition-id")},
                     {"vcs_origin", publisher.claims.text("oidc.circleci.com/vcs-origin")},
                     {"has_contexts", !contexts.empty()},
                     {"context_ids", texts(contexts)},
                     {"permissions", permission_names(publisher.permissions)},
                     {"created_by", publisher.created_by},
                     {"created", time_model(publisher.created_at, now)},
                     {"last_used", time_model(publisher.last_used_at, now)}});
  }
  return items;
}

boost::json::array attempts_model(const std::vector<trust::Attempt>& attempts, Time now) {
  boost::json::array items;
  for (const trust::Attempt& attempt : attempts) {
    auto comparison = comparison_model(attempt.comparison);
    items.push_back({{"when", time_model(attempt.at, now)},
                     {"action", attempt.action},
                     {"outcome", attempt.outcome},
                     {"tone", attempt.outcome == "granted" ? "good" : "bad"},
                     {"message", attempt.message},
                     {"issuer", attempt.issuer},
                     {"proved", attempt.proved},
                     {"has_comparison", !comparison.empty()},
                     {"comparison", std::move(comparison)}});
  }
  return items;
}

boost::json::array publisher_request(const Visit& visit) {
  boost::json::object claims{
      {"oidc.circleci.com/org-id", visit.field("organization_id")},
      {"oidc.circleci.com/project-id", visit.field("project_id")},
      {"oidc.circleci.com/pipeline-definition-id", visit.field("pipeline_definition_id")},
      {"oidc.circleci.com/vcs-origin", visit.field("vcs_origin")}};
  boost::json::array contexts, permissions;
  std::istringstream words(visit.field("context_ids"));
  for (std::string word; words >> word;) contexts.emplace_back(word);
  if (!contexts.empty()) claims["oidc.circleci.com/context-ids"] = std::move(contexts);
  for (const std::string& permission : visit.request.form_all("permission")) {
    permissions.emplace_back(permission);
  }
  boost::json::object request{
      {"type", "circleci"}, {"claims", std::move(claims)}, {"permissions", std::move(permissions)}};
  if (const std::string issuer = visit.field("issuer"); !issuer.empty()) {
    request["issuer"] = issuer;
  }
  return {std::move(request)};
}

}  // namespace imp::web
