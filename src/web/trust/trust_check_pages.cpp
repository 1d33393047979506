#include <boost/json.hpp>

#include "registry/api/trust/trust_checks.h"
#include "registry/trust/refusal.h"
#include "web/frame/frames.h"
#include "web/frame/handlers.h"
#include "web/frame/model.h"
#include "web/packages/governed.h"
#include "web/packages/package_view.h"
#include "web/routes.h"
#include "web/trust/publisher_model.h"

namespace imp::web {

namespace {

constexpr std::string_view kAction = "trust.check";

/// The page shows what the publishers of a package expect, or of a name that has none yet.
http::Response page_of(const Visit& visit, const GovernedTrust& by, boost::json::object result) {
  const std::string name = registry::text_of(by.target);
  boost::json::array tabs;  // none while there is no package
  if (const auto view = package_view(visit)) {
    tabs = package_tabs(*view, "Settings");
  }
  boost::json::object model{{"name", name},
                            {"base", package_link(name) + "/settings"},
                            {"tabs", std::move(tabs)},
                            {"issuer", visit.field("issuer")},
                            {"described", visit.field("claims")}};
  if (!result.empty()) model["result"] = std::move(result);
  return show(visit,
              {.title = "Check of " + name, .content = "trust_check", .model = std::move(model)});
}

Result<http::Response> show_check(const Visit& visit) {
  const auto by = governed_trust(visit);
  if (!by) return pass_on(by);
  return page_of(visit, *by, {});
}

boost::json::object result_model(const registry::TrustCheck& check, const trust::Issuers& issuers) {
  const trust::Exchange::Rehearsal& rehearsal = check.answer.rehearsal;
  boost::json::object result = check.to_json(issuers);
  result["refused"] = rehearsal.refusal.has_value();
  result["tone"] = rehearsal.refusal ? "bad" : check.described ? "waiting" : "good";
  boost::json::array publishers;
  for (boost::json::value& item : result["publishers"].as_array()) {
    boost::json::object& publisher = item.as_object();
    auto compared = comparison_model({publisher});
    const std::string_view outcome = publisher["outcome"].as_string();
    const std::string_view type = publisher["type"].as_string();
    const trust::Provider* provider = trust::provider_of_type(type);
    publishers.push_back({{"id", publisher["publisher"]},
                          {"provider", provider ? provider->name : type},
                          {"issuer", publisher["issuer"]},
                          {"outcome", status_text(outcome)},
                          {"opened", outcome != "other_issuer"},
                          {"tone", outcome == "chosen" || outcome == "agrees" ? "good" : "quiet"},
                          {"comparison", std::move(compared)}});
  }
  result["publishers"] = std::move(publishers);
  return result;
}

Result<trust::CheckQuestion> question_of(const Visit& visit) {
  trust::CheckQuestion question;
  question.request.id_token = visit.field("token");
  question.issuer = visit.field("issuer");
  const auto described = claims_in_lines(visit.field("claims"));
  if (!described) {
    return refuse(
        trust::TrustRefusal::invalid_check,
        fmt::format("The claim {} is on two lines, and can have one value.", described.error()));
  }
  for (const auto& claim : *described) {
    // "false" and ["a"] are what they look like; anything else is a text, as most claims are.
    boost::system::error_code error;
    const std::string text(claim.value().as_string());
    const boost::json::value value = boost::json::parse(text, error);
    const bool typed = !error && (value.is_bool() || value.is_array());
    question.claims[claim.key()] = typed ? value : claim.value();
  }
  return question;
}

Result<http::Response> check(const Visit& visit) {
  const auto by = governed_trust_for(visit, kAction);
  if (!by) return pass_on(by);
  auto question = question_of(visit);
  if (!question) return pass_on(question);
  if (question->described() == question->claims.empty()) {
    return refuse(trust::TrustRefusal::invalid_check,
                  "Paste a token, or describe a job by its claims.");
  }
  auto& services = visit.services.registry;
  const auto checked = registry::check_trust(
      services, by->requester, std::get<registry::PackageName>(by->target), std::move(*question));
  if (!checked) return refused(visit, *by, kAction, checked.error());
  return page_of(visit, *by, result_model(*checked, services.issuers));
}

}  // namespace

void add_trust_check_pages(http::Router& router, WebServices& services) {
  constexpr std::string_view path = "/package/{package}/settings/check";
  add_page(router, services, path, Audience::signed_in, show_check);
  add_form(router, services, path, Audience::signed_in, check, show_check);
}

}  // namespace imp::web
