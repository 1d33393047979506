#pragma once

#include <string_view>

#include "base/clock.h"
#include "db/database.h"

namespace imp::db {

// Marks whose absence lets something through, and which are not kept for good. A clock that runs
// ahead makes them be forgotten too early, and once it is set back their absence would say what is
// not so. Therefore something remains of those that are forgotten: a line for each issuer and day
// (UTC) on which their times lay, with the latest of these times. The line is for good. By the day,
// so that what was marked while the clock was far ahead does not speak for all the time until then.

/// A table of marks, and the one of what was forgotten of it: (issuer, day, <time>), with the first
/// two as its key. All texts are the program's own.
struct Marks {
  std::string_view table;
  std::string_view issuer;  ///< its column, or a text in quotes for what has none
  std::string_view time;    ///< the column of both tables, milliseconds
  std::string_view forgotten;
};

/// Forgets the marks of times before this one, in the caller's write transaction.
void forget(Session& session, const Marks& marks, Time before);

/// Whether marks of this issuer with a time from `from` to `until` may have been forgotten: those
/// of the days from the one to the other that are not before `from`.
bool may_be_forgotten(Session& session, const Marks& marks, std::string_view issuer, Time from,
                      Time until);

}  // namespace imp::db
