#include <boost/json.hpp>

#include "registry/api/refusals.h"
#include "registry/api/staging/stage_decisions.h"
#include "registry/api/staging/stage_state.h"
#include "registry/staging/release_review.h"
#include "web/frames.h"
#include "web/handlers.h"
#include "web/model.h"
#include "web/package_view.h"
#include "web/passkey_pages.h"
#include "web/release_model.h"
#include "web/routes.h"
#include "web/stage_policy_forms.h"

namespace imp::web {

namespace {

constexpr std::int64_t kReleasesShown = 100;
constexpr std::int64_t kOutcomesShown = 20;

/// What became of the last releases that waited.
boost::json::array outcomes_model(const std::vector<registry::StageOutcome>& outcomes, Time now) {
  boost::json::array items;
  for (const registry::StageOutcome& outcome : outcomes) {
    using End = registry::StageEnd;
    items.push_back({{"version", outcome.version},
                     {"tag", outcome.tag},
                     {"what", name(outcome.end)},
                     {"tone", outcome.end == End::approved   ? "good"
                              : outcome.end == End::rejected ? "bad"
                                                             : "waiting"},
                     {"by", outcome.by},
                     {"reason", outcome.reason},
                     {"at", time_model(outcome.at, now)}});
  }
  return items;
}

Result<http::Response> show_staged(const Visit& visit) {
  const auto view = package_view(visit);
  if (!view) return pass_on(view);
  const auto factor = visit.services.accounts.second_factors.state(visit.person().id);
  if (!factor) return pass_on(factor);
  const std::string& name = view->name.text();
  std::vector<registry::StageOutcome> outcomes;
  const auto page = visit.services.registry.database.read(
      [&](db::Session& session) -> Result<registry::StagedPage> {
        if (view->writer) outcomes = registry::outcomes_of(session, name, kOutcomesShown);
        return registry::staged_releases(session, view->requester.rights(), name, 0,
                                         kReleasesShown);
      });
  if (!page) return pass_on(page);
  const auto policy = policy_model(visit, *view);
  if (!policy) return pass_on(policy);
  boost::json::array releases;
  for (const registry::StagedRelease& release : page->items) {
    releases.push_back(release_model(release, visit.services.clock.now()));
  }
  Page shown{
      .title = "Staged releases of " + name,
      .content = "staged",
      .model = {{"name", name},
                {"base", package_link(name) + "/staged"},
                {"tabs", package_tabs(name, "Staged", view->writer, view->staged)},
                {"frozen", view->frozen},
                {"policy", view->writer ? boost::json::value(*policy) : boost::json::value(false)},
                {"decided", !outcomes.empty()},
                {"outcomes", outcomes_model(outcomes, visit.services.clock.now())},
                {"releases", std::move(releases)}}};
  add_factor(shown, *factor);
  return show(visit, std::move(shown));
}

/// One release against the last one.
Result<http::Response> show_review(const Visit& visit) {
  const auto view = package_view(visit);
  if (!view) return pass_on(view);
  auto& services = visit.services.registry;
  const auto factor = visit.services.accounts.second_factors.state(visit.person().id);
  if (!factor) return pass_on(factor);
  const auto release = registry::visible_release(services, view->requester, visit.param("stage"));
  if (!release) return pass_on(release);
  const std::string& name = view->name.text();
  if (release->candidate.name != name) {
    return refuse(WebRefusal::page_not_found, "That release is of another package.");
  }
  auto review = services.reviews.of(*release);
  if (!review) return pass_on(review);
  const auto state = registry::stage_state(services, *release);
  if (!state) return pass_on(state);
  registry::add_state(*review, *state);
  const std::string base = package_link(name) + "/staged";
  boost::json::object model = release_model(*release, visit.services.clock.now());
  for (auto& member : review_model(*review)) model[member.key()] = std::move(member.value());
  model["name"] = name;
  model["base"] = base;
  model["tabs"] = package_tabs(name, "Staged", view->writer, view->staged);
  Page shown{.title = name + " " + release->candidate.version + ": review",
             .content = "review",
             .model = std::move(model),
             .trail = {{"Staged", base}}};
  add_factor(shown, *factor);
  return show(visit, std::move(shown));
}

/// Approves or rejects, on the word of somebody who may and has given a code for this release;
/// what it came to, for the page's notice.
Result<std::string> carry_out(const Visit& visit, const registry::Requester& requester,
                              bool approve, const std::string& id) {
  // A browser ends the lines of a text field with both characters.
  std::string reason = visit.field("reason");
  std::erase(reason, '\r');
  const registry::DecisionWords words{.tag = approve ? visit.field("tag") : std::string(),
                                      .reason = approve ? std::string() : std::move(reason)};
  if (const auto usable = registry::check(words); !usable) return pass_on(usable);
  auto& services = visit.services.registry;
  if (const auto allowed = requester.may_govern(); !allowed) return pass_on(allowed);
  const auto release = registry::visible_release(services, requester, id);
  if (!release) return pass_on(release);
  const auto confirmed =
      confirm(visit, {.action = approve ? "stage.approve" : "stage.reject", .subject = id},
              accounts::WithoutFactor::refuse);
  if (!confirmed) return pass_on(confirmed);
  if (!approve) {
    const auto rejected = registry::reject_release(services, requester, *release, words.reason);
    if (!rejected) return pass_on(rejected);
    return rejected->outcome.end == registry::StageEnd::withdrawn ? "/staged?done=withdrawn"
                                                                  : "/staged?done=rejected";
  }
  const auto approval =
      registry::approve_release(services, requester, *release, confirmed->kind, words.tag);
  if (!approval) return pass_on(approval);
  return approval->published ? "?done=published" : "/staged?done=approval";
}

Result<http::Response> decide(const Visit& visit) {
  const auto view = package_view(visit);
  if (!view) return pass_on(view);
  const std::string decision = visit.field("decision");
  if (decision != "approve" && decision != "reject") {
    return refuse(WebRefusal::field_missing, "Approve or reject: choose one.");
  }
  const bool approve = decision == "approve";
  const std::string id = visit.field("stage");
  const auto done = carry_out(visit, view->requester, approve, id);
  if (!done) {
    registry::record_refusal(visit.services.registry, &view->requester, "stage." + decision,
                             "stage:" + id, done.error());
    return pass_on(done);
  }
  return http::see_other(package_link(view->name.text()) + *done);
}

}  // namespace

void add_staged_pages(http::Router& router, WebServices& services) {
  constexpr std::string_view staged = "/package/{package}/staged";
  add_page(router, services, staged, Audience::signed_in, show_staged);
  // Both read whole tarballs: not on the threads that wait for the database.
  constexpr http::Pool reads = http::Pool::program;
  add_form(router, services, staged, Audience::signed_in, decide, show_staged, reads);
  add_form(router, services, "/package/{package}/staged/policy", Audience::signed_in, change_policy,
           show_staged);
  add_page(router, services, "/package/{package}/staged/{stage}", Audience::signed_in, show_review,
           reads);
}

}  // namespace imp::web
