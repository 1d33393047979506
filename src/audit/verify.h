#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "db/database.h"

namespace imp::audit {

enum class Damage {
  altered,    ///< the record's columns or its hash were changed, or it was moved from another place
  missing,    ///< a record was removed; later ones are there
  truncated,  ///< the newest records were removed
  unexpected,  ///< there are records beyond the number that the head counts, or none should be
               ///< there
  head,        ///< the records agree with each other, but not with the head; or it is gone
  anchor,      ///< the whole chain is not the one that was noted elsewhere
};
/// Stable, in lower snake case: "altered", "missing", …
std::string_view code(Damage damage);

/// The hash of one record as someone noted it outside of the database (from an earlier report).
/// Only this finds a chain that was rewritten from some record to its end, head included.
struct Anchor {
  std::int64_t sequence = 0;
  std::string hash;
};

struct VerifyReport {
  struct Finding {
    Damage damage;
    std::int64_t position = 0;  ///< the sequence of the first record that is wrong or absent
    std::string text;           ///< a sentence that says what was found there
  };
  std::int64_t records = 0;        ///< how many, from the first on, are as they were written
  std::string hash;                ///< of the last of those: note it, as a later Anchor
  std::optional<Finding> finding;  ///< the first one; nothing when the log is intact

  bool intact() const { return !finding.has_value(); }
};

/// Walks the whole chain in one snapshot. A failure means that it could not be read; damage is in
/// the report.
Result<VerifyReport> verify(db::Database& database, const std::optional<Anchor>& anchor = {});

/// The same inside a transaction. `sound` gets the chained text of each record that is as it was
/// written, from the first on; it stops at the first that is not.
VerifyReport verify_chain(db::Session& session, const std::optional<Anchor>& anchor,
                          const std::function<void(std::string_view chained_text)>& sound);

}  // namespace imp::audit
