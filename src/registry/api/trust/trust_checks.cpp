#include "registry/api/trust/trust_checks.h"

#include <boost/json.hpp>

#include "audit/log.h"
#include "base/clean_text.h"
#include "registry/api/trust/trust_place.h"
#include "registry/trust/attempt.h"
#include "registry/trust/refusal.h"

namespace imp::registry {

namespace {

constexpr accounts::Limit kRecordedChecks{.what = "recorded_checks", .attempts = 100};

std::unexpected<Failure> invalid(std::string message) {
  return refuse(trust::TrustRefusal::invalid_check, std::move(message));
}

/// That somebody tried a token is written down even though nothing came of it: who has stolen one
/// must not find out unseen what it is good for.
void record_check(RegistryServices& services, const Requester& requester, const PackageName& name,
                  const TrustCheck& check) {
  services.metrics.count("trust_checks_total", {{"outcome", check.outcome()}});
  const accounts::Caller& account = requester.account();
  if (!services.accounts.throttle
           .admit(kRecordedChecks, accounts::throttle_address(account.address))
           .admitted) {
    return;
  }
  const auto written = services.database.write([&](db::Session& session) -> Result<void> {
    audit::Record record =
        requester.audit_record("trust.check", "package:" + name.text(), services.clock.now());
    const trust::Evaluation& evaluation = check.answer.rehearsal.evaluation;
    record.outcome = check.outcome();
    record.organization = scope_owner(session, name);
    record.detail["described"] = check.described;
    record.detail["issuer"] = clean_text(evaluation.issuer, 512);
    if (check.answer.verified) {
      record.detail["run"] = trust::run_of(*evaluation.provider, *evaluation.claims);
    }
    audit::append(session, record);
    return {};
  });
  if (!written) {
    services.log.error("check not recorded",
                       {{"package", name.text()}, {"reason", written.error().detail}});
  }
}

}  // namespace

std::string TrustCheck::outcome() const {
  if (answer.rehearsal.refusal) return std::string(answer.rehearsal.refusal->code());
  return described ? "would_be_granted_if_genuine" : "would_be_granted";
}

std::string TrustCheck::message() const {
  const auto& refusal = answer.rehearsal.refusal;
  if (!described) {
    return refusal ? refusal->message : "The exchange would accept this identity token now.";
  }
  if (refusal) {
    return "Not verified: nobody has signed this description. A token that says the same would be "
           "refused: " +
           refusal->message;
  }
  return fmt::format(
      "Not verified: nobody has signed this description. Only a genuine token of {} that says the "
      "same, is for this registry, in time and not used before, would be accepted.",
      answer.rehearsal.evaluation.issuer);
}

std::string_view outlook_word(const trust::CheckAnswer& answer, const trust::Outlook& outlook) {
  if (!outlook.of_issuer) return "other_issuer";
  if (!outlook.comparison.agreed()) return "differs";
  const auto& chosen = answer.rehearsal.evaluation.publisher;
  return chosen && chosen->id == outlook.publisher.id ? "chosen" : "agrees";
}

boost::json::object TrustCheck::to_json(const trust::Issuers& issuers) const {
  boost::json::object json{{"outcome", outcome()}, {"message", message()}};
  if (!full) return json;
  json["verified"] = answer.verified;
  json["issuer"] = clean_text(answer.rehearsal.evaluation.issuer, 512);
  boost::json::array publishers;
  for (const trust::Outlook& outlook : answer.outlooks) {
    boost::json::object item =
        trust::comparison_json(outlook.publisher.id, outlook.comparison, outlook.unasked);
    const auto issuer = issuers.by_id(outlook.publisher.issuer_id);
    item["outcome"] = outlook_word(answer, outlook);
    item["type"] = outlook.publisher.type;
    item["issuer"] = issuer ? issuer->base_url : outlook.publisher.issuer_id;
    item["permissions"] = outlook.publisher.permissions.to_json();
    publishers.push_back(std::move(item));
  }
  json["publishers"] = std::move(publishers);
  return json;
}

Result<trust::CheckQuestion> read_trust_question(const std::string& body) {
  boost::system::error_code error;
  const boost::json::value document = boost::json::parse(body, error);
  if (error || !document.is_object()) {
    return invalid("The body must be a JSON object with `token`, or with the `claims` of a job.");
  }
  trust::CheckQuestion question;
  const boost::json::object& members = document.get_object();
  for (const auto& member : members) {
    const std::string_view key = member.key();
    const boost::json::value& value = member.value();
    if (key == "token" && value.is_string()) {
      question.request.id_token = value.get_string();
    } else if (key == "issuer" && value.is_string()) {
      question.issuer = value.get_string();
    } else if (key == "claims" && value.is_object()) {
      question.claims = value.get_object();
    } else {
      return invalid(fmt::format(
          "There is no such member \"{}\": `token` is a text; or else `claims` is an object and "
          "`issuer` a text.",
          clean_text(key, 64)));
    }
  }
  const bool described = members.contains("claims") || members.contains("issuer");
  if (described == members.contains("token") || (described && question.claims.empty()) ||
      (!described && question.request.id_token.empty())) {
    return invalid("Send either `token`, or the `claims` of a job and perhaps its `issuer`.");
  }
  return question;
}

Result<TrustCheck> check_trust(RegistryServices& services, const Requester& requester,
                               const PackageName& name, trust::CheckQuestion question) {
  const auto governed = governed_place(services, requester, name);
  if (!governed && question.described()) return pass_on(governed);
  if (governed) {
    question.shown = [&](const trust::TrustedPublisher& publisher) {
      return sees(*governed, requester.rights(), publisher);
    };
  }
  question.request.package_name = name.text();
  auto answer = trust::check(services.exchange, services.database, services.issuers, question);
  if (!answer) return pass_on(answer);
  TrustCheck check{std::move(*answer), question.described(), governed.has_value()};
  record_check(services, requester, name, check);
  return check;
}

}  // namespace imp::registry
