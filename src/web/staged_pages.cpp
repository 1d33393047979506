#include <boost/json.hpp>

#include "registry/api/refusals.h"
#include "registry/api/stage_decisions.h"
#include "registry/packages/version_store.h"
#include "web/frames.h"
#include "web/handlers.h"
#include "web/model.h"
#include "web/package_view.h"
#include "web/passkey_pages.h"
#include "web/release_changes.h"
#include "web/routes.h"

namespace imp::web {

namespace {

constexpr std::int64_t kReleasesShown = 100;

boost::json::array changes_model(const std::vector<ReleaseChange>& changes) {
  boost::json::array items;
  for (const ReleaseChange& change : changes) {
    items.push_back({{"what", change.what},
                     {"before", change.before},
                     {"after", change.after},
                     {"warning", change.warning}});
  }
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

/// The manifest of the version that is `latest` now; empty when there is none.
boost::json::object latest_manifest(const registry::PackageSnapshot& package) {
  const auto tag = package.dist_tags.find("latest");
  const auto* version = tag == package.dist_tags.end() ? nullptr : package.find(tag->second);
  if (!version) return {};
  boost::system::error_code error;
  boost::json::value manifest = boost::json::parse(version->manifest, error);
  return !error && manifest.is_object() ? std::move(manifest.get_object()) : boost::json::object();
}

boost::json::object release_model(const registry::StagedRelease& release,
                                  const registry::PackageSnapshot& package, Time now) {
  const registry::TarballFacts& tarball = release.candidate.tarball;
  const auto latest = package.dist_tags.find("latest");
  return {{"id", release.id},
          {"version", release.candidate.version},
          {"tag", release.candidate.tag},
          {"actor", release.publisher.person.name},
          {"automation", release.automation},
          {"created", time_model(release.created, now)},
          {"run", run_model(release.run)},
          {"files", tarball.file_count},
          {"unpacked", size_text(tarball.unpacked_size)},
          {"size", size_text(tarball.size)},
          {"integrity", tarball.integrity},
          {"stage_id", {{"value", release.id}, {"what", "the Stage ID"}}},
          {"previous", latest == package.dist_tags.end() ? std::string() : latest->second},
          {"changes", changes_model(release_changes(latest_manifest(package),
                                                    release.candidate.clean.manifest))}};
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
  boost::json::array releases;
  for (const registry::StagedRelease& release : page->items) {
    releases.push_back(release_model(release, view->package, visit.services.clock.now()));
  }
  Page shown{.title = "Staged releases of " + name,
             .content = "staged",
             .model = {{"name", name},
                       {"base", package_link(name) + "/staged"},
                       {"tabs", package_tabs(name, "Staged", view->writer, view->staged)},
                       {"releases", std::move(releases)}}};
  add_factor(shown, *factor);
  return show(visit, std::move(shown));
}

/// Approves or rejects, on the word of somebody who may and has given a code for this release.
Result<void> carry_out(const Visit& visit, const registry::Requester& requester, bool approve,
                       const std::string& id) {
  auto& services = visit.services.registry;
  if (const auto allowed = requester.may_govern(); !allowed) return pass_on(allowed);
  const auto release = registry::visible_release(services, requester, id);
  if (!release) return pass_on(release);
  const auto confirmed =
      confirm(visit, {.action = approve ? "stage.approve" : "stage.reject", .subject = id},
              accounts::WithoutFactor::refuse);
  if (!confirmed) return pass_on(confirmed);
  if (!approve) return registry::reject_release(services, requester, *release);
  const auto published = registry::approve_release(services, requester, *release);
  if (!published) return pass_on(published);
  return {};
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
  return http::see_other(package_link(view->name.text()) +
                         (approve ? "?done=published" : "/staged?done=rejected"));
}

}  // namespace

void add_staged_pages(http::Router& router, WebServices& services) {
  constexpr std::string_view staged = "/package/{package}/staged";
  add_page(router, services, staged, Audience::signed_in, show_staged);
  add_form(router, services, staged, Audience::signed_in, decide, show_staged);
}

}  // namespace imp::web
