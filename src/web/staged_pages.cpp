#include <boost/json.hpp>
#include <charconv>

#include "registry/api/refusals.h"
#include "registry/api/stage_decisions.h"
#include "registry/api/trust_changes.h"
#include "registry/staging/release_review.h"
#include "web/frames.h"
#include "web/handlers.h"
#include "web/model.h"
#include "web/package_view.h"
#include "web/passkey_pages.h"
#include "web/routes.h"

namespace imp::web {

namespace {

constexpr std::int64_t kReleasesShown = 100;

boost::json::array texts_model(const std::vector<std::string>& texts) {
  boost::json::array items;
  for (const std::string& text : texts) items.emplace_back(text);
  return items;
}

/// The run that staged it, as far as its identity token told.
boost::json::array run_model(const boost::json::object& run) {
  boost::json::array items;
  for (const auto& member : run) {
    if (!member.value().is_string()) continue;
    items.push_back({{"key", member.key()}, {"value", member.value().get_string()}});
  }
  return items;
}

boost::json::object release_model(const registry::StagedRelease& release, Time now) {
  const registry::TarballFacts& tarball = release.candidate.tarball;
  return {{"id", release.id},
          {"version", release.candidate.version},
          {"tag", release.candidate.tag},
          {"actor", release.publisher.person.name},
          {"automation", release.automation},
          {"created", time_model(release.created, now)},
          {"expires", iso8601(release.expires()).substr(0, 10)},
          {"run", run_model(release.run)},
          {"files", tarball.file_count},
          {"unpacked", size_text(tarball.unpacked_size)},
          {"size", size_text(tarball.size)},
          {"integrity", tarball.integrity},
          {"stage_id", {{"value", release.id}, {"what", "the Stage ID"}}}};
}

boost::json::array changes_model(const std::vector<registry::ManifestChange>& changes) {
  boost::json::array items;
  for (const registry::ManifestChange& change : changes) {
    items.push_back({{"what", change.what},
                     {"before", change.before},
                     {"after", change.after},
                     {"warning", change.warning}});
  }
  return items;
}

boost::json::object line_model(const registry::DiffLine& line) {
  using Kind = registry::DiffLine::Kind;
  return {{"mark", line.kind == Kind::added     ? "+"
                   : line.kind == Kind::removed ? "-"
                                                : " "},
          {"kind", line.kind == Kind::added     ? "added"
                   : line.kind == Kind::removed ? "removed"
                                                : "same"},
          {"text", line.text}};
}

boost::json::object hunk_model(const registry::DiffHunk& hunk) {
  boost::json::array lines;
  std::uint32_t first = 0;
  for (const registry::DiffLine& line : hunk) {
    if (first == 0) first = line.after != 0 ? line.after : line.before;
    lines.push_back(line_model(line));
  }
  return {{"first", first}, {"lines", std::move(lines)}};
}

boost::json::object file_model(const registry::FileChange& change) {
  using What = registry::FileChange::What;
  boost::json::array hunks;
  for (const registry::DiffHunk& hunk : change.hunks) hunks.push_back(hunk_model(hunk));
  return {{"what", registry::name(change.what)},
          {"path", change.path},
          {"before", change.what == What::added ? std::string() : size_text(change.before)},
          {"after", change.what == What::removed ? std::string() : size_text(change.after)},
          {"binary", change.binary},
          {"minified", change.minified},
          {"hidden", change.hidden_characters},
          {"repeated", change.repeated},
          {"left_out", change.left_out},
          {"hunks", std::move(hunks)}};
}

boost::json::object review_model(const registry::ReleaseReview& review) {
  boost::json::object model{
      {"previous", review.previous ? review.previous->version : std::string()},
      {"previous_size", review.previous ? size_text(review.previous->size) : std::string()},
      {"maintainers", texts_model(review.maintainers)},
      {"policy", review.policy.text()},
      {"group", review.group_name},
      {"approvers", texts_model(review.approvers)},
      {"behind", review.release.behind},
      {"warnings", texts_model(review.warnings)},
      {"notes", texts_model(review.notes)},
      {"changes", changes_model(review.manifest)},
      {"compared", review.tarball != nullptr}};
  if (!review.tarball) return model;
  boost::json::array changed_files;
  for (const registry::FileChange& change : review.tarball->files) {
    changed_files.push_back(file_model(change));
  }
  model["added"] = review.tarball->added;
  model["removed"] = review.tarball->removed;
  model["changed"] = review.tarball->changed;
  model["unchanged"] = review.tarball->unchanged;
  model["changed_files"] = std::move(changed_files);
  return model;
}

/// The package's policy, with a form for those who govern it.
Result<boost::json::object> policy_model(const Visit& visit, const PackageView& view) {
  auto& services = visit.services.registry;
  const registry::Package& package = view.package.package;
  const auto state = registry::stage_state(services, package);
  if (!state) return pass_on(state);
  const bool governs = registry::may_administer(view.requester.rights(), view.package.access());
  boost::json::array approvals, groups;
  for (std::int64_t n = 1; n <= registry::kMostApprovals; ++n) {
    approvals.push_back({{"value", n}, {"selected", n == state->policy.approvals}});
  }
  if (package.owner && governs) {
    const auto list = visit.services.accounts.groups.list(*package.owner);
    if (!list) return pass_on(list);
    for (const accounts::Group& group : *list) {
      groups.push_back({{"name", group.name}, {"selected", group.name == state->group_name}});
    }
  }
  return boost::json::object{{"text", state->policy.text()},
                             {"group", state->group_name},
                             {"governs", governs},
                             {"approvals", std::move(approvals)},
                             {"different", state->policy.different_person},
                             {"has_groups", !groups.empty()},
                             {"groups", std::move(groups)},
                             {"warnings", texts_model(state->warnings)}};
}

Result<http::Response> show_staged(const Visit& visit) {
  const auto view = package_view(visit);
  if (!view) return pass_on(view);
  const auto factor = visit.services.accounts.second_factors.state(visit.person().id);
  if (!factor) return pass_on(factor);
  const std::string& name = view->name.text();
  const auto page = visit.services.registry.database.read(
      [&](db::Session& session) -> Result<registry::StagedPage> {
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
                {"policy", view->writer ? boost::json::value(*policy) : boost::json::value(false)},
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
  auto& services = visit.services.registry;
  if (const auto allowed = requester.may_govern(); !allowed) return pass_on(allowed);
  const auto release = registry::visible_release(services, requester, id);
  if (!release) return pass_on(release);
  const auto confirmed =
      confirm(visit, {.action = approve ? "stage.approve" : "stage.reject", .subject = id},
              accounts::WithoutFactor::refuse);
  if (!confirmed) return pass_on(confirmed);
  if (!approve) {
    const auto rejected = registry::reject_release(services, requester, *release);
    if (!rejected) return pass_on(rejected);
    return "/staged?done=rejected";
  }
  const auto approval = registry::approve_release(services, requester, *release);
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

Result<http::Response> change_policy(const Visit& visit) {
  const auto view = package_view(visit);
  if (!view) return pass_on(view);
  auto& services = visit.services.registry;
  registry::PolicyRequest wanted;
  const std::string approvals = visit.field("approvals");
  wanted.approvals = 0;
  std::from_chars(approvals.data(), approvals.data() + approvals.size(), wanted.approvals);
  wanted.different_person = visit.field("different_person") == "yes";
  wanted.group_name = visit.field("group");
  const auto carry = [&]() -> Result<void> {
    const auto governed = registry::governed_package(services, view->requester, view->name);
    if (!governed) return pass_on(governed);
    const auto confirmed = confirm(visit, {.action = "stage.policy", .subject = view->name.text()},
                                   accounts::WithoutFactor::refuse);
    if (!confirmed) return pass_on(confirmed);
    const auto done = registry::set_stage_policy(services, view->requester, view->name, wanted);
    if (!done) return pass_on(done);
    return {};
  };
  if (const auto done = carry(); !done) {
    registry::record_refusal(services, &view->requester, "stage.policy",
                             "package:" + view->name.text(), done.error());
    return pass_on(done);
  }
  return http::see_other(package_link(view->name.text()) + "/staged?done=policy");
}

}  // namespace

void add_staged_pages(http::Router& router, WebServices& services) {
  constexpr std::string_view staged = "/package/{package}/staged";
  add_page(router, services, staged, Audience::signed_in, show_staged);
  add_form(router, services, staged, Audience::signed_in, decide, show_staged);
  add_form(router, services, "/package/{package}/staged/policy", Audience::signed_in, change_policy,
           show_staged);
  add_page(router, services, "/package/{package}/staged/{stage}", Audience::signed_in, show_review);
}

}  // namespace imp::web
