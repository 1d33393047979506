#include "accounts/trail.h"

#include "accounts/people.h"
#include "audit/log.h"
#include "mail/notice.h"

namespace imp::accounts {
namespace {

constexpr Limit kRecordedRefusals{.what = "recorded_refusals", .attempts = 100};

std::string name_of(const Actor& actor) {
  if (actor.is_system()) return "system";
  return actor.person_id.empty() ? "anonymous" : "user:" + actor.name;
}

audit::Record record_of(const Services& services, const Actor& actor, std::string_view action,
                        std::string_view subject) {
  return {.at = services.clock.now(),
          .actor = name_of(actor),
          .action = std::string(action),
          .subject = std::string(subject),
          .outcome = "granted",
          .organization = std::nullopt,
          .request_id = actor.request_id,
          .remote_address = actor.address,
          .detail = {{"via", actor.via}}};
}

}  // namespace

void Trail::append(db::Session& session, const Actor& actor, std::string_view action,
                   std::string_view subject, std::string_view detail,
                   std::string_view organization_id) {
  audit::Record record = record_of(services_, actor, action, subject);
  if (!organization_id.empty()) record.organization = std::string(organization_id);
  if (!detail.empty()) record.detail["text"] = detail;
  audit::append(session, record);
}

void Trail::append_and_tell(db::Session& session, const Actor& actor, const Person& person,
                            std::string_view action, std::string_view subject,
                            std::string_view detail, std::string_view old_address) {
  audit::Record record = record_of(services_, actor, action, subject);
  if (!detail.empty()) record.detail["text"] = detail;
  audit::append(session, record);
  // To people it is their account, whatever part of it the record is about.
  record.subject = "user:" + person.name;
  std::vector<std::string> addresses;
  if (!old_address.empty()) addresses.emplace_back(old_address);
  if (const auto current = find_person(session, person.id)) addresses.push_back(current->email);
  mail::tell(session, addresses, record);
}

void Trail::refused(const Actor& actor, std::string_view action, std::string_view subject,
                    const Failure& failure) {
  services_.metrics.count("imprimatur_refusals_total",
                          {{"module", "accounts"}, {"code", failure.code()}});
  // What a stranger gives for a name may be anything.
  const std::string_view known = actor.person_id.empty() ? std::string_view() : subject;
  if (!may_record({action, known, failure.code(), actor.address})) return;
  audit::Record record = record_of(services_, actor, action, subject);
  record.outcome = failure.code();
  record.detail["text"] = failure.message;
  if (!failure.detail.empty()) record.detail["detail"] = failure.detail;
  if (auto recorded = audit::append_alone(services_.database, record); !recorded) {
    services_.log.error("audit_record_lost", {{"action", std::string(action)},
                                              {"code", std::string(failure.code())},
                                              {"why", recorded.error().detail}});
  }
}

bool Trail::may_record(const audit::Refusal& refusal) {
  const std::string address = throttle_address(refusal.address);
  if (throttle_.admit(kRecordedRefusals, address).admitted) return true;
  audit::Refusal counted = refusal;
  counted.address = address;
  suppressed_.add(counted);
  return false;
}

Result<void> Trail::record_suppressed(audit::Suppressed::Which which) {
  return suppressed_.write_down(
      services_.database, which,
      [this](db::Session& session, const audit::SuppressedRefusals& refusals, Time now) {
        audit::Record record = refusals.record(now);
        if (completed_) completed_(session, refusals, record);
        audit::append(session, record);
      });
}

}  // namespace imp::accounts
