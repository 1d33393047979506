#include <boost/json.hpp>
#include <map>
#include <set>

#include "base/encoding.h"
#include "registry/packages/version_store.h"
#include "registry/provenance/attestations.h"
#include "registry/provenance/bundle_judgement.h"
#include "registry/provenance/publish_attestation.h"
#include "registry/trust/providers/provider.h"
#include "web/frame/frames.h"
#include "web/frame/handlers.h"
#include "web/frame/model.h"
#include "web/packages/package_view.h"
#include "web/routes.h"

namespace imp::web {

namespace {

constexpr std::size_t kVersionsShown = 200;
constexpr std::size_t kLongDescription = 600;  // bytes; beyond it has a box of its own
constexpr std::string_view kNoReadme =
    "ERROR: No README data found!";  // what npm sends without one

std::string text_at(const boost::json::object& object, std::string_view key) {
  const boost::json::value* value = object.if_contains(key);
  return value && value->is_string() ? std::string(value->get_string()) : std::string();
}

boost::json::object object_of(std::string_view json) {
  boost::system::error_code error;
  boost::json::value value = boost::json::parse(json, error);
  return !error && value.is_object() ? std::move(value.get_object()) : boost::json::object();
}

/// `repository` is an address or {"url"}.
std::string repository_of(const boost::json::object& hoisted) {
  const boost::json::value* value = hoisted.if_contains("repository");
  if (value && value->is_object()) return safe_link(text_at(value->get_object(), "url"));
  return safe_link(text_at(hoisted, "repository"));
}

/// What can be shown of where the versions come from.
struct Origins {
  std::map<std::string, registry::BundleJudgement> bundles;
  std::set<std::string> attested;
  std::map<std::string, std::string> runners;  ///< whose machines they were built on, where known
};

/// Of a bundle that is not verified, nothing of what it says.
boost::json::value bundle_model(const Origins& origins, const std::string& version) {
  const auto found = origins.bundles.find(version);
  if (found == origins.bundles.end()) return false;
  const registry::BundleJudgement& bundle = found->second;
  if (!bundle.verified) return boost::json::object{{"verified", false}, {"reason", bundle.reason}};
  std::string not_checked;
  for (const std::string& one : bundle.not_checked) {
    not_checked += (not_checked.empty() ? "" : ", ") + one;
  }
  return boost::json::object{{"verified", true},
                             {"repository", safe_link(bundle.signer.source_repository)},
                             {"commit", bundle.signer.source_commit},
                             {"issuer", bundle.signer.issuer},
                             {"run", safe_link(bundle.signer.run)},
                             {"not_checked", std::move(not_checked)}};
}

/// Where they can be read; empty when there are none.
std::string attestations_path(const Origins& origins, const registry::PackageName& name,
                              const std::string& version) {
  if (!origins.attested.contains(version) && !origins.bundles.contains(version)) return {};
  return "/-/npm/v1/attestations/" + name.escaped() + "@" + percent_encode(version);
}

boost::json::object version_model(const registry::VersionLine& line,
                                  const std::map<std::string, std::string>& tags, Time now) {
  const boost::json::object user = object_of(line.npm_user);
  boost::json::array tag_names;
  for (const auto& [tag, version] : tags) {
    if (version == line.version) tag_names.emplace_back(tag);
  }
  const boost::json::value* approver = user.if_contains("approver");
  return {{"version", line.version},
          {"tags", std::move(tag_names)},
          {"deprecated", line.deprecated.value_or("")},
          {"publisher", text_at(user, "name")},
          {"trusted", user.contains("trustedPublisher")},
          {"approver", approver && approver->is_object() ? text_at(approver->get_object(), "name")
                                                         : std::string()},
          {"when", time_model(line.published_at, now)},
          {"size", size_text(line.size)}};
}

/// Of the versions that are shown, what the registry attested.
void add_runners(db::Session& session, std::string_view package,
                 const std::vector<registry::VersionLine>& lines, Origins& origins) {
  std::size_t shown = 0;
  for (auto line = lines.rbegin(); line != lines.rend() && shown < kVersionsShown; ++line) {
    if (line->state != registry::VersionState::published) continue;
    ++shown;
    if (!origins.attested.contains(line->version)) continue;
    const auto identity = registry::attested_identity(session, package, line->version);
    origins.runners[line->version] = trust::runner_class(identity.provider, identity.run);
  }
}

/// Newest first.
Result<boost::json::array> versions_model(const Visit& visit, const PackageView& view,
                                          boost::json::object& model) {
  Origins origins;
  const auto lines = visit.services.registry.database.read(
      [&](db::Session& session) -> Result<std::vector<registry::VersionLine>> {
        const std::string& package = view.package.package.id;
        origins = {registry::judgements_of(session, package),
                   registry::attested_versions(session, package),
                   {}};
        auto all = registry::versions_of(session, package);
        add_runners(session, package, all, origins);
        return all;
      });
  if (!lines) return pass_on(lines);
  boost::json::array items;
  std::size_t more = 0;
  for (auto next = lines->rbegin(); next != lines->rend(); ++next) {
    const registry::VersionLine& line = *next;
    if (line.state != registry::VersionState::published) continue;
    if (items.size() == kVersionsShown) {
      ++more;
      continue;
    }
    boost::json::object item =
        version_model(line, view.package.dist_tags, visit.services.clock.now());
    item["bundle"] = bundle_model(origins, line.version);
    item["runner"] = origins.runners[line.version];
    item["attestations"] = attestations_path(origins, view.name, line.version);
    items.push_back(std::move(item));
  }
  model["more"] = more == 0 ? boost::json::value(false) : boost::json::value(more);
  return items;
}

Result<http::Response> show_package(const Visit& visit) {
  const auto view = package_view(visit);
  if (!view) return pass_on(view);
  const registry::PackageSnapshot& package = view->package;
  const boost::json::object hoisted = object_of(package.hoisted);
  boost::json::array maintainers, dist_tags;
  for (const registry::Person& person : package.maintainers) maintainers.emplace_back(person.name);
  for (const auto& [tag, version] : package.dist_tags) {
    dist_tags.push_back({{"tag", tag}, {"version", version}});
  }
  const auto latest = package.dist_tags.find("latest");
  const auto* version = latest == package.dist_tags.end() ? nullptr : package.find(latest->second);
  const std::string& name = view->name.text();
  boost::json::object model{
      {"name", name},
      {"tabs", package_tabs(*view, "Package")},
      {"restricted", package.package.access == registry::Access::restricted},
      {"deprecated", version ? version->deprecated.value_or("") : ""},
      {"frozen", view->frozen},
      {"unpublished", package.package.unpublished_at.has_value()},
      {"description", text_at(hoisted, "description")},
      {"license", text_at(hoisted, "license")},
      {"homepage", safe_link(text_at(hoisted, "homepage"))},
      {"repository", repository_of(hoisted)},
      {"maintainers", std::move(maintainers)},
      {"dist_tags", std::move(dist_tags)},
      {"readme", package.readme == kNoReadme ? std::string() : package.readme},
      {"command", {{"value", "npm install " + name}, {"what", "the command"}}}};
  model["long_description"] = text_at(hoisted, "description").size() > kLongDescription;
  auto versions = versions_model(visit, *view, model);
  if (!versions) return pass_on(versions);
  model["versions"] = std::move(*versions);
  return show(visit, {.title = name,
                      .content = "package",
                      .model = std::move(model),
                      .trail = package_trail(*view)});
}

}  // namespace

void add_package_pages(http::Router& router, WebServices& services) {
  add_page(router, services, "/package/{package}", Audience::everyone, show_package);
}

}  // namespace imp::web
