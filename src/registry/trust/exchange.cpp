#include "registry/trust/exchange.h"

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <future>

#include "audit/log.h"
#include "base/clean_text.h"
#include "base/uuid.h"
#include "registry/brakes/freeze.h"
#include "registry/packages/store.h"
#include "registry/trust/attempt.h"
#include "registry/trust/issuer_table.h"
#include "registry/trust/publisher_end.h"
#include "registry/trust/publisher_place.h"
#include "registry/trust/refusal.h"
#include "registry/trust/replay_mark.h"
#include "registry/trust/run_end.h"

namespace imp::trust {

namespace {

constexpr std::size_t kLongestForeignText = 512;  // `iss` and what is said of it are a stranger's
constexpr std::string_view kUndone = "undone";    // never leaves this file
constexpr accounts::Limit kRecordedRefusals{.what = "exchange_refusals", .attempts = 100};
constexpr accounts::Limit kRecordedOwnRefusals{.what = "own_exchange_refusals", .attempts = 100};

/// What an exchange writes down as JSON: some sixty small values that come and go together, and fit
/// into this without the allocator's help.
class Scratch {
 public:
  boost::json::storage_ptr memory() { return &resource_; }

 private:
  std::array<unsigned char, std::size_t{8} << 10> room_;
  boost::json::monotonic_resource resource_{room_.data(), room_.size()};
};

audit::Record audit_record(const ExchangeRequest& request, const Evaluation& evaluation, Time now,
                           const boost::json::storage_ptr& memory) {
  boost::json::object detail({{"issuer", clean_text(evaluation.issuer, kLongestForeignText)},
                              {"publishers", evaluation.comparison}},
                             memory);
  if (!request.attempt_id.empty()) detail["attempt"] = request.attempt_id;
  if (evaluation.claims) {
    detail["run"] = run_of(*evaluation.provider, *evaluation.claims, memory);
  }
  audit::Record record{.at = now, .detail = std::move(detail)};
  record.actor = evaluation.publisher ? "publisher:" + evaluation.publisher->id : "identity token";
  record.action = "trust.exchange";
  record.subject = "package:" + request.package_name;
  record.request_id = request.request_id;
  record.remote_address = request.remote_address;
  return record;
}

Attempt attempt_of(const ExchangeRequest& request, const Evaluation& evaluation, Time now,
                   const boost::json::storage_ptr& memory) {
  Attempt attempt{.comparison = boost::json::array(evaluation.comparison, memory)};
  attempt.id = request.attempt_id.empty() ? new_ordered_uuid(now) : request.attempt_id;
  attempt.package_name = request.package_name;
  attempt.at = now;
  attempt.action = "exchange";
  attempt.outcome = "granted";
  attempt.issuer = clean_text(evaluation.issuer, kLongestForeignText);
  attempt.remote_address = request.remote_address;
  attempt.proved = evaluation.own_tenant;
  attempt.actor = "identity token";
  if (evaluation.publisher) attempt.publisher_id = evaluation.publisher->id;
  if (evaluation.claims && evaluation.provider) {
    const auto runner = runner_class(*evaluation.provider, evaluation.claims->all);
    attempt.runner = clean_text(runner.value_or(""), kLongestForeignText);
  }
  return attempt;
}

}  // namespace

boost::json::object run_of(const Provider& provider, const jose::Claims& claims,
                           boost::json::storage_ptr memory) {
  boost::json::object run(
      {{"iss", claims.issuer}, {"jti", claims.token_id ? *claims.token_id : claims.signed_hash}},
      std::move(memory));
  if (claims.subject) run["sub"] = *claims.subject;
  for (const auto& claim : claims.all) {
    const std::string_view name = claim.key();
    const bool kept = name == provider.runner_claim ||
                      std::ranges::find(provider.run_claims, name) != provider.run_claims.end() ||
                      (!provider.run_prefix.empty() && name.starts_with(provider.run_prefix));
    if (kept) run[name_in_run(provider, name)] = claim.value();
  }
  return run;
}

Result<MintedToken> Exchange::exchange(ExchangeRequest request) {
  std::promise<Result<MintedToken>> promise;
  auto answer = promise.get_future();
  exchange_later(std::move(request),
                 [promise = std::move(promise)](Result<MintedToken> minted) mutable {
                   promise.set_value(std::move(minted));
                 });
  return answer.get();
}

void Exchange::exchange_later(ExchangeRequest request, Done done) {
  Evaluation evaluation = evaluator_.evaluate(request.package_name, request.id_token);
  const auto work = std::make_shared<Work>(std::move(request), std::move(evaluation), clock_.now(),
                                           std::move(done));
  if (!work->evaluation.granted()) {
    return finish(work, std::unexpected(work->evaluation.refusal));
  }
  database_.write_later(
      [this, work](db::Session& session) {
        return mint(session, work->request, work->evaluation, work->now, Ending::kept);
      },
      [this, work](Result<MintedToken> minted) { finish(work, std::move(minted)); },
      db::Repeat::allowed);
}

void Exchange::finish(const std::shared_ptr<Work>& work, Result<MintedToken> minted) {
  metrics_.count("trust_exchanges_total",
                 {{"outcome", minted ? "granted" : minted.error().code()}});
  if (minted) {
    work->done(std::move(minted));
  } else {
    record_refusal(work, minted.error());
  }
}

Exchange::Rehearsal Exchange::rehearse(const ExchangeRequest& request) {
  Rehearsal rehearsal{evaluator_.evaluate(request.package_name, request.id_token), std::nullopt};
  if (!rehearsal.evaluation.granted()) {
    rehearsal.refusal = rehearsal.evaluation.refusal;
    return rehearsal;
  }
  const Time now = clock_.now();
  const auto undone = database_.write([&](db::Session& session) {
    return mint(session, request, rehearsal.evaluation, now, Ending::undone);
  });
  if (undone.error().code() != kUndone) rehearsal.refusal = undone.error();
  return rehearsal;
}

Result<MintedToken> Exchange::mint(db::Session& session, const ExchangeRequest& request,
                                   const Evaluation& evaluation, Time now, Ending ending) {
  const jose::Claims& claims = *evaluation.claims;
  // Publisher and package may have gone while the token was being verified.
  auto publisher = publisher_by_id(session, evaluation.publisher->id);
  const auto name = registry::PackageName::for_read(request.package_name);
  const auto existing = registry::find_package(session, request.package_name);
  if (!publisher || !name) {
    return refuse(
        TrustRefusal::publisher_removed,
        "The trusted publisher was removed while the token was being exchanged. If it was "
        "added again, exchange a fresh token; otherwise ask who governs the package.");
  }
  if (const auto may = may_mint(session, *publisher, *name, existing, claims.all, now); !may) {
    return pass_on(may);
  }
  if (const auto now_usable = usable(*publisher, now); !now_usable) return pass_on(now_usable);
  if (is_frozen(session, publisher->issuer_id)) return frozen(*evaluation.from);
  if (const auto open = registry::not_frozen(session, *name); !open) return pass_on(open);
  const std::string run = run_key(*evaluation.from, claims.all);
  if (const auto runs = still_runs(session, publisher->issuer_id, run, claims.issued_at, now);
      !runs) {
    return pass_on(runs);
  }
  // Of two projects that claim the name at once, the first is learnt and the other refused.
  const Comparison again = compare(publisher->claims, claims.all);
  if (!again.agreed()) return refused_as(again, name->text());
  const bool learnt = publisher->claims.learn_from(claims.all);
  if (learnt) keep_learnt(session, *publisher);
  if (const auto fresh = use_up(session, claims); !fresh) return pass_on(fresh);
  Scratch scratch;
  audit::Record record = audit_record(request, evaluation, now, scratch.memory());
  MintedToken minted = mint_publish_token(session, random_, *publisher, name->text(),
                                          record.detail.at("run").as_object(), now,
                                          publisher->claims.bound_version(claims.all));
  remember_run(session, minted.token.id, publisher->issuer_id, run, minted.token.expires_at);
  mark_used(session, *publisher, now);
  Attempt attempt = attempt_of(request, evaluation, now, scratch.memory());
  attempt.token_id = minted.token.id;
  record_attempt(session, attempt);
  record.outcome = "granted";
  record.organization = existing ? existing->owner : organization_of_scope(session, *name);
  record.detail["token"] = minted.token.id;
  if (learnt) record.detail["learnt"] = publisher->claims.learnt();
  audit::append(session, record);
  if (learnt && on_learnt_) on_learnt_(session, *publisher, record);
  if (ending == Ending::undone) return std::unexpected(Failure{{kUndone}, {}, {}});
  return minted;
}

void Exchange::record_refusal(const std::shared_ptr<Work>& work, const Failure& failure) {
  const bool own = work->evaluation.own_tenant;
  const std::string address = accounts::throttle_address(work->request.remote_address);
  if (!recorded_.admit(own ? kRecordedOwnRefusals : kRecordedRefusals, address).admitted) {
    suppressed_.add(
        {"trust.exchange", "package:" + work->request.package_name, failure.code(), address, own});
    return work->done(std::unexpected(failure));
  }
  const auto record = [work, failure](db::Session& session) -> Result<void> {
    const ExchangeRequest& request = work->request;
    const Evaluation& evaluation = work->evaluation;
    const auto package = registry::find_package(session, request.package_name);
    Scratch scratch;
    // Of names that do not exist, what somebody else than a stranger tried.
    if (package || evaluation.own_tenant) {
      Attempt attempt = attempt_of(request, evaluation, work->now, scratch.memory());
      attempt.outcome = failure.code();
      attempt.message = failure.message;
      record_attempt(session, attempt);
    }
    audit::Record record = audit_record(request, evaluation, work->now, scratch.memory());
    record.outcome = failure.code();
    const auto name = registry::PackageName::for_read(request.package_name);
    if (package) {
      record.organization = package->owner;
    } else if (name && evaluation.own_tenant) {
      record.organization = organization_of_scope(session, *name);
    }
    record.detail["detail"] = clean_text(failure.detail, kLongestForeignText);
    audit::append(session, record);
    return {};
  };
  database_.write_later(record, [this, work, failure](const Result<void>& recorded) {
    if (!recorded) {
      log_.error("refusal not recorded", {{"package", work->request.package_name},
                                          {"code", std::string(failure.code())},
                                          {"reason", recorded.error().detail}});
    }
    work->done(std::unexpected(failure));
  });
}

}  // namespace imp::trust
