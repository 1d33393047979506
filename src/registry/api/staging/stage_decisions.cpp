#include "registry/api/staging/stage_decisions.h"

#include <algorithm>
#include <boost/json.hpp>

#include "accounts/people.h"
#include "audit/log.h"
#include "base/encoding.h"
#include "registry/api/news/stage_news.h"
#include "registry/api/packages/attest.h"
#include "registry/api/packages/provenance.h"
#include "registry/api/refusals.h"
#include "registry/api/staging/stage_record.h"
#include "registry/api/staging/stage_runs.h"
#include "registry/api/staging/stage_state.h"
#include "registry/packages/dist_tag.h"
#include "registry/packages/store.h"

namespace imp::registry {

namespace {

audit::Record record_of(db::Session& session, const Requester& requester, std::string_view action,
                        const StagedRelease& release, Time now) {
  audit::Record record = requester.audit_record(action, stage_subject(release), now);
  record.organization = scope_owner(session, release.candidate.package());
  record.detail = stage_detail(release);
  return record;
}

std::optional<std::string> owner_of(db::Session& session, const StagedRelease& release) {
  const auto package = find_package(session, release.candidate.name);
  return package ? package->owner : std::nullopt;
}

/// After a release has ended for good.
void wake(RegistryServices& services, const StagedRelease& release) {
  services.waiters.notify(stage_topic(release.id));
  services.stage_feed->changed(services.waiters, release.candidate.name);
}

std::optional<StageOutcome> outcome_for(db::Session& session, const Requester& requester,
                                        std::string_view id) {
  auto outcome = find_outcome(session, id);
  if (!outcome) return std::nullopt;
  const auto name = PackageName::for_read(outcome->package_name);
  const auto rights = name ? requester.rights_to_read(*name) : Result<Caller>(Caller());
  if (!rights || !may_decide(session, outcome->package_name, *rights)) return std::nullopt;
  return outcome;
}

}  // namespace

Result<void> check(const DecisionWords& words) {
  if (!words.tag.empty()) {
    if (const auto usable = check_dist_tag(words.tag); !usable) return usable;
  }
  const bool readable = is_utf8(words.reason) && std::ranges::none_of(words.reason, [](char c) {
                          const auto byte = static_cast<unsigned char>(c);
                          return (byte < 0x20 && c != '\n') || byte == 0x7f;
                        });
  if (words.reason.size() > kLongestReason || !readable) {
    return refuse(StageRefusal::invalid_decision,
                  fmt::format("\"reason\" must be text of at most {} bytes without control "
                              "characters.",
                              kLongestReason));
  }
  return {};
}

std::string person_behind(db::Session& session, RegistryServices& services,
                          const Requester& requester) {
  if (!requester.publish_token()) {
    return requester.account().signed_in() ? requester.account().person->name : std::string();
  }
  const boost::json::object& run = requester.publish_token()->run;
  const auto text = [&](std::string_view key) {
    const boost::json::value* value = run.if_contains(key);
    return value && value->is_string() ? std::string_view(value->get_string()) : std::string_view();
  };
  const auto issuer = services.issuers.find(text("iss"));
  if (!issuer || !issuer->issuer || issuer->issuer->id != services.own_issuer) return {};
  // "org/…/project/…/user/<id>", with more behind it in the second form.
  std::string_view subject = text("sub");
  constexpr std::string_view kUser = "/user/";
  const std::size_t at = subject.find(kUser);
  if (at == std::string_view::npos) return {};
  subject.remove_prefix(at + kUser.size());
  const auto person = accounts::find_person(session, subject.substr(0, subject.find('/')));
  return person ? person->name : std::string();
}

Result<StagedRelease> visible_release(RegistryServices& services, const Requester& requester,
                                      std::string_view id) {
  return services.database.read([&](db::Session& session) -> Result<StagedRelease> {
    const auto release = find_staged(session, id);
    if (!release) {
      // Who may not decide it is told nothing of what became of it, either.
      const auto outcome = outcome_for(session, requester, id);
      return outcome ? no_staged_release(&*outcome) : pass_on(release);
    }
    const auto rights = requester.rights_to_read(release->candidate.package());
    if (!rights) return pass_on(rights);
    return find_staged_for(session, id, *rights);
  });
}

Result<StageOutcome> visible_outcome(RegistryServices& services, const Requester& requester,
                                     std::string_view id) {
  return services.database.read([&](db::Session& session) -> Result<StageOutcome> {
    auto outcome = outcome_for(session, requester, id);
    if (!outcome) return no_staged_release();
    return std::move(*outcome);
  });
}

Result<Approval> approve_release(RegistryServices& services, const Requester& requester,
                                 const StagedRelease& release, accounts::FactorKind factor,
                                 const std::string& tag) {
  const PublishCandidate& candidate = release.candidate;
  // What is published is what was staged, byte for byte, whatever happened to the disk meanwhile.
  if (const auto intact = services.blobs.verify(candidate.tarball.sha512); !intact) {
    return refuse(StageRefusal::tarball_changed,
                  "The stored tarball is not the one that was staged. Reject this release and "
                  "stage it again.",
                  intact.error().detail);
  }
  const auto identity =
      services.database.read([&](db::Session& session) -> Result<std::optional<CiIdentity>> {
        return kept_identity(session, release.id);
      });
  if (!identity) return pass_on(identity);
  const auto bundle = judged(services, candidate, *identity);
  if (!bundle) return pass_on(bundle);
  auto approval = services.database.write([&](db::Session& session) -> Result<Approval> {
    const Time now = services.clock.now();
    const auto rights = requester.rights_now(session, now);
    if (!rights) return pass_on(rights);
    const accounts::Person& approver = *requester.account().person;
    auto done =
        approve_staged(session, release.id,
                       {.caller = *rights,
                        .approver = {approver.name, approver.email},
                        .tag = tag,
                        .by_passkey = accounts::by_passkey(factor)},
                       approval_rights(session, owner_of(session, release)), services.key, now);
    if (!done) return done;
    audit::Record record = record_of(session, requester, "stage.approve", release, now);
    record.detail["approvers"] = boost::json::value_from(done->approvers);
    record.detail["needed"] = done->needed;
    record.detail["tag"] = done->tag;
    record.detail["factor"] = name(factor);
    record.detail["published"] = done->published.has_value();
    if (done->published && *bundle) {
      record.detail["provenance"] = (*bundle)->to_json();
      keep_judgement(session, done->published->package.id, candidate.version, **bundle);
    }
    const audit::Placed placed = audit::append(session, record);
    if (done->published && *identity) {
      attest(session, services, candidate, *done->published,
             {**identity, release.id, done->approvers}, placed, now);
    }
    tell_of_approval(session, release, approver.name, *done, now);
    return done;
  });
  if (approval) services.stage_feed->changed(services.waiters, candidate.name);
  if (approval && approval->published) {
    services.waiters.notify(stage_topic(release.id));
    services.cache.invalidate(candidate.name, approval->published->package.revision);
  }
  return approval;
}

std::string approval_text(const StagedRelease& release, const Approval& approval) {
  const PublishCandidate& it = release.candidate;
  if (approval.published) return fmt::format("{}@{} is published.", it.name, it.version);
  return fmt::format(
      "Your approval of {}@{} is recorded. It is not published yet: {} of {} approvals, {} more "
      "needed from other people.",
      it.name, it.version, approval.approvers.size(), approval.needed, approval.missing());
}

Result<Ended> reject_release(RegistryServices& services, const Requester& requester,
                             const StagedRelease& release, const std::string& reason) {
  auto ended = services.database.write([&](db::Session& session) -> Result<Ended> {
    const Time now = services.clock.now();
    const auto rights = requester.rights_now(session, now);
    if (!rights) return pass_on(rights);
    auto done = reject_staged(session, release.id, *rights, rights->person, reason, now);
    if (!done) return done;
    const bool withdrawn = done->outcome.end == StageEnd::withdrawn;
    audit::Record record =
        record_of(session, requester, withdrawn ? "stage.withdraw" : "stage.reject", release, now);
    if (!reason.empty()) record.detail["reason"] = reason;
    audit::append(session, record);
    tell_of_end(session, done->outcome, now);
    return done;
  });
  if (ended) wake(services, ended->release);
  return ended;
}

Result<Ended> withdraw_release(RegistryServices& services, const Requester& requester,
                               std::string_view id) {
  auto ended = services.database.write([&](db::Session& session) -> Result<Ended> {
    const Time now = services.clock.now();
    const auto rights = requester.rights_now(session, now);
    if (!rights) return pass_on(rights);
    const bool machine = requester.publish_token().has_value();
    const auto release = machine ? find_staged(session, id) : find_staged_for(session, id, *rights);
    if (!release && machine) return not_of_this_run();
    if (!release) return pass_on(release);
    if (!staged_by(requester, *release)) {
      if (machine) return not_of_this_run();
      return refuse(StageRefusal::not_the_stager,
                    "Only whoever staged a release withdraws it. You may reject it: npm stage "
                    "reject.");
    }
    const auto may = requester.may(trust::PublishAction::stage, release->candidate.package());
    if (!may) return pass_on(may);
    Ended done = withdraw_staged(session, *release,
                                 machine ? release->publisher.person.name : rights->person, now);
    audit::append(session, record_of(session, requester, "stage.withdraw", *release, now));
    tell_of_end(session, done.outcome, now);
    if (machine) {
      record_use(
          session, requester,
          {release->candidate.name, "stage.withdraw", "granted", {}, release->candidate.version},
          now);
    }
    return done;
  });
  if (ended) wake(services, ended->release);
  return ended;
}

}  // namespace imp::registry
