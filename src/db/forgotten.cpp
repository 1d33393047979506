#include "db/forgotten.h"

#include <fmt/format.h>

namespace imp::db {

namespace {

constexpr std::int64_t kDay = 86'400'000;

}  // namespace

void forget(Session& session, const Marks& marks, Time before) {
  const std::int64_t end = to_milliseconds(before);
  session.run(
      fmt::format("INSERT INTO {forgotten} (issuer, day, {time}) "
                  "SELECT {issuer}, {time} / {day}, MAX({time}) FROM {table} WHERE {time} < :p1 "
                  "GROUP BY {issuer}, {time} / {day} ON CONFLICT (issuer, day) DO UPDATE SET "
                  "{time} = excluded.{time} WHERE excluded.{time} > {forgotten}.{time}",
                  fmt::arg("forgotten", marks.forgotten), fmt::arg("time", marks.time),
                  fmt::arg("issuer", marks.issuer), fmt::arg("table", marks.table),
                  fmt::arg("day", kDay)),
      {end});
  session.run(fmt::format("DELETE FROM {} WHERE {} < :p1", marks.table, marks.time), {end});
}

bool may_be_forgotten(Session& session, const Marks& marks, std::string_view issuer, Time from,
                      Time until) {
  return session
      .row(fmt::format(
               "SELECT 1 FROM {} WHERE issuer = :p1 AND day >= :p2 AND day <= :p3 AND {} >= :p4",
               marks.forgotten, marks.time),
           {std::string(issuer), to_milliseconds(from) / kDay, to_milliseconds(until) / kDay,
            to_milliseconds(from)})
      .has_value();
}

}  // namespace imp::db
