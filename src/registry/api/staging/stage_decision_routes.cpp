#include <boost/json.hpp>

#include "http/response.h"
#include "registry/api/refusals.h"
#include "registry/api/requester.h"
#include "registry/api/routes.h"
#include "registry/api/staging/stage_decisions.h"
#include "registry/api/staging/stage_requester.h"
#include "registry/packages/refusal.h"

namespace imp::registry {

namespace {

/// A decision about a staged release, by somebody who may take it and has given a second factor.
struct Decision {
  Requester requester;
  StagedRelease release;
  std::string action;
  accounts::FactorKind factor = accounts::FactorKind::none;

  http::Response denied(RegistryServices& services, const Failure& failure) const {
    return refused(services, &requester, action, "stage:" + release.id, failure);
  }
};

/// A confirmation is for the release, and for the tag where another one than its own is named.
std::string purpose_of(const std::string& id, const std::string& tag) {
  return tag.empty() ? id : fmt::format("{} {}", id, tag);
}

std::expected<Decision, http::Response> decide(RegistryServices& services,
                                               const http::Request& request, std::string action,
                                               const std::string& tag = {}) {
  auto requester = deciding_person(services, request, action);
  if (!requester) return std::unexpected(requester.error());
  const std::string& id = request.param("id");
  const auto denied = [&](const Failure& failure) {
    return std::unexpected(refused(services, &*requester, action, "stage:" + id, failure));
  };
  if (const auto allowed = requester->may_govern(); !allowed) return denied(allowed.error());
  auto release = visible_release(services, *requester, id);
  if (!release) return denied(release.error());
  auto confirmed =
      confirmed_factor(services, request, *requester, action, purpose_of(id, tag), Without::refuse);
  if (!confirmed) return std::unexpected(std::move(confirmed.error()));
  return Decision{std::move(*requester), std::move(*release), std::move(action), confirmed->kind};
}

/// {"tag"} of an approval, {"reason"} of a rejection; npm sends no body.
Result<DecisionWords> words_of(const http::Request& request, std::string_view known) {
  DecisionWords words;
  if (request.body.empty()) return words;
  const auto bad = [&] {
    return refuse(StageRefusal::invalid_decision,
                  fmt::format("The body must be empty or {{\"{}\": \"…\"}}.", known));
  };
  boost::system::error_code error;
  const boost::json::value document = boost::json::parse(request.body, error);
  if (error || !document.is_object()) return bad();
  for (const auto& member : document.get_object()) {
    if (member.key() != known || !member.value().is_string()) return bad();
    (known == "tag" ? words.tag : words.reason) = member.value().get_string();
  }
  if (const auto usable = check(words); !usable) return pass_on(usable);
  return words;
}

/// Before anybody was asked who they are: it is counted, and there is nobody to write down.
http::Response unusable(RegistryServices& services, const http::Request& request,
                        std::string_view action, const Failure& failure) {
  return refused(services, nullptr, action, "stage:" + request.param("id"), failure);
}

http::Response approve(RegistryServices& services, const http::Request& request) {
  // What is wrong with it is said before a code is asked for and used up.
  const auto words = words_of(request, "tag");
  if (!words) return unusable(services, request, "stage.approve", words.error());
  const auto decision = decide(services, request, "stage.approve", words->tag);
  if (!decision) return decision.error();
  const auto approval = approve_release(services, decision->requester, decision->release,
                                        decision->factor, words->tag);
  if (!approval) return decision->denied(services, approval.error());
  const std::string text = approval_text(decision->release, *approval);
  http::Response response = http::json(
      201, boost::json::object{{"message", text},
                               {"published", approval->published.has_value()},
                               {"approvals", boost::json::value_from(approval->approvers)},
                               {"needed", approval->needed},
                               {"tag", approval->tag}});
  // npm says "approved and published" to any 201: this line is what tells otherwise.
  if (!approval->published) response.header("npm-notice", text);
  return response;
}

http::Response reject(RegistryServices& services, const http::Request& request) {
  const auto words = words_of(request, "reason");
  if (!words) return unusable(services, request, "stage.reject", words.error());
  const auto decision = decide(services, request, "stage.reject");
  if (!decision) return decision.error();
  const auto rejected =
      reject_release(services, decision->requester, decision->release, words->reason);
  return rejected ? http::no_content() : decision->denied(services, rejected.error());
}

http::Response withdraw(RegistryServices& services, const http::Request& request) {
  const std::string& id = request.param("id");
  const std::string subject = "stage:" + id;
  const auto requester = Requester::identify(services, request);
  if (!requester) {
    return refused(services, nullptr, "stage.withdraw", subject, requester.error());
  }
  const auto denied = [&](const Failure& failure) {
    return refused(services, &*requester, "stage.withdraw", subject, failure);
  };
  if (requester->anonymous()) {
    return denied(refuse(PackageRefusal::not_signed_in,
                         "You must sign in to withdraw what you staged: run `npm login`.")
                      .error());
  }
  const auto withdrawn = withdraw_release(services, *requester, id);
  return withdrawn ? http::json(200, withdrawn->outcome.to_json()) : denied(withdrawn.error());
}

}  // namespace

void add_stage_decision_routes(http::Router& router, RegistryServices& services) {
  const auto bind = [&services](auto handler) {
    return
        [&services, handler](const http::Request& request) { return handler(services, request); };
  };
  // Hashes the tarball: not on the threads that wait for the database.
  router.add(http::Method::post, "/-/stage/{id}/approve", bind(approve),
             {.pool = http::Pool::program});
  router.add(http::Method::del, "/-/stage/{id}", bind(reject));
  router.add(http::Method::post, "/-/stage/{id}/withdraw", bind(withdraw));
}

}  // namespace imp::registry
