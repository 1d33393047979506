#pragma once

#include <boost/json/object.hpp>
#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/failure.h"
#include "registry/trust/claim_forms.h"

namespace imp::trust {

/// A claim that a publisher can require: a row of its provider's table.
struct ClaimRule {
  std::string_view name;  ///< in the token, and in npm's trust API
  const ClaimForm* form = nullptr;
  /// Whose identity the claim is part of, which decides what a refusal may tell: a token that
  /// agrees in the tenant and the project is proved to come from the publisher's own project, whose
  /// members may read the other expectations.
  enum class Part { tenant, project, job } part = Part::job;
  bool required = true;  ///< of every publisher; else of those that name it
  // In forms: the field's name (the claim's, when empty), and what people call it.
  std::string_view field = {};
  std::string_view label = {};
  std::string_view hint = {};
  /// Made of the other claims that a publisher requires instead of being named in a request: the
  /// owner is the first half of a repository's name.
  std::string (*derived)(const boost::json::object& claims) = nullptr;
  /// Of one that is not required: it tells the release job from others of the same file, so that
  /// people are told when jobs have it and their publisher does not name it (unasked()).
  bool narrows = false;

  std::string_view form_field() const { return field.empty() ? name : field; }
};

/// A claim that identifies what another one names, and never changes hands: names do, when a
/// project is deleted or renamed and somebody else takes its name. Its value is kept from the first
/// token that is exchanged, unless the publisher names it, and required from then on.
struct LearntClaim {
  std::string_view name;  ///< in the token, in requests, and of the field in forms
  ClaimRule::Part part = ClaimRule::Part::project;
  std::string_view label = {};  ///< what people call it
  std::string_view hint = {};   ///< where they find it
};

/// The issuer of a service that everybody can use: every registry has it from the start, under the
/// provider's type.
struct KnownIssuer {
  std::string_view url;  ///< exactly the `iss`, or what all of them begin with; empty for none
  /// How long after `iat` a token is taken, and how long it may live; zero: as the settings say.
  std::chrono::seconds age{0};
};

/// What there is to know of one identity provider: data, and small pure functions. Whatever it is,
/// the exchange, the trust API, the tables and the pages treat it alike.
struct Provider {
  /// `type` of npm's trust API, and the kind of its issuers: "circleci".
  std::string_view type;
  std::string_view name;  ///< for people: "CircleCI"
  /// `_npmUser` of what its machines publish.
  std::string_view machine_name;
  std::string_view machine_email;
  /// In the order in which a comparison shows them.
  std::span<const ClaimRule> claims = {};
  /// There is no table: a publisher names its claims itself, each in the form that this has for its
  /// name, and an operator the one that is the tenant (Issuer::tenant_claim).
  const ClaimForm& (*form_of_open_claim)(std::string_view name) = nullptr;
  std::string_view title_claim = {};  ///< tells people one publisher from another
  std::span<const LearntClaim> learnt = {};
  /// The claims that are kept of a run begin with this, which is left out …
  std::string_view run_prefix = {};
  /// … or are these, and `runner_claim`.
  std::span<const std::string_view> run_claims = {};
  /// The claim that says whose machine ran the job, and its value for the provider's own; empty
  /// when the provider says nothing of it.
  std::string_view runner_claim = {};
  std::string_view hosted_runner = {};
  KnownIssuer known_issuer = {};
  /// The tenant that an issuer's address names after the configured base URL: nothing inside for an
  /// issuer of all tenants, nothing at all for what is no issuer's address.
  std::optional<std::optional<std::string>> (*tenant_of_path)(std::string_view path);
  /// What every token must satisfy, whatever the publisher. `tenant` is the one of the issuer's
  /// address, when it names one.
  Result<void> (*check)(const boost::json::object& token, const std::optional<std::string>& tenant);

  bool is_open() const { return form_of_open_claim != nullptr; }
  bool tells_runners() const { return !runner_claim.empty(); }
};

/// Of an issuer whose address names no tenant: the base URL and nothing else.
inline std::optional<std::optional<std::string>> only_the_base(std::string_view path) {
  if (!path.empty()) return std::nullopt;
  return std::optional<std::string>();
}

/// The name under which a claim is kept of a run: without the provider's prefix.
std::string name_in_run(const Provider& provider, std::string_view claim);
/// Which class of machine a job says that it ran on: its runner_claim, in a token's claims or in
/// what is kept of a run (run_of of exchange.h). Nothing when the provider does not say such a
/// thing, or the token does not say it in a text. It lives in the claims.
std::optional<std::string_view> runner_class(const Provider& provider,
                                             const boost::json::object& claims);
/// The same of what was kept with the type of its provider; empty for nothing, and for a type that
/// there is no more.
std::string runner_class(std::string_view type, const boost::json::object& run);

/// Every provider, in the order in which messages name them.
std::span<const Provider* const> providers();
/// The one of this type, or null.
const Provider* provider_of_type(std::string_view type);
/// The types of those that `which` is true of, for messages: "circleci, github or gitlab".
std::string types_of(bool (*which)(const Provider&), std::string_view last = "or");
inline std::string all_types(std::string_view last = "or") {
  return types_of([](const Provider&) { return true; }, last);
}

}  // namespace imp::trust
