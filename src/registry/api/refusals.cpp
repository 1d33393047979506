#include "registry/api/refusals.h"

#include <boost/json.hpp>
#include <functional>

#include "accounts/organizations.h"
#include "audit/log.h"
#include "base/uuid.h"
#include "registry/packages/store.h"
#include "registry/staging/stage_outcome.h"
#include "registry/trust/attempt.h"

namespace imp::registry {

namespace {

bool about_identity(const Failure& failure) {
  return failure.kind() == FailureKind::unauthenticated || failure.kind() == FailureKind::forbidden;
}

/// The package's name of "package:name" and "package:name@version".
std::string_view package_of(std::string_view subject) {
  subject.remove_prefix(std::min(subject.size(), subject.find(':') + 1));
  return subject.substr(0, subject.find('@', 1));
}

/// Whose administrators may see what is recorded of this.
std::optional<std::string> organization_of(db::Session& session, std::string_view subject) {
  const std::size_t colon = std::min(subject.find(':'), subject.size());
  const std::string_view kind = subject.substr(0, colon);
  std::string named(subject.substr(std::min(colon + 1, subject.size())));
  if (kind == "organization") {
    const auto organization = accounts::find_organization_by_name(session, named);
    return organization ? std::optional(organization->id) : std::nullopt;
  }
  if (kind == "stage") {
    if (const auto release = find_staged(session, named)) {
      named = release->candidate.name;
    } else if (const auto outcome = find_outcome(session, named)) {
      named = outcome->package_name;
    }
  } else if (kind == "package") {
    named = package_of(subject);
  } else {
    return std::nullopt;
  }
  const auto name = PackageName::for_read(named);
  return name ? scope_owner(session, *name) : std::nullopt;
}

/// What is a line of "Publish attempts" whoever does it.
bool publishes(std::string_view action) {
  return action == "package.publish" || action == "stage.create";
}

bool is_attempt(const Requester* requester, std::string_view action) {
  return requester && (requester->publish_token() || publishes(action));
}

/// A line of "Publish attempts" in the transaction that writes down a refusal.
using AttemptRecord = std::function<void(db::Session&)>;
/// What writes a refusal down; empty when that is not to be done.
using Writing = std::function<Result<void>(db::Session&)>;

Writing writing_of(RegistryServices& services, AttemptRecord attempt, audit::Record record,
                   const Failure& failure) {
  const bool proved = record.actor.starts_with("publisher:");
  if (!services.accounts.trail.may_record(
          {record.action, record.subject, failure.code(), record.remote_address, proved})) {
    return {};
  }
  record.outcome = failure.code();
  record.detail["message"] = failure.message;
  if (!failure.detail.empty()) record.detail["detail"] = failure.detail;
  return [attempt = std::move(attempt), record = std::move(record),
          audited = about_identity(failure)](db::Session& session) mutable -> Result<void> {
    if (audited) {
      record.organization = organization_of(session, record.subject);
      audit::append(session, record);
    }
    if (attempt) attempt(session);
    return {};
  };
}

void tell_if_lost(RegistryServices& services, const Result<void>& written,
                  std::string_view request_id) {
  if (written) return;
  services.log.error("refusal not recorded",
                     {{"request", std::string(request_id)}, {"reason", written.error().detail}});
}

void write_down(RegistryServices& services, Writing writing, std::string_view request_id) {
  if (writing) tell_if_lost(services, services.database.write(writing), request_id);
}

std::string_view attempt_action(std::string_view action) {
  if (action == "package.publish") return "publish";
  if (action == "stage.create") return "stage";
  if (action.starts_with("dist_tag.")) return "dist-tag";
  return action;
}

/// What a publish token was used for, good or not.
template <class Token>
void add_token(trust::Attempt& attempt, const Token& token) {
  attempt.package_name = token.package_name;
  attempt.publisher_id = token.publisher_id;
  attempt.issuer = trust::string_claim(token.run, "iss").value_or("");
  attempt.token_id = token.id;
  if (token.provider) attempt.runner = trust::runner_class(*token.provider, token.run).value_or("");
  attempt.proved = true;
}

}  // namespace

void complete_suppressed_refusals(RegistryServices& services) {
  services.accounts.trail.complete_suppressed(
      [](db::Session& session, const audit::SuppressedRefusals& refusals, audit::Record& record) {
        record.organization = organization_of(session, record.subject);
        if (!record.subject.starts_with("package:")) return;
        if (!refusals.proved && !publishes(record.action)) return;
        const auto package = find_package(session, package_of(record.subject));
        if (!package) return;
        trust::record_attempt(
            session,
            trust::attempt_for(refusals, package->name, attempt_action(record.action), record.at));
      });
}

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
  AttemptRecord attempt;
  if (issued && *issued) {
    const trust::IssuedToken& token = **issued;
    record.actor = "publisher:" + token.publisher_id;
    record.subject = "package:" + token.package_name;
    record.detail = {{"token", token.id}, {"run", token.run}};
    attempt = [&](db::Session& session) {
      trust::Attempt tried;
      tried.id = new_ordered_uuid(record.at);
      tried.at = record.at;
      tried.action = record.action;
      tried.outcome = failure.code();
      tried.message = failure.message;
      tried.actor = record.actor;
      tried.remote_address = request.remote_address;
      add_token(tried, token);
      trust::record_attempt(session, tried);
    };
  }
  write_down(services, writing_of(services, std::move(attempt), record, failure), request.id);
}

void record_use(db::Session& session, const Requester& requester, const Use& use, Time now) {
  trust::Attempt attempt;
  attempt.id = requester.attempt_id();
  attempt.at = now;
  attempt.action = attempt_action(use.action);
  attempt.outcome = use.outcome;
  attempt.message = use.message;
  attempt.actor = requester.audit_actor();
  attempt.version = use.version;
  attempt.remote_address = requester.account().address;
  const bool done = use.outcome == "granted" || use.outcome == "held";
  if (const auto& token = requester.publish_token()) {
    add_token(attempt, *token);
    if (done) trust::mark_proved(session, token->publisher_id);
  } else if (done) {
    // There is such a package, and whoever did this may write to it.
    attempt.package_name = use.package;
    attempt.proved = true;
  } else {
    const auto package = find_package(session, use.package);
    if (!package) return;
    attempt.package_name = package->name;
    attempt.proved = may_write(requester.rights(), access_of(session, *package));
  }
  trust::record_attempt(session, attempt);
}

namespace {

/// Counts a refusal. What is returned writes it down, once, as long as the requester is there.
Writing counted(RegistryServices& services, const Requester* requester, std::string_view action,
                std::string_view subject, const Failure& failure) {
  services.metrics.count("registry_refusals_total", {{"action", action}, {"code", failure.code()}});
  if (!requester || !(about_identity(failure) || is_attempt(requester, action))) return {};
  audit::Record record = requester->audit_record(action, subject, services.clock.now());
  AttemptRecord attempt;
  if (is_attempt(requester, action)) {
    attempt = [requester, action = std::string(action), subject = std::string(subject), failure,
               at = record.at](db::Session& session) {
      record_use(session, *requester,
                 {package_of(subject), action, failure.code(), failure.message, {}}, at);
    };
  }
  return writing_of(services, std::move(attempt), std::move(record), failure);
}

http::Response refusal_of(RegistryServices& services, const Requester* requester,
                          std::string_view action, const Failure& failure) {
  http::Response response = accounts::refusal_response(failure);
  if (failure.kind() == FailureKind::forbidden) accounts::add_notice(response, failure.message);
  add_help(services, response, failure);
  if (is_attempt(requester, action)) response.member("attempt", requester->attempt_id());
  return response;
}

}  // namespace

void record_refusal(RegistryServices& services, const Requester* requester, std::string_view action,
                    std::string_view subject, const Failure& failure) {
  write_down(services, counted(services, requester, action, subject, failure),
             requester ? requester->account().request_id : std::string_view());
}

void add_help(const RegistryServices& services, http::Response& response, const Failure& failure) {
  for (auto& [name, value] : response.headers) {
    if (name == "npm-notice") value += " " + services.public_url + http::help_path(failure.code());
  }
}

http::Response refused(RegistryServices& services, const Requester* requester,
                       std::string_view action, std::string_view subject, const Failure& failure) {
  record_refusal(services, requester, action, subject, failure);
  return refusal_of(services, requester, action, failure);
}

void refused_later(RegistryServices& services, const std::shared_ptr<const Requester>& requester,
                   const std::string& action, std::string_view subject, const Failure& failure,
                   http::Reply reply) {
  auto answer = [&services, requester, action, failure, reply = std::move(reply)]() mutable {
    reply(refusal_of(services, requester.get(), action, failure));
  };
  Writing writing = counted(services, requester.get(), action, subject, failure);
  if (!writing) return answer();
  services.database.write_later(
      std::move(writing),
      [&services, requester, answer = std::move(answer)](const Result<void>& written) mutable {
        tell_if_lost(services, written, requester->account().request_id);
        answer();
      });
}

}  // namespace imp::registry
