#include <boost/json.hpp>

#include "accounts/refusal.h"
#include "registry/api/staging/stage_decisions.h"
#include "web/frame/handlers.h"
#include "web/frame/model.h"
#include "web/people/passkey_pages.h"
#include "web/people/purpose_text.h"
#include "web/routes.h"

namespace imp::web {

namespace {

using accounts::FlowKind;
using accounts::FlowState;

/// The release that is to be decided, so that nobody confirms an id: its name, what it is, and
/// where to look at it. Nothing for other purposes, and for releases that are not the visitor's.
boost::json::value release_of(const Visit& visit, const accounts::Purpose& purpose) {
  if (purpose.action != "stage.approve" && purpose.action != "stage.reject") return nullptr;
  auto& services = visit.services.registry;
  const std::size_t space = std::min(purpose.subject.find(' '), purpose.subject.size());
  const std::string id = purpose.subject.substr(0, space);
  const auto requester = registry::Requester::identify(services, visit.request);
  if (!requester) return nullptr;
  const auto release = registry::visible_release(services, *requester, id);
  if (!release) return nullptr;
  const registry::PublishCandidate& candidate = release->candidate;
  return boost::json::object{
      {"verb", purpose.action == "stage.approve" ? "Approve" : "Reject"},
      {"name", candidate.name + "@" + candidate.version},
      {"tag", space < purpose.subject.size() ? purpose.subject.substr(space + 1) : candidate.tag},
      {"integrity", candidate.tarball.integrity},
      {"link", package_link(candidate.name) + "/staged/" + id}};
}

Result<http::Response> show_flow(const Visit& visit) {
  const auto flow = visit.services.accounts.web_flows.find(visit.param("id"));
  if (!flow) return pass_on(flow);
  // What somebody wants to do is for their own eyes.
  if (flow->kind == FlowKind::confirmation && flow->person_id != visit.person().id) {
    return refuse(accounts::AccountRefusal::flow_wrong_person,
                  "This confirmation is for another person; sign in as them.");
  }
  const bool pending = flow->state == FlowState::pending;
  const auto factor = visit.services.accounts.second_factors.state(visit.person().id);
  if (!factor) return pass_on(factor);
  Page page{.title = "Command line",
            .content = "cli_login",
            .model = {{"login", flow->kind == FlowKind::login},
                      {"confirmation", flow->kind == FlowKind::confirmation},
                      {"pending", pending},
                      {"denied", flow->state == FlowState::denied},
                      {"confirmed", !pending && flow->state != FlowState::denied},
                      {"flow", flow->id},
                      {"name", visit.person().name},
                      {"purpose", purpose_text(flow->purpose.action)},
                      {"action", flow->purpose.action},
                      {"subject", flow->purpose.subject},
                      {"release", release_of(visit, flow->purpose)},
                      {"address", flow->address},
                      {"agent", flow->user_agent},
                      {"created", time_model(flow->created, visit.services.clock.now())}}};
  add_factor(page, *factor);
  return show(visit, std::move(page));
}

Result<http::Response> answer(const Visit& visit) {
  auto& flows = visit.services.accounts.web_flows;
  const std::string& id = visit.param("id");
  const auto flow = flows.find(id);
  if (!flow) return pass_on(flow);
  Result<void> done;
  if (visit.field("answer") != "yes") {
    done = flows.deny(id, visit.person(), visit.actor());
  } else if (flow->kind == FlowKind::login) {
    done = flows.confirm_login(id, visit.person(), visit.actor());
  } else {
    done = flows.confirm_purpose(id, visit.person(), given_factor(visit), visit.actor());
  }
  if (!done) return pass_on(done);
  return http::see_other(visit.request.path());
}

}  // namespace

void add_cli_login_pages(http::Router& router, WebServices& services) {
  const std::string path = std::string(accounts::kFlowPagePath) + "{id}";
  add_page(router, services, path, Audience::signed_in, show_flow);
  add_form(router, services, path, Audience::signed_in, answer, show_flow);
}

}  // namespace imp::web
