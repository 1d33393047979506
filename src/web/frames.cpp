#include "web/frames.h"

#include <boost/json.hpp>

#include "web/model.h"

namespace imp::web {

namespace {

boost::json::object tab(std::string_view text, std::string link, std::string_view current,
                        std::int64_t count = 0) {
  boost::json::object tab{{"text", text}, {"link", std::move(link)}, {"current", text == current}};
  tab["count"] = count == 0 ? boost::json::value(false) : boost::json::value(count);
  return tab;
}

}  // namespace

boost::json::array organization_tabs(const accounts::Organization& organization,
                                     std::string_view current) {
  const std::string base = "/org/" + organization.name;
  return {tab("Projects", base, current),
          tab("Packages", base + "/packages", current),
          tab("Pipelines", "/pipelines/" + organization.name, current),
          tab("Deploys", "/deploys/" + organization.name, current),
          tab("Contexts", base + "/contexts", current),
          tab("People", base + "/people", current),
          tab("Releases", base + "/releases", current),
          tab("Webhooks", base + "/hooks", current),
          tab("Audit", base + "/audit", current),
          tab("Settings", base + "/settings", current)};
}

boost::json::array project_tabs(const ci::Project& project, std::string_view current) {
  const std::string base = "/project/" + project.id;
  return {tab("Pipelines", base, current), tab("Settings", base + "/settings", current)};
}

boost::json::array package_tabs(std::string_view package, std::string_view current, bool writer,
                                std::int64_t staged) {
  const std::string base = package_link(package);
  if (!writer) return {tab("Package", base, current)};
  return {tab("Package", base, current), tab("Staged", base + "/staged", current, staged),
          tab("Webhooks", base + "/hooks", current), tab("Settings", base + "/settings", current)};
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
