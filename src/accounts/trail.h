#pragma once

#include <string>
#include <string_view>

#include "accounts/actor.h"
#include "accounts/person.h"
#include "accounts/services.h"
#include "accounts/throttle.h"
#include "base/failure.h"
#include "db/database.h"

namespace imp::accounts {

/// How this module writes to the audit log and counts.
class Trail {
 public:
  Trail(const Services& services, Throttle& throttle) : services_(services), throttle_(throttle) {}

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

  /// A refusal: counted always, and recorded in a transaction of its own. Of one address at most
  /// 100 refusals are recorded in 15 minutes, so that a flood of bad credentials cannot fill the
  /// log.
  void refused(const Actor& actor, std::string_view action, std::string_view subject,
               const Failure& failure);

 private:
  const Services& services_;
  Throttle& throttle_;
};

}  // namespace imp::accounts
