#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "accounts/actor.h"
#include "accounts/person.h"
#include "accounts/services.h"
#include "accounts/throttle.h"
#include "audit/suppressed.h"
#include "base/failure.h"
#include "db/database.h"

namespace imp::accounts {

/// How this module writes to the audit log and counts.
class Trail {
 public:
  Trail(const Services& services, Throttle& throttle)
      : services_(services), throttle_(throttle), suppressed_(services.clock, kThrottleWindow) {}

  /// A change, in the transaction that makes it. `subject` is "user:<name>", "organization:<name>",
  /// "token:<key>", …; `detail` one line for people; `organization_id` is set where the admins of
  /// an organisation may see the record.
  void append(db::Session& session, const Actor& actor, std::string_view action,
              std::string_view subject, std::string_view detail = {},
              std::string_view organization_id = {});

  /// The same for a change of somebody's account, of which mail tells them at the address that they
  /// have now, and at `old_address` when it is set: whoever changes it must not hide that.
  void append_and_tell(db::Session& session, const Actor& actor, const Person& person,
                       std::string_view action, std::string_view subject,
                       std::string_view detail = {}, std::string_view old_address = {});

  /// A refusal: counted always, and recorded in a transaction of its own if may_record().
  void refused(const Actor& actor, std::string_view action, std::string_view subject,
               const Failure& failure);

  /// Whether a refusal, of accounts or of others who share the count, is recorded by itself. Of one
  /// address at most 100 are in 15 minutes, so that a flood of bad credentials cannot fill the log;
  /// the others are counted for record_suppressed().
  bool may_record(const audit::Refusal& refusal);
  /// Writes down how many refusals were not: to be called every so often, and for all of them
  /// before the process ends.
  Result<void> record_suppressed(audit::Suppressed::Which which);
  /// What belongs to a record that stands for many refusals, by who knows its subject. Called in
  /// its transaction, before it is appended. The app registers it before the server starts.
  using Completed =
      std::function<void(db::Session&, const audit::SuppressedRefusals&, audit::Record&)>;
  void complete_suppressed(Completed completed) { completed_ = std::move(completed); }

 private:
  const Services& services_;
  Throttle& throttle_;
  audit::Suppressed suppressed_;
  Completed completed_;
};

}  // namespace imp::accounts
