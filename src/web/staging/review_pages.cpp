#include <boost/json.hpp>

#include "registry/api/refusals.h"
#include "registry/api/staging/approval_outlook.h"
#include "registry/api/staging/stage_decisions.h"
#include "registry/api/staging/stage_state.h"
#include "registry/staging/release_review.h"
#include "web/frame/frames.h"
#include "web/frame/handlers.h"
#include "web/frame/model.h"
#include "web/packages/package_view.h"
#include "web/people/passkey_pages.h"
#include "web/routes.h"
#include "web/staging/release_model.h"
#include "web/staging/staged_pages.h"

namespace imp::web {

namespace {

/// The release that the path names, when it is of the package that the path names.
Result<registry::StagedRelease> release_here(const Visit& visit, const PackageView& view) {
  auto release =
      registry::visible_release(visit.services.registry, view.requester, visit.param("stage"));
  if (release && release->candidate.name != view.name.text()) {
    return refuse(WebRefusal::page_not_found, "That release is of another package.");
  }
  return release;
}

/// What the visitor can do with the release, and what they typed when that was refused.
Result<void> add_decision(const Visit& visit, const registry::Requester& requester,
                          const registry::StagedRelease& release,
                          const accounts::SecondFactorState& factor, boost::json::object& model) {
  const auto outlook = registry::approval_outlook(visit.services.registry, requester, release);
  if (!outlook) return pass_on(outlook);
  const bool passkey_only = !outlook->refusal && outlook->code_refusal;
  const bool lacks_passkey = passkey_only && factor.passkeys == 0;
  model["approvable"] = !outlook->refusal && !lacks_passkey;
  model["cannot_approve"] = outlook->refusal ? outlook->refusal->message : std::string();
  model["lacks_passkey"] = lacks_passkey;
  model["passkey_only"] = passkey_only;
  model["approved"] = outlook->approved;
  model["own"] = release.behind == visit.person().name;
  const bool again = visit.problem != nullptr;
  model["chosen_tag"] = again ? visit.field("tag") : release.candidate.tag;
  model["reason"] = visit.field("reason");
  return {};
}

struct Reviewed {
  registry::ReleaseReview review;
  bool complete = true;
};

/// The review with what was approved so far. One that cannot be made says why, and compares
/// nothing.
Result<Reviewed> reviewed(registry::RegistryServices& services,
                          const registry::StagedRelease& release) {
  const auto state = registry::stage_state(services, release);
  if (!state) return pass_on(state);
  Reviewed shown;
  if (auto review = services.reviews.of(release)) {
    shown.review = std::move(*review);
  } else {
    shown.complete = false;
    shown.review.release = release;
    shown.review.warnings.push_back(review.error().message);
  }
  registry::add_state(shown.review, *state);
  return shown;
}

/// One release against the last one, and the form that decides it. What cannot be compared can
/// still be rejected.
Result<http::Response> show_review(const Visit& visit) {
  const auto view = package_view(visit);
  if (!view) return pass_on(view);
  auto& services = visit.services.registry;
  const auto factor = visit.services.accounts.second_factors.state(visit.person().id);
  if (!factor) return pass_on(factor);
  const auto release = release_here(visit, *view);
  if (!release) return pass_on(release);
  const auto shown = reviewed(services, *release);
  if (!shown) return pass_on(shown);
  boost::json::object model = release_model(*release, visit.services.clock.now());
  for (auto& member : review_model(shown->review)) model[member.key()] = std::move(member.value());
  const std::string& name = view->name.text();
  const std::string base = package_link(name) + "/staged";
  model["name"] = name;
  model["complete"] = shown->complete;
  model["open_run"] = true;
  model["link"] = base + "/" + release->id;
  model["tabs"] = package_tabs(*view, "Staged");
  model["frozen"] = view->frozen;
  const auto decision = add_decision(visit, view->requester, shown->review.release, *factor, model);
  if (!decision) return pass_on(decision);
  Page page{.title = name + " " + release->candidate.version + ": review",
            .content = "review",
            .model = std::move(model),
            .trail = package_trail(*view)};
  page.trail.push_back({name, package_link(name)});
  page.trail.push_back({"Staged", base});
  add_factor(page, *factor);
  return show(visit, std::move(page));
}

/// The review again or, of what somebody else has decided meanwhile, what still waits.
Result<http::Response> show_after_refusal(const Visit& visit) {
  auto review = show_review(visit);
  return review ? std::move(review) : show_staged(visit);
}

/// What an approval would be refused for is said before a code is used up.
Result<void> check_outlook(const Visit& visit, const registry::Requester& requester,
                           const registry::StagedRelease& release) {
  const auto outlook = registry::approval_outlook(visit.services.registry, requester, release);
  if (!outlook) return pass_on(outlook);
  const bool by_code = given_factor(visit).passkey.empty();
  const auto& refusal = by_code ? outlook->code_refusal : outlook->refusal;
  if (refusal) return std::unexpected(*refusal);
  return {};
}

/// Approves or rejects, on the word of somebody who may and has given a code for this release;
/// what it came to, for the page's notice.
Result<std::string> carry_out(const Visit& visit, const PackageView& view, bool approve) {
  // A browser ends the lines of a text field with both characters.
  std::string reason = visit.field("reason");
  std::erase(reason, '\r');
  const registry::DecisionWords words{.tag = approve ? visit.field("tag") : std::string(),
                                      .reason = approve ? std::string() : std::move(reason)};
  if (const auto usable = registry::check(words); !usable) return pass_on(usable);
  auto& services = visit.services.registry;
  const registry::Requester& requester = view.requester;
  if (const auto allowed = requester.may_govern(); !allowed) return pass_on(allowed);
  const auto release = release_here(visit, view);
  if (!release) return pass_on(release);
  if (approve) {
    const auto may = check_outlook(visit, requester, *release);
    if (!may) return pass_on(may);
  }
  const auto confirmed =
      confirm(visit, {.action = approve ? "stage.approve" : "stage.reject", .subject = release->id},
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
  const auto done = carry_out(visit, *view, approve);
  if (!done) {
    registry::record_refusal(visit.services.registry, &view->requester, "stage." + decision,
                             "stage:" + visit.param("stage"), done.error());
    return pass_on(done);
  }
  return http::see_other(package_link(view->name.text()) + *done);
}

}  // namespace

void add_review_pages(http::Router& router, WebServices& services) {
  constexpr std::string_view review = "/package/{package}/staged/{stage}";
  // Both read whole tarballs: not on the threads that wait for the database.
  constexpr http::Pool reads = http::Pool::program;
  add_page(router, services, review, Audience::signed_in, show_review, reads);
  add_form(router, services, review, Audience::signed_in, decide, show_after_refusal, reads);
}

}  // namespace imp::web
