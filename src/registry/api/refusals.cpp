#include "registry/api/refusals.h"

#include <boost/json.hpp>
#include <functional>

#include "audit/log.h"
#include "base/uuid.h"
#include "registry/trust/attempt.h"

namespace imp::registry {

namespace {

bool about_identity(const Failure& failure) {
  return failure.kind() == FailureKind::unauthenticated || failure.kind() == FailureKind::forbidden;
}

/// Whose administrators may see what is recorded of this.
std::optional<std::string> organization_of(db::Session& session, std::string_view subject) {
  constexpr std::string_view package = "package:";
  if (!subject.starts_with(package)) return std::nullopt;
  const auto name = PackageName::for_read(subject.substr(package.size()));
  return name ? scope_owner(session, *name) : std::nullopt;
}

/// Shares the count of what accounts records.
constexpr accounts::Limit kRecordedRefusals{.what = "recorded_refusals", .attempts = 100};

/// A line of "Publish attempts" in the transaction that writes down a refusal.
using UseRecord = std::function<void(db::Session&)>;

void write_down(RegistryServices& services, const UseRecord& use, audit::Record record,
                const Failure& failure) {
  const std::string address = accounts::throttle_address(record.remote_address);
  if (!services.accounts.throttle.admit(kRecordedRefusals, address).admitted) return;
  record.outcome = failure.code();
  record.detail["message"] = failure.message;
  if (!failure.detail.empty()) record.detail["detail"] = failure.detail;
  const auto written = services.database.write([&](db::Session& session) -> Result<void> {
    if (about_identity(failure)) {
      record.organization = organization_of(session, record.subject);
      audit::append(session, record);
    }
    if (use) use(session);
    return {};
  });
  if (!written) {
    services.log.error("refusal not recorded",
                       {{"request", record.request_id}, {"reason", written.error().detail}});
  }
}

std::string_view attempt_action(std::string_view action) {
  if (action == "package.publish") return "publish";
  if (action == "stage.create") return "stage";
  if (action.starts_with("dist_tag.")) return "dist-tag";
  return action;
}

/// Whose token was used where from.
struct Use {
  std::string_view package_name, publisher_id;
  const boost::json::object& run;
  std::string_view address;
};

void record_use_of(db::Session& session, const Use& use, std::string_view action,
                   std::string_view outcome, std::string_view message, Time now) {
  trust::Attempt attempt;
  attempt.id = new_ordered_uuid(now);
  attempt.package_name = use.package_name;
  attempt.at = now;
  attempt.action = attempt_action(action);
  attempt.outcome = outcome;
  attempt.message = message;
  attempt.publisher_id = std::string(use.publisher_id);
  attempt.issuer = trust::string_claim(use.run, "iss").value_or("");
  attempt.remote_address = use.address;
  attempt.proved = true;
  trust::record_attempt(session, attempt);
}

}  // namespace

void record_bad_publish_token(RegistryServices& services, const http::Request& request,
                              const Failure& failure) {
  services.metrics.count("registry_refusals_total",
                         {{"action", "authenticate"}, {"code", failure.code()}});
  audit::Record record;
  record.at = services.clock.now();
  record.actor = "anonymous";
  record.action = "authenticate";
  record.request_id = request.id;
  record.remote_address = request.remote_address;
  // One that was good once: whoever keeps it may have stolen it, so its package's maintainers see
  // that it was tried.
  const auto issued = services.database.read(
      [&](db::Session& session) -> Result<std::optional<trust::IssuedToken>> {
        return trust::issued_token(session, request.bearer());
      });
  UseRecord use;
  if (issued && *issued) {
    record.actor = "publisher:" + (*issued)->publisher_id;
    record.subject = "package:" + (*issued)->package_name;
    record.detail = {{"token", (*issued)->id}, {"run", (*issued)->run}};
    use = [&](db::Session& session) {
      const trust::IssuedToken& token = **issued;
      record_use_of(session,
                    {token.package_name, token.publisher_id, token.run, request.remote_address},
                    record.action, failure.code(), failure.message, services.clock.now());
    };
  }
  write_down(services, use, record, failure);
}

void record_use(db::Session& session, const Requester& requester, std::string_view action,
                std::string_view outcome, std::string_view message, Time now) {
  const trust::PublishToken& token = *requester.publish_token();
  record_use_of(session,
                {token.package_name, token.publisher_id, token.run, requester.account().address},
                action, outcome, message, now);
}

void record_refusal(RegistryServices& services, const Requester* requester, std::string_view action,
                    std::string_view subject, const Failure& failure) {
  services.metrics.count("registry_refusals_total", {{"action", action}, {"code", failure.code()}});
  if (!requester || !(about_identity(failure) || requester->publish_token())) return;
  UseRecord use;
  if (requester->publish_token()) {
    use = [&](db::Session& session) {
      record_use(session, *requester, action, failure.code(), failure.message,
                 services.clock.now());
    };
  }
  write_down(services, use, requester->audit_record(action, subject, services.clock.now()),
             failure);
}

http::Response refused(RegistryServices& services, const Requester* requester,
                       std::string_view action, std::string_view subject, const Failure& failure) {
  record_refusal(services, requester, action, subject, failure);
  http::Response response = accounts::refusal_response(failure);
  if (failure.kind() == FailureKind::forbidden) accounts::add_notice(response, failure.message);
  return response;
}

}  // namespace imp::registry
