#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "audit/record.h"
#include "db/database.h"

namespace imp::mail {

/// What a message to a person says.
struct Notice {
  std::string subject, body;
};

/// What is told of a record of the audit log, in words: what happened, who did it, when and from
/// where, what to do when it was not expected, and where to look. Nothing for records that nobody
/// is told of. Every foreign text in it is one line of bounded length. `public_url` is what links
/// begin with.
std::optional<Notice> notice_of(const audit::Record& record, std::string_view public_url);

/// Queues the notice for each address once, as part of the caller's write transaction: the one that
/// appends the record. Does nothing on a server that sends no mail. Costs one look-up then.
void tell(db::Session& session, const std::vector<std::string>& addresses,
          const audit::Record& record);

}  // namespace imp::mail
