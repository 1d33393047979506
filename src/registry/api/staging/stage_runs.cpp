#include "registry/api/staging/stage_runs.h"

#include <boost/json.hpp>

#include "registry/trust/refusal.h"

namespace imp::registry {

namespace {

/// A run's issuer and its number there or, where the provider names none, the identity token.
std::string run_key(const boost::json::object& run) {
  const auto text = [&](std::string_view key) {
    const boost::json::value* value = run.if_contains(key);
    return value && value->is_string() ? std::string(value->get_string()) : std::string();
  };
  for (const std::string_view key : {"workflow-id", "run_id", "pipeline_id", "jti"}) {
    if (const std::string value = text(key); !value.empty()) {
      return fmt::format("{} {} {}", text("iss"), key, value);
    }
  }
  return {};
}

bool same(const trust::PublishToken& token, std::string_view package, std::string_view publisher,
          const boost::json::object& run) {
  const std::string key = run_key(token.run);
  const std::string config = "oidc:" + token.publisher_id;  // as Requester::publisher() writes it
  return token.package_name == package && publisher == config && !key.empty() &&
         key == run_key(run);
}

}  // namespace

bool staged_by_run_of(const trust::PublishToken& token, const StagedRelease& release) {
  const auto& trusted = release.publisher.trusted;
  return trusted && same(token, release.candidate.name, trusted->config_id, release.run);
}

bool staged_by_run_of(const trust::PublishToken& token, const StageOutcome& outcome) {
  return same(token, outcome.package_name, outcome.publisher_id, outcome.run);
}

bool staged_by(const Requester& requester, const StagedRelease& release) {
  if (requester.publish_token()) return staged_by_run_of(*requester.publish_token(), release);
  return requester.account().signed_in() && release.behind == requester.account().person->name;
}

std::unexpected<Failure> not_of_this_run() {
  return refuse(trust::TrustRefusal::publish_token_forbidden,
                "A publish token can withdraw, and wait for, what its own run staged, and see no "
                "other staged release.");
}

}  // namespace imp::registry
