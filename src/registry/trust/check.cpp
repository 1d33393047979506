#include "registry/trust/check.h"

#include <algorithm>

#include "registry/trust/publisher_place.h"
#include "registry/trust/refusal.h"

namespace imp::trust {

namespace {

Result<std::vector<TrustedPublisher>> all_of(db::Database& database, const Issuers& issuers,
                                             const CheckQuestion& question) {
  return database.read([&](db::Session& session) -> Result<std::vector<TrustedPublisher>> {
    issuers.refresh(session);
    auto publishers = publishers_for(session, question.request.package_name);
    if (question.shown) std::erase_if(publishers, std::not_fn(question.shown));
    return publishers;
  });
}

Result<std::string> issuer_of(const CheckQuestion& question, const Issuers& issuers,
                              const std::vector<TrustedPublisher>& publishers) {
  if (const auto claimed = string_claim(question.claims, "iss")) return std::string(*claimed);
  std::string id = question.issuer;
  const bool one_issuer =
      !publishers.empty() && std::ranges::all_of(publishers, [&](const auto& p) {
        return p.issuer_id == publishers.front().issuer_id;
      });
  if (id.empty() && one_issuer) id = publishers.front().issuer_id;
  if (const auto issuer = issuers.by_id(id)) return issuer->base_url;
  if (!id.empty()) return id;
  return refuse(TrustRefusal::invalid_check,
                "Say whose job it is: `issuer` (--issuer) is an issuer's id or the `iss` of its "
                "tokens. The package has no publisher, or publishers of several issuers.");
}

/// A description with what follows from it, such as the owner of a repository: no real token could
/// say anything else there, so nobody has to.
boost::json::object completed(boost::json::object claims, const Provider& provider) {
  for (const ClaimRule& rule : provider.claims) {
    if (!rule.derived || claims.contains(rule.name)) continue;
    const std::string value = rule.derived(claims);
    if (!value.empty()) claims[rule.name] = value;
  }
  return claims;
}

/// What the token says, whether it is true or not.
boost::json::object said_by(const CheckQuestion& question, const Evaluation& evaluation) {
  if (evaluation.claims) return evaluation.claims->all;
  const auto token = jose::parse_token(question.request.id_token);
  return token ? token->unverified_payload : boost::json::object();
}

}  // namespace

Result<CheckAnswer> check(Exchange& exchange, db::Database& database, const Issuers& issuers,
                          const CheckQuestion& question) {
  auto publishers = all_of(database, issuers, question);
  if (!publishers) return pass_on(publishers);
  CheckAnswer answer;
  boost::json::object description = question.claims;
  if (question.described()) {
    const auto issuer = issuer_of(question, issuers, *publishers);
    if (!issuer) return pass_on(issuer);
    if (const auto known = issuers.find(*issuer)) {
      description = completed(std::move(description), known->provider());
    }
    answer.rehearsal.evaluation = exchange.evaluator().suppose(
        question.request.package_name, *issuer, description, question.shown);
    if (!answer.rehearsal.evaluation.granted()) {
      answer.rehearsal.refusal = answer.rehearsal.evaluation.refusal;
    }
  } else {
    answer.rehearsal = exchange.rehearse(question.request);
    answer.verified = answer.rehearsal.evaluation.claims.has_value();
  }
  const Evaluation& evaluation = answer.rehearsal.evaluation;
  const boost::json::object claims =
      question.described() ? std::move(description) : said_by(question, evaluation);
  const auto issuer = issuers.find(evaluation.issuer);
  for (TrustedPublisher& publisher : *publishers) {
    Comparison comparison = compare(publisher.claims, claims);
    const bool of = issuer && of_issuer(publisher, *issuer);
    auto not_asked =
        of && comparison.agreed() ? unasked(publisher.claims, claims) : std::vector<UnaskedClaim>();
    answer.outlooks.push_back(
        {std::move(publisher), of, std::move(comparison), std::move(not_asked)});
  }
  return answer;
}

}  // namespace imp::trust
