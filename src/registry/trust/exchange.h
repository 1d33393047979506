#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "accounts/throttle.h"
#include "audit/record.h"
#include "audit/suppressed.h"
#include "base/clock.h"
#include "base/failure.h"
#include "base/log.h"
#include "base/metrics.h"
#include "crypto/random.h"
#include "db/database.h"
#include "registry/trust/evaluation.h"
#include "registry/trust/publish_token.h"
#include "registry/trust/publisher.h"

namespace imp::trust {

struct ExchangeRequest {
  std::string package_name;
  std::string id_token;
  std::string remote_address;
  std::string request_id;
  std::string attempt_id = {};  ///< for Attempt::id; made when it is empty
};

/// Told when a publisher has learnt the identifiers behind its names (RequiredClaims::learnt), in
/// the transaction of the exchange that taught it, after that one's audit record. What it throws
/// undoes all of that: no token, nothing learnt. Told again when that transaction is repeated
/// (db::Repeat).
using OnLearnt = std::function<void(db::Session&, const TrustedPublisher&, const audit::Record&)>;

/// The exchange of an identity token for a publish token: the registry's heart.
///
/// A token is exchanged once: the mark (issuer, jti), the publish token, the attempt and the audit
/// record are one transaction, so of two requests with the same token exactly one is granted, also
/// across restarts. A refusal is counted by its code and recorded in a transaction of its own; of
/// one address at most 100 are recorded in 15 minutes (those of the package's own organisation
/// apart), so that a flood of worthless tokens cannot fill the audit log. How many more there were
/// is recorded when the 15 minutes are over.
class Exchange {
 public:
  Exchange(db::Database& database, const Evaluator& evaluator, crypto::Random& random,
           const Clock& clock, Log& log, Metrics& metrics, OnLearnt on_learnt = {})
      : database_(database),
        evaluator_(evaluator),
        random_(random),
        clock_(clock),
        log_(log),
        metrics_(metrics),
        on_learnt_(std::move(on_learnt)),
        recorded_(clock, random),
        suppressed_(clock, accounts::kThrottleWindow) {}

  /// `done` is called once, when everything is durable, on a thread of the database or on this one;
  /// what db::Database::write_later() says of its `done` holds for it. Of the caller's thread it
  /// takes what verifying and comparing take, and perhaps a fetch of the issuer's keys.
  using Done = std::move_only_function<void(Result<MintedToken>)>;
  void exchange_later(ExchangeRequest request, Done done);
  /// The same, waiting for the answer.
  Result<MintedToken> exchange(ExchangeRequest request);

  /// What exchange() would answer now. It is the same code up to the last statement of the same
  /// transaction, which is then undone: no token, no mark, nothing learnt, nothing recorded.
  struct Rehearsal {
    Evaluation evaluation;
    std::optional<Failure> refusal;  ///< nothing when a token would be minted
  };
  Rehearsal rehearse(const ExchangeRequest& request);
  const Evaluator& evaluator() const { return evaluator_; }

  /// Writes down how many refusals were not, in the audit log and among the attempts of the
  /// packages: to be called every so often, and for all of them before the process ends.
  Result<void> record_suppressed(audit::Suppressed::Which which);

 private:
  /// One exchange under way.
  struct Work {
    ExchangeRequest request;
    Evaluation evaluation;
    Time now;
    Done done;
  };
  enum class Ending { kept, undone };  ///< of the transaction; undone, it always fails
  Result<MintedToken> mint(db::Session& session, const ExchangeRequest& request,
                           const Evaluation& evaluation, Time now, Ending ending);
  void finish(const std::shared_ptr<Work>& work, Result<MintedToken> minted);
  void record_refusal(const std::shared_ptr<Work>& work, const Failure& failure);

  db::Database& database_;
  const Evaluator& evaluator_;
  crypto::Random& random_;
  const Clock& clock_;
  Log& log_;
  Metrics& metrics_;
  OnLearnt on_learnt_;
  accounts::Throttle recorded_;
  audit::Suppressed suppressed_;
};

/// What is kept of a verified token's claims: who ran what, where, for which revision.
boost::json::object run_of(const Provider& provider, const jose::Claims& claims,
                           boost::json::storage_ptr memory = {});

}  // namespace imp::trust
