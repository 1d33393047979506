#include "web/trust/publisher_check.h"

#include <algorithm>
#include <boost/json.hpp>

#include "registry/api/trust/trust_changes.h"
#include "registry/trust/refusal.h"
#include "web/trust/publisher_model.h"

namespace imp::web {

namespace {

/// Hosts whose repositories the pipelines of foreign servers are usually built from.
constexpr std::string_view kUsualHosts[] = {"github.com", "gitlab.com", "bitbucket.org"};

std::string_view host_of(std::string_view url) {
  const std::size_t scheme = url.find("://");
  if (scheme != std::string_view::npos) url.remove_prefix(scheme + 3);
  return url.substr(0, url.find('/'));
}

/// A note when the claim's form does not take what is typed. `label` stands before it, where the
/// form speaks of no claim by its field's name.
void check_form(const Visit& visit, std::string_view field, std::string_view label,
                const trust::ClaimForm& form, std::vector<FieldNote>& notes) {
  const boost::json::value value = form.typed(visit.field(field));
  if (value.is_null()) return;
  const auto normal = form.normal(&value);
  if (normal) return;
  notes.push_back({std::string(field),
                   label.empty() ? normal.error() : fmt::format("{} {}", label, normal.error())});
}

/// Claims that a publisher names itself depend on each other and on the issuer: the first thing
/// that the form would be refused for.
Result<void> check_named_claims(const Visit& visit, std::vector<FieldNote>& notes) {
  constexpr std::string_view introduction = "Invalid trusted publisher configuration: ";
  if (visit.field("claims").empty()) return {};
  const auto read = [&]() -> Result<void> {
    auto request = publisher_request(visit);
    if (!request) return pass_on(request);
    // They are chosen, not typed.
    request->front().as_object()["permissions"] = boost::json::array{"createPackage"};
    const auto parsed = registry::read_publisher_requests(visit.services.registry, *request);
    if (!parsed) return pass_on(parsed);
    return {};
  }();
  if (read) return {};
  if (read.error().code() != reason(trust::TrustRefusal::invalid_publisher).code) return read;
  std::string_view text = read.error().message;
  if (text.starts_with(introduction)) text.remove_prefix(introduction.size());
  notes.push_back({"claims", std::string(text)});
  return {};
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
    check_form(visit, rule.form_field(), rule.field.empty() ? std::string_view() : rule.label,
               *rule.form, notes);
  }
  for (const trust::LearntClaim& learnt : provider.learnt) {
    check_form(visit, learnt.name, {}, trust::kIdentifier, notes);
  }
  if (provider.is_open()) {
    if (const auto checked = check_named_claims(visit, notes); !checked) return pass_on(checked);
  }
  if (!notes.empty() || !speaks_own_pipelines(visit, provider)) return notes;
  if (const auto checked = OwnPipelines(visit, notes).check(); !checked) return pass_on(checked);
  return notes;
}

}  // namespace imp::web
