#include "web/staging/staged_pages.h"

#include <boost/json.hpp>

#include "registry/staging/stage_outcome.h"
#include "web/frame/frames.h"
#include "web/frame/handlers.h"
#include "web/frame/model.h"
#include "web/packages/package_view.h"
#include "web/people/passkey_pages.h"
#include "web/routes.h"
#include "web/staging/release_model.h"
#include "web/staging/stage_policy_forms.h"

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

}  // namespace

Result<http::Response> show_staged(const Visit& visit) {
  const auto view = package_view(visit);
  if (!view) return pass_on(view);
  const auto factor = visit.services.accounts.second_factors.state(visit.person().id);
  if (!factor) return pass_on(factor);
  const Time now = visit.services.clock.now();
  const std::string& name = view->name.text();
  const std::string base = package_link(name) + "/staged";
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
    boost::json::object model = release_model(release, now);
    model["link"] = base + "/" + release.id;
    releases.push_back(std::move(model));
  }
  Page shown{
      .title = "Staged releases of " + name,
      .content = "staged",
      .model = {{"name", name},
                {"tabs", package_tabs(*view, "Staged")},
                {"frozen", view->frozen},
                {"policy", view->writer ? boost::json::value(*policy) : boost::json::value(false)},
                {"decided", !outcomes.empty()},
                {"outcomes", outcomes_model(outcomes, now)},
                {"releases", std::move(releases)}},
      .trail = package_trail(*view)};
  add_factor(shown, *factor);
  return show(visit, std::move(shown));
}

void add_staged_pages(http::Router& router, WebServices& services) {
  constexpr std::string_view staged = "/package/{package}/staged";
  add_page(router, services, staged, Audience::signed_in, show_staged);
  add_form(router, services, "/package/{package}/staged/policy", Audience::signed_in, change_policy,
           show_staged);
}

}  // namespace imp::web
