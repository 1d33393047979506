#include "web/frame/frames.h"

#include <boost/json.hpp>

#include "web/frame/model.h"

namespace imp::web {

namespace {

boost::json::object tab(std::string_view text, std::string link, std::string_view current,
                        std::int64_t count = 0) {
  boost::json::object tab{{"text", text}, {"link", std::move(link)}, {"current", text == current}};
  tab["count"] = count == 0 ? boost::json::value(false) : boost::json::value(count);
  return tab;
}

}  // namespace

bool administers(const Visit& visit, const accounts::Organization& organization) {
  if (!visit.signed_in()) return false;
  const auto role = visit.services.accounts.organizations.role(organization.id, visit.person().id);
  return role && *role == accounts::Role::admin;
}

boost::json::array organization_tabs(const Visit& visit, const accounts::Organization& organization,
                                     std::string_view current) {
  const std::string base = "/org/" + organization.name;
  boost::json::array tabs{tab("Projects", base, current),
                          tab("Packages", base + "/packages", current),
                          tab("Pipelines", "/pipelines/" + organization.name, current),
                          tab("Deploys", "/deploys/" + organization.name, current),
                          tab("Contexts", base + "/contexts", current),
                          tab("People", base + "/people", current)};
  if (administers(visit, organization)) {
    tabs.push_back(tab("Publishers", base + "/publishers", current));
    tabs.push_back(tab("Releases", base + "/releases", current));
    tabs.push_back(tab("Webhooks", base + "/hooks", current));
    tabs.push_back(tab("Audit", base + "/audit", current));
  }
  tabs.push_back(tab("Settings", base + "/settings", current));
  return tabs;
}

boost::json::array project_tabs(const ci::Project& project, std::string_view current) {
  const std::string base = "/project/" + project.id;
  return {tab("Pipelines", base, current), tab("Settings", base + "/settings", current)};
}

boost::json::array package_tabs(const PackageView& view, std::string_view current) {
  const std::string base = package_link(view.name.text());
  boost::json::array tabs{tab("Package", base, current)};
  if (view.writer) tabs.push_back(tab("Staged", base + "/staged", current, view.staged));
  if (view.governs) {
    tabs.push_back(tab("Webhooks", base + "/hooks", current));
    tabs.push_back(tab("Settings", base + "/settings", current));
  }
  return tabs;
}

std::vector<Crumb> package_trail(const PackageView& view) {
  if (!view.organization) return {};
  return organization_trail(*view.organization);
}

std::vector<Crumb> organization_trail(const accounts::Organization& organization) {
  return {{organization.display_name, "/org/" + organization.name}};
}

std::vector<Crumb> project_trail(const accounts::Organization& organization,
                                 const ci::Project& project) {
  return {{organization.display_name, "/org/" + organization.name},
          {project.name, "/project/" + project.id}};
}

}  // namespace imp::web
