#pragma once

#include <string>
#include <vector>

#include "audit/record.h"
#include "db/database.h"

namespace imp::registry {

// Whom mail tells of a record of the audit log, in the transaction that appends it. What it says is
// mail/notice.h's. On a server that sends no mail each costs one look-up.

/// Those who govern what the record is about: of "package:…" its maintainers and the admins of
/// the record's organisation, of "organization:…" and "scope:…" those admins. And `also`, by name.
void tell_governors(db::Session& session, const audit::Record& record,
                    const std::vector<std::string>& also = {});

/// These people, by name, and the admins of the record's organisation: for what the maintainers of
/// a package may not see, because others prepared it.
void tell_people(db::Session& session, const audit::Record& record,
                 const std::vector<std::string>& people);

}  // namespace imp::registry
