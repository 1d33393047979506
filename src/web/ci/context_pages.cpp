#include <boost/json.hpp>

#include "base/encoding.h"
#include "ci/api/context_rights.h"
#include "web/frame/frames.h"
#include "web/frame/handlers.h"
#include "web/frame/model.h"
#include "web/routes.h"

namespace imp::web {

namespace {

using accounts::Organization;

boost::json::object option(std::string_view value, std::string_view text) {
  return {{"value", value}, {"text", text}};
}

Result<http::Response> show_contexts(const Visit& visit) {
  const auto organization = ci::organization_for_member(visit.call(), visit.param("organization"));
  if (!organization) return pass_on(organization);
  const auto contexts = visit.services.ci.contexts.list(organization->id);
  if (!contexts) return pass_on(contexts);
  boost::json::array items;
  for (const ci::Context& context : *contexts) {
    items.push_back({{"id", context.id},
                     {"context", context.name},
                     {"organization", organization->name},
                     {"created", time_model(context.created, visit.services.clock.now())}});
  }
  return show(visit, {.title = "Contexts of " + organization->display_name,
                      .content = "contexts",
                      .model = {{"name", organization->name},
                                {"display_name", organization->display_name},
                                {"tabs", organization_tabs(visit, *organization, "Contexts")},
                                {"new_name", visit.field("context")},
                                {"contexts", std::move(items)}}});
}

std::string context_link(const Organization& organization, const ci::Context& context) {
  return fmt::format("/org/{}/contexts/{}", organization.name, context.id);
}

Result<http::Response> create_context(const Visit& visit) {
  const auto organization = ci::organization_for_member(visit.call(), visit.param("organization"));
  if (!organization) return pass_on(organization);
  const auto context =
      visit.services.ci.contexts.create(organization->id, visit.field("context"), visit.actor());
  if (!context) return pass_on(context);
  return http::see_other(context_link(*organization, *context) + "?done=created");
}

Result<boost::json::array> variables_model(const Visit& visit, const ci::Context& context) {
  const auto variables = visit.services.ci.context_variables.list(context.id);
  if (!variables) return pass_on(variables);
  boost::json::array items;
  for (const ci::ContextVariable& variable : *variables) {
    items.push_back({{"variable", variable.name},
                     {"masked", variable.masked_value},
                     {"updated", time_model(variable.updated, visit.services.clock.now())}});
  }
  return items;
}

Result<boost::json::array> restrictions_model(const Visit& visit, const ci::Context& context) {
  const auto restrictions = visit.services.ci.restrictions.list(context.id);
  if (!restrictions) return pass_on(restrictions);
  boost::json::array items;
  for (const ci::Restriction& restriction : *restrictions) {
    const bool expression = restriction.kind == ci::RestrictionKind::expression;
    items.push_back({{"restriction_id", restriction.id},
                     {"kind", ci::name(restriction.kind)},
                     {"expression", expression ? restriction.value : ""},
                     {"label", expression ? "" : restriction.name}});
  }
  return items;
}

/// What can be chosen in the forms for new restrictions.
Result<void> add_choices(const Visit& visit, const Organization& organization,
                         boost::json::object& model) {
  const auto groups = visit.services.accounts.groups.list(organization.id);
  if (!groups) return pass_on(groups);
  const auto projects = visit.services.ci.projects.list(organization.id);
  if (!projects) return pass_on(projects);
  boost::json::array group_options{option(organization.id, "All members")};
  for (const accounts::Group& group : *groups) {
    group_options.push_back(option(group.id, group.name));
  }
  boost::json::array project_options;
  for (const ci::Project& project : *projects) {
    project_options.push_back(option(project.id, project.name));
  }
  model["groups"] = std::move(group_options);
  model["has_projects"] = !project_options.empty();
  model["projects"] = std::move(project_options);
  return {};
}

Result<http::Response> show_context(const Visit& visit) {
  const auto found = ci::context_for_member(visit.call());
  if (!found) return pass_on(found);
  const ci::Context& context = found->context;
  const auto organization = visit.services.accounts.organizations.by_id(context.organization_id);
  if (!organization) return pass_on(organization);
  auto variables = variables_model(visit, context);
  if (!variables) return pass_on(variables);
  auto restrictions = restrictions_model(visit, context);
  if (!restrictions) return pass_on(restrictions);
  boost::json::object model{
      {"context", context.name},
      {"organization", organization->name},
      {"admin", found->standing.admin},
      {"id", {{"value", context.id}, {"what", "the Context ID"}}},
      {"base", context_link(*organization, context)},
      {"created", time_model(context.created, visit.services.clock.now())},
      {"variables", std::move(*variables)},
      {"restrictions", std::move(*restrictions)},
      {"new_expression", visit.field("kind") == "expression" ? visit.field("value") : ""}};
  if (auto added = add_choices(visit, *organization, model); !added) return pass_on(added);
  auto trail = organization_trail(*organization);
  trail.push_back({"Contexts", "/org/" + organization->name + "/contexts"});
  return show(visit, {.title = context.name,
                      .content = "context",
                      .model = std::move(model),
                      .trail = std::move(trail)});
}

/// Back to the context's page, at a section of it.
http::Response back(const Visit& visit, std::string_view done, std::string_view section) {
  return http::see_other(fmt::format("/org/{}/contexts/{}?done={}#{}",
                                     percent_encode(visit.param("organization")),
                                     percent_encode(visit.param("context_id")), done, section));
}

Result<http::Response> store_variable(const Visit& visit) {
  const auto context = ci::context_for_change(visit.call());
  if (!context) return pass_on(context);
  const auto stored = visit.services.ci.context_variables.store(
      context->id, visit.field("variable"), visit.raw_field("value"), visit.actor());
  if (!stored) return pass_on(stored);
  return back(visit, "saved", "variables");
}

Result<http::Response> remove_variable(const Visit& visit) {
  const auto context = ci::context_for_change(visit.call());
  if (!context) return pass_on(context);
  const auto removed = visit.services.ci.context_variables.remove(
      context->id, visit.field("variable"), visit.actor());
  if (!removed) return pass_on(removed);
  return back(visit, "removed", "variables");
}

Result<http::Response> add_restriction(const Visit& visit) {
  const auto context = ci::context_for_admin(visit.call());
  if (!context) return pass_on(context);
  const auto kind = ci::restriction_kind(visit.field("kind"));
  if (!kind) return refuse(WebRefusal::field_missing, "Choose what kind of restriction to add.");
  auto value = visit.required("value", "What the restriction is to");
  if (!value) return pass_on(value);
  const auto added = ci::add_restriction(
      visit.call(), *context,
      {.context_id = {}, .kind = *kind, .value = std::move(*value), .name = {}});
  if (!added) return pass_on(added);
  return back(visit, "added", "restrictions");
}

Result<http::Response> remove_restriction(const Visit& visit) {
  const auto context = ci::context_for_admin(visit.call());
  if (!context) return pass_on(context);
  const auto removed =
      visit.services.ci.restrictions.remove(context->id, visit.field("restriction"), visit.actor());
  if (!removed) return pass_on(removed);
  return back(visit, "removed", "restrictions");
}

Result<http::Response> delete_context(const Visit& visit) {
  const auto context = ci::context_for_change(visit.call());
  if (!context) return pass_on(context);
  const auto removed = visit.services.ci.contexts.remove(context->id, visit.actor());
  if (!removed) return pass_on(removed);
  return http::see_other("/org/" + percent_encode(visit.param("organization")) +
                         "/contexts?done=removed");
}

}  // namespace

void add_context_pages(http::Router& router, WebServices& services) {
  constexpr std::string_view all = "/org/{organization}/contexts";
  const std::string one = std::string(all) + "/{context_id}";
  add_page(router, services, all, Audience::signed_in, show_contexts);
  add_form(router, services, all, Audience::signed_in, create_context, show_contexts);
  add_page(router, services, one, Audience::signed_in, show_context);
  const auto form = [&](std::string_view below, Action act) {
    add_form(router, services, one + std::string(below), Audience::signed_in, std::move(act),
             show_context);
  };
  form("/variables", store_variable);
  form("/variables/remove", remove_variable);
  form("/restrictions", add_restriction);
  form("/restrictions/remove", remove_restriction);
  form("/delete", delete_context);
}

}  // namespace imp::web
