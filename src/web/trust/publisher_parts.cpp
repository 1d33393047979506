#include "web/trust/publisher_parts.h"

#include <boost/json.hpp>
#include <map>

#include "registry/api/trust/departures.h"
#include "registry/api/trust/publisher_return.h"
#include "registry/api/trust/publisher_subject.h"
#include "registry/api/trust/trust_changes.h"
#include "web/frame/frames.h"
#include "web/frame/model.h"
#include "web/packages/governed.h"
#include "web/people/passkey_pages.h"
#include "web/trust/publisher_model.h"
#include "web/trust/switch_forms.h"

namespace imp::web {

namespace {

/// More than these are opened one by one.
constexpr std::size_t kPublishersOpened = 3;

boost::json::object filled_from(const ci::Project& project,
                                const ci::PipelineDefinition& definition) {
  return {{"organization_id", project.organization_id},
          {"project_id", project.id},
          {"pipeline_definition_id", definition.id},
          {"vcs_origin", project.vcs_origin}};
}

/// The pipeline definitions of the visitor's organisations; the values of the one that the query
/// asks for.
Result<boost::json::object> add_choices(const Visit& visit, boost::json::object& model) {
  boost::json::object filled;
  const std::string wanted = visit.query("from");
  const auto memberships = visit.services.accounts.organizations.of_person(visit.person().id);
  if (!memberships) return pass_on(memberships);
  boost::json::array choices;
  for (const accounts::Membership& membership : *memberships) {
    const auto projects = visit.services.ci.projects.list(membership.organization.id);
    if (!projects) return pass_on(projects);
    const auto definitions = visit.services.ci.definitions.list_in(membership.organization.id);
    if (!definitions) return pass_on(definitions);
    std::multimap<std::string_view, const ci::PipelineDefinition*> of_project;
    for (const auto& definition : *definitions) {
      of_project.emplace(definition.project_id, &definition);
    }
    for (const ci::Project& project : *projects) {
      const auto [first, last] = of_project.equal_range(project.id);
      for (auto next = first; next != last; ++next) {
        const ci::PipelineDefinition& definition = *next->second;
        if (definition.id == wanted) filled = filled_from(project, definition);
        choices.push_back({{"value", definition.id},
                           {"selected", definition.id == wanted},
                           {"text", fmt::format("{} / {} / {}", membership.organization.name,
                                                project.name, definition.name)}});
      }
    }
  }
  model["has_choices"] = !choices.empty();
  model["choices"] = std::move(choices);
  return filled;
}

/// The permissions that were chosen before, when the form is shown again; a new form suggests
/// staging alone.
void add_permissions(const Visit& visit, boost::json::object& model) {
  const auto permissions = visit.request.form_all("permission");
  const auto chosen = [&](std::string_view name) {
    return std::ranges::find(permissions, name) != permissions.end();
  };
  model["publish_checked"] = chosen("createPackage");
  model["tags_checked"] = chosen("manageDistTags");
  model["stage_checked"] = permissions.empty() || chosen("createStagedPackage");
}

/// Where the publishers of a package's whole scope are changed, for those who may.
std::string scope_link(const Visit& visit, const registry::TrustTarget& target) {
  const auto* name = std::get_if<registry::PackageName>(&target);
  if (!name || !name->scoped()) return {};
  const auto organization = visit.services.accounts.organizations.by_name(name->scope());
  if (!organization || !administers(visit, *organization)) return {};
  return "/org/" + organization->name + "/publishers";
}

/// The form of the chosen provider.
Result<void> add_form_parts(const Visit& visit, boost::json::object& model) {
  const trust::Provider& provider = chosen_provider(visit);
  boost::json::array issuers;
  const auto known = visit.services.registry.issuers.all();
  for (const auto& issuer : *known) {
    if (issuer->provider != &provider) continue;
    issuers.push_back(
        {{"url", issuer->base_url}, {"chosen", visit.field("issuer") == issuer->base_url}});
  }
  model["several_issuers"] = issuers.size() > 1;
  model["no_issuer"] = issuers.empty();
  model["issuers"] = std::move(issuers);
  model["type"] = provider.type;
  model["provider"] = provider.name;
  model["providers"] = provider_choices(provider);
  add_permissions(visit, model);
  boost::json::object filled;
  if (speaks_own_pipelines(visit, provider)) {
    auto chosen = add_choices(visit, model);
    if (!chosen) return pass_on(chosen);
    filled = std::move(*chosen);
  }
  model["fields"] = form_fields(visit, provider, filled);
  return {};
}

/// Somebody who governs what the path names and has given a second factor for this change of it:
/// for the publisher that the form names or, where it is typed, for adding one there.
Result<GovernedTrust> confirmed_governor(const Visit& visit, std::string_view action) {
  auto governor = governed_trust_for(visit, action);
  if (!governor) return governor;
  const std::string id = visit.field("publisher");
  const auto subject =
      id.empty() ? registry::text_of(governor->target)
                 : registry::publisher_subject(visit.services.registry, governor->target,
                                               governor->place, governor->requester.rights(), id);
  if (!subject) return pass_on(subject);
  const auto confirmed = confirm(visit, {.action = std::string(action), .subject = *subject},
                                 accounts::WithoutFactor::refuse);
  if (!confirmed) return refused(visit, *governor, action, confirmed.error());
  return governor;
}

}  // namespace

Result<boost::json::object> publisher_parts(const Visit& visit, const registry::TrustTarget& target,
                                            const registry::TrustPlace& place,
                                            const std::string& base, const std::string& forms) {
  auto& services = visit.services.registry;
  const auto requester = registry::Requester::identify(services, visit.request);
  if (!requester) return pass_on(requester);
  if (const auto refreshed = registry::refresh_issuers(services); !refreshed) {
    return pass_on(refreshed);
  }
  const Time now = visit.services.clock.now();
  boost::json::object model{
      {"base", base},
      {"forms", forms},
      {"checked", forms + "/check"},
      {"subject", registry::text_of(target)},
      {"what",
       place.kind == trust::PlaceKind::scope ? "every package of the scope" : "this package"}};
  const auto read = services.database.read([&](db::Session& session) -> Result<void> {
    const auto own = registry::publishers_at(session, place, requester->rights());
    boost::json::array publishers = publishers_model(own, services.issuers, now);
    for (std::size_t i = 0; i < own.size(); ++i) {
      boost::json::object& item = publishers[i].as_object();
      item["maker_left"] = registry::maker_left(session, place, own[i]);
      item["confirms"] = registry::publisher_subject(target, own[i], services.issuers);
    }
    const auto ended = registry::ended_at(session, place, requester->rights());
    boost::json::array ended_items = ended_model(ended, now);
    for (std::size_t i = 0; i < ended.size(); ++i) {
      ended_items[i].as_object()["confirms"] =
          registry::publisher_subject(target, ended[i].publisher, services.issuers);
    }
    model["ended"] = std::move(ended_items);
    model["has_ended"] = !model["ended"].as_array().empty();
    for (boost::json::value& item :
         publishers_model(registry::publishers_above(session, place), services.issuers, now)) {
      item.as_object()["inherited"] = true;
      publishers.push_back(std::move(item));
    }
    model["several"] = publishers.size() > 1;
    for (boost::json::value& item : publishers) {
      item.as_object()["opened"] = publishers.size() <= kPublishersOpened;
    }
    model["publishers"] = std::move(publishers);
    return {};
  });
  if (!read) return pass_on(read);
  model["scope_link"] = scope_link(visit, target);
  if (const auto added = add_form_parts(visit, model); !added) return pass_on(added);
  if (place.kind == trust::PlaceKind::pending) return model;
  auto switches = switches_model(visit, target);
  if (!switches) return pass_on(switches);
  model["switches"] = std::move(*switches);
  model["switch_forms"] = base + "/switches";
  model["switch_cool_down"] = duration_text(services.switch_cool_down);
  return model;
}

Result<void> add_factor_of_visitor(const Visit& visit, Page& page) {
  const auto factor = visit.services.accounts.second_factors.state(visit.person().id);
  if (!factor) return pass_on(factor);
  add_factor(page, *factor);
  return {};
}

Result<http::Response> add_publisher_by_form(const Visit& visit, const std::string& base) {
  auto& services = visit.services.registry;
  // What is wrong with the configuration is said before a code is used up.
  const auto request = publisher_request(visit);
  if (!request) return pass_on(request);
  const auto requests = registry::read_publisher_requests(services, *request);
  if (!requests) return pass_on(requests);
  const auto governor = confirmed_governor(visit, "trust.create");
  if (!governor) return pass_on(governor);
  const auto added =
      registry::add_publishers(services, governor->requester, governor->target, *requests);
  if (!added) return refused(visit, *governor, "trust.create", added.error());
  return http::see_other(base + "?done=added#publishers");
}

Result<http::Response> remove_publisher_by_form(const Visit& visit, const std::string& base) {
  const auto governor = confirmed_governor(visit, "trust.revoke");
  if (!governor) return pass_on(governor);
  const auto removed = registry::remove_publisher(visit.services.registry, governor->requester,
                                                  governor->target, visit.field("publisher"));
  if (!removed) return refused(visit, *governor, "trust.revoke", removed.error());
  return http::see_other(base + "?done=removed#publishers");
}

Result<http::Response> keep_publisher_by_form(const Visit& visit, const std::string& base) {
  const auto governor = confirmed_governor(visit, "trust.keep");
  if (!governor) return pass_on(governor);
  const auto kept = registry::keep_publisher(visit.services.registry, governor->requester,
                                             governor->target, visit.field("publisher"));
  if (!kept) return refused(visit, *governor, "trust.keep", kept.error());
  return http::see_other(base + "?done=kept#publishers");
}

Result<http::Response> restore_publisher_by_form(const Visit& visit, const std::string& base) {
  const auto governor = confirmed_governor(visit, "trust.create");
  if (!governor) return pass_on(governor);
  const auto added = registry::restore_publisher(visit.services.registry, governor->requester,
                                                 governor->target, visit.field("publisher"));
  if (!added) return refused(visit, *governor, "trust.create", added.error());
  return http::see_other(base + "?done=added#publishers");
}

}  // namespace imp::web
