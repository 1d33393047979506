#include "registry/trust/evaluation.h"

#include <algorithm>
#include <boost/json.hpp>

#include "base/clean_text.h"
#include "registry/trust/attempt.h"
#include "registry/trust/publisher_end.h"
#include "registry/trust/publisher_place.h"
#include "registry/trust/refusal.h"

namespace imp::trust {

namespace {

constexpr std::size_t kLongestIssuerShown = 256;

std::unexpected<Failure> no_match(std::string_view package_name, std::string detail) {
  return refuse(
      TrustRefusal::no_matching_publisher,
      fmt::format(
          "OIDC token exchange error - package not found: there is no package {}, or none of "
          "its trusted publishers matches this identity token. A maintainer sees every claim "
          "compared under \"Publish attempts\" on the package's settings page.",
          package_name),
      std::move(detail));
}

/// The refusal of a token that is genuine but that no publisher expects. Of several publishers of
/// the token's own project, the one whose first disagreement comes last is the nearest miss.
Failure mismatch(std::string_view package_name, const std::vector<Comparison>& comparisons) {
  const Comparison* nearest = nullptr;
  for (const Comparison& comparison : comparisons) {
    if (!comparison.same_project()) continue;
    if (!nearest || comparison.first_mismatch() - comparison.rows.data() >
                        nearest->first_mismatch() - nearest->rows.data()) {
      nearest = &comparison;
    }
  }
  const auto resurrected = std::ranges::find_if(comparisons, &Comparison::resurrected);
  if (!nearest && resurrected != comparisons.end()) {
    return refused_as(*resurrected, package_name).error();
  }
  if (!nearest) {
    return no_match(package_name, fmt::format("none of {} publishers is of the token's project",
                                              comparisons.size()))
        .error();
  }
  return refused_as(*nearest, package_name).error();
}

/// What an operator allows, whatever the publisher.
Result<void> check_runner(const Issuer& issuer, const Provider& provider,
                          const boost::json::object& token) {
  if (!provider.tells_runners() || issuer.self_hosted_runners) return {};
  const auto runner = runner_class(provider, token);
  if (runner == provider.hosted_runner) return {};
  return refuse(
      TrustRefusal::self_hosted_runner,
      fmt::format("The token's claim {} is \"{}\": this registry takes releases from {} alone, not "
                  "from machines of a project's own. An operator can allow them for the issuer.",
                  provider.runner_claim, clean_text(runner.value_or("(absent)"), 64),
                  provider.hosted_runner));
}

}  // namespace

std::unexpected<Failure> frozen(const Issuer& issuer) {
  return refuse(TrustRefusal::issuer_frozen,
                fmt::format("An operator of this registry has frozen the issuer {}: nothing is "
                            "published with its tokens until that is over.",
                            issuer.base_url));
}

std::unexpected<Failure> refused_as(const Comparison& comparison, std::string_view package_name) {
  if (comparison.resurrected()) {
    return refuse(
        TrustRefusal::resurrected_project,
        fmt::format(
            "The token's project has the name that a trusted publisher of {} trusts, but it "
            "is another project: the identifiers differ from those of the first one. If the "
            "project was made anew on purpose, remove the publisher and add it again.",
            package_name));
  }
  const ClaimRow* row = comparison.first_mismatch();
  if (!row || !comparison.same_project()) return no_match(package_name, "another project");
  return refuse(
      row->present ? TrustRefusal::claim_mismatch : TrustRefusal::claim_missing,
      fmt::format("The claim {} of the identity token is \"{}\", but the trusted publisher of {} "
                  "expects \"{}\". Values are compared exactly, upper and lower case included.",
                  row->claim, row->received, package_name, row->expected));
}

bool of_issuer(const TrustedPublisher& publisher, const IssuerMatch& issuer) {
  return publisher.issuer_id == issuer.issuer->id &&
         publisher.claims.provider() == &issuer.provider() &&
         publisher.claims.tenant_claim() == issuer.issuer->tenant_claim &&
         (!issuer.tenant || publisher.claims.tenant() == *issuer.tenant);
}

Evaluation Evaluator::evaluate(std::string_view package_name, std::string_view id_token) const {
  Evaluation evaluation;
  const auto refused = [&](const Failure& failure) {
    evaluation.refusal = failure;
    return evaluation;
  };

  if (id_token.empty()) {
    return refused(refuse(TrustRefusal::missing_token,
                          "The exchange needs the CI job's ID token as `Authorization: Bearer …`.")
                       .error());
  }
  auto token = jose::parse_token(id_token);
  if (!token) return refused(token.error());
  const auto iss = jose::unverified_issuer(*token);
  if (!iss) return refused(iss.error());
  const auto issuer = admitted(package_name, *iss, evaluation);
  if (!issuer) return refused(issuer.error());
  auto claims = verified(std::move(*token), *issuer);
  if (!claims) return refused(claims.error());
  evaluation.claims = std::move(*claims);
  auto publisher = matching(package_name, *issuer, evaluation);
  if (!publisher) return refused(publisher.error());
  evaluation.publisher = std::move(*publisher);
  return evaluation;
}

Evaluation Evaluator::suppose(std::string_view package_name, std::string_view iss,
                              const boost::json::object& claims,
                              const PublisherFilter& shown) const {
  Evaluation evaluation;
  evaluation.shown = shown;
  const auto decided = [&]() -> Result<TrustedPublisher> {
    const auto issuer = admitted(package_name, iss, evaluation);
    if (!issuer) return pass_on(issuer);
    evaluation.claims.emplace();
    evaluation.claims->issuer = iss;
    evaluation.claims->all = claims;
    return matching(package_name, *issuer, evaluation);
  }();
  if (decided) {
    evaluation.publisher = *decided;
  } else {
    evaluation.refusal = decided.error();
  }
  return evaluation;
}

Result<IssuerMatch> Evaluator::admitted(std::string_view package_name, std::string_view iss,
                                        Evaluation& evaluation) const {
  evaluation.issuer = iss;
  std::optional<IssuerMatch> issuer;
  const auto trusted = database_.read([&](db::Session& session) -> Result<bool> {
    issuers_.refresh(session);
    issuer = issuers_.find(iss);
    return issuer && (anybody_trusts(session, issuer->issuer->id, issuer->tenant) ||
                      anybody_trusted(session, issuer->issuer->id, issuer->tenant));
  });
  if (!trusted) return pass_on(trusted);
  if (!issuer) {
    return refuse(TrustRefusal::unknown_issuer,
                  fmt::format("The identity token's issuer \"{}\" is not, byte for byte, one that "
                              "this registry trusts. An operator adds it: imprimatur issuer add.",
                              clean_text(iss, kLongestIssuerShown)),
                  evaluation.issuer);
  }
  if (issuer->issuer->frozen) return frozen(*issuer->issuer);
  evaluation.from = issuer->issuer;
  evaluation.provider = &issuer->provider();
  if (!*trusted) return no_match(package_name, "nobody trusts " + issuer->url);
  return std::move(*issuer);
}

Result<TrustedPublisher> Evaluator::matching(std::string_view package_name,
                                             const IssuerMatch& issuer,
                                             Evaluation& evaluation) const {
  const auto publishers = candidates(package_name, issuer);
  if (!publishers) return pass_on(publishers);
  std::vector<Comparison> comparisons;
  const TrustedPublisher* match = nullptr;
  std::optional<Failure> unusable;  // of the first that agrees, when its time is not now
  for (const TrustedPublisher& publisher : *publishers) {
    if (evaluation.shown && !evaluation.shown(publisher)) continue;
    comparisons.push_back(compare(publisher.claims, evaluation.claims->all));
    const bool agrees = comparisons.back().agreed();
    evaluation.comparison.push_back(comparison_json(
        publisher.id, comparisons.back(),
        agrees ? unasked(publisher.claims, evaluation.claims->all) : std::vector<UnaskedClaim>(),
        evaluation.memory));
    if (!agrees) continue;
    const auto now_usable = usable(publisher, clock_.now());
    if (now_usable) {
      match = &publisher;
      break;
    }
    if (!unusable) unusable = now_usable.error();
  }
  // An issuer of one tenant, by its address or because the operator named no claim that tells
  // several apart, speaks for nobody else.
  const bool of_one_tenant =
      issuer.tenant || (evaluation.provider->is_open() && issuer.issuer->tenant_claim.empty());
  evaluation.own_tenant = of_one_tenant
                              ? !comparisons.empty()
                              : std::ranges::any_of(comparisons, &Comparison::same_tenant);
  if (const auto checked = evaluation.provider->check(evaluation.claims->all, issuer.tenant);
      !checked) {
    return pass_on(checked);
  }
  if (const auto allowed =
          check_runner(*issuer.issuer, *evaluation.provider, evaluation.claims->all);
      !allowed) {
    return pass_on(allowed);
  }
  if (!match && !unusable) {
    const auto ended = ended_match(package_name, issuer, evaluation);
    if (!ended) return pass_on(ended);
    unusable = *ended;
  }
  if (!match && unusable) return std::unexpected(*unusable);
  if (!match) return std::unexpected(mismatch(package_name, comparisons));
  return *match;
}

Result<std::vector<TrustedPublisher>> Evaluator::candidates(std::string_view package_name,
                                                            const IssuerMatch& issuer) const {
  return database_.read([&](db::Session& session) -> Result<std::vector<TrustedPublisher>> {
    std::vector<TrustedPublisher> publishers = publishers_for(session, package_name);
    std::erase_if(publishers, [&](const auto& one) { return !of_issuer(one, issuer); });
    return publishers;
  });
}

Result<std::optional<Failure>> Evaluator::ended_match(std::string_view package_name,
                                                      const IssuerMatch& issuer,
                                                      const Evaluation& evaluation) const {
  const boost::json::object& token = evaluation.claims->all;
  return database_.read([&](db::Session& session) -> Result<std::optional<Failure>> {
    for (const EndedPublisher& ended : ended_for(session, package_name)) {
      const TrustedPublisher& publisher = ended.publisher;
      if (evaluation.shown && !evaluation.shown(publisher)) continue;
      if (!of_issuer(publisher, issuer) || !compare(publisher.claims, token).agreed()) continue;
      return refuse(
                 TrustRefusal::publisher_expired,
                 fmt::format("A trusted publisher that matches this token is no more: it {}, "
                             "and ended at {}. Who maintains the package can add it again, on its "
                             "settings page under \"Ended\".",
                             text(ended.reason), time_text(ended.ended_at)))
          .error();
    }
    return std::nullopt;
  });
}

Result<jose::Claims> Evaluator::verified(jose::Token&& token, const IssuerMatch& issuer) const {
  jose::VerifyPolicy policy;
  policy.algorithms = issuer.issuer->algorithms;
  policy.issuer = issuer.url;
  policy.audiences = audiences_;
  policy.max_age = issuer.issuer->max_age;
  policy.max_lifetime = issuer.issuer->max_lifetime;
  auto keys = keys_.current(issuer);
  if (!keys) return pass_on(keys);
  auto claims = jose::verify(std::move(token), **keys, policy, clock_.now());
  if (claims || claims.error().code() != reason(jose::TokenRefusal::unknown_key).code)
    return claims;
  // The issuer may have rotated its keys since they were fetched. A token that was refused is
  // whole.
  keys = keys_.refreshed(issuer);
  if (!keys) return pass_on(keys);
  return jose::verify(std::move(token), **keys, policy, clock_.now());
}

}  // namespace imp::trust
