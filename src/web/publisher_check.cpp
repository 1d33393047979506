#include "web/publisher_check.h"

#include <algorithm>
#include <boost/json.hpp>

#include "web/publisher_model.h"

namespace imp::web {

namespace {

/// Hosts whose repositories the pipelines of foreign servers are usually built from.
constexpr std::string_view kUsualHosts[] = {"github.com", "gitlab.com", "bitbucket.org"};

std::string_view host_of(std::string_view url) {
  const std::size_t scheme = url.find("://");
  if (scheme != std::string_view::npos) url.remove_prefix(scheme + 3);
  return url.substr(0, url.find('/'));
}

/// Why the claim's form does not take what is typed; empty when it does.
std::string form_problem(const trust::ClaimRule& rule, const std::string& typed) {
  const boost::json::value value = rule.form->typed(typed);
  if (value.is_null()) return {};
  const auto normal = rule.form->normal(&value);
  return normal                           ? std::string()
         : rule.form_field() == rule.name ? normal.error()
                                          : std::string(rule.label) + " " + normal.error();
}

/// The projects of an organisation of this server that the visitor belongs to.
class OwnPipelines {
 public:
  OwnPipelines(const Visit& visit, std::vector<FieldNote>& notes) : visit_(visit), notes_(notes) {}

  Result<void> check() {
    const auto member = is_member(visit_.field("organization_id"));
    if (!member) return pass_on(member);
    if (!*member) return check_host();
    const std::string project_id = visit_.field("project_id");
    if (project_id.empty()) return {};
    const auto project = visit_.services.ci.projects.find(project_id);
    if (!project || project->organization_id != visit_.field("organization_id")) {
      note("project_id", "This organisation has no project with this id on this server.");
      return {};
    }
    return check_project(*project);
  }

 private:
  void note(std::string field, std::string text) {
    notes_.push_back({std::move(field), std::move(text), false});
  }

  Result<bool> is_member(const std::string& organization) {
    const auto memberships = visit_.services.accounts.organizations.of_person(visit_.person().id);
    if (!memberships) return pass_on(memberships);
    return std::ranges::any_of(*memberships, [&](const accounts::Membership& membership) {
      return membership.organization.id == organization;
    });
  }

  Result<void> check_project(const ci::Project& project) {
    const std::string definition = visit_.field("pipeline_definition_id");
    if (!definition.empty() && !visit_.services.ci.definitions.find(project.id, definition)) {
      note("pipeline_definition_id",
           "Project " + project.name + " has no pipeline definition with this id.");
    }
    const std::string origin = visit_.field("vcs_origin");
    if (!origin.empty() && origin != project.vcs_origin) {
      note("vcs_origin",
           "The origin of project " + project.name + " is " + project.vcs_origin + ".");
    }
    return {};
  }

  Result<void> check_host() {
    const std::string origin = visit_.field("vcs_origin");
    const std::string_view host = host_of(origin);
    if (host.empty() || !origin.contains('/')) return {};
    if (host == host_of(visit_.services.public_url)) {
      note("vcs_origin",
           "Repositories of this server belong to organisations of this server, and the "
           "organisation above is none of yours.");
    } else if (std::ranges::find(kUsualHosts, host) == std::end(kUsualHosts)) {
      note("vcs_origin", "Is " + std::string(host) +
                             " the host of your repositories? CircleCI knows github.com, "
                             "gitlab.com, bitbucket.org and servers of your own.");
    }
    return {};
  }

  const Visit& visit_;
  std::vector<FieldNote>& notes_;
};

}  // namespace

Result<std::vector<FieldNote>> check_typed(const Visit& visit, const trust::Provider& provider) {
  std::vector<FieldNote> notes;
  for (const trust::ClaimRule& rule : provider.claims) {
    if (rule.derived) continue;
    const std::string field(rule.form_field());
    if (std::string problem = form_problem(rule, visit.field(field)); !problem.empty()) {
      notes.push_back({field, std::move(problem), true});
    }
  }
  if (!notes.empty() || !speaks_own_pipelines(visit, provider)) return notes;
  if (const auto checked = OwnPipelines(visit, notes).check(); !checked) return pass_on(checked);
  return notes;
}

}  // namespace imp::web
