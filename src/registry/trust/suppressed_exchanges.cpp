#include "audit/log.h"
#include "base/uuid.h"
#include "registry/packages/store.h"
#include "registry/trust/attempt.h"
#include "registry/trust/exchange.h"

namespace imp::trust {

namespace {

constexpr std::string_view kPackage = "package:";

void write_down(db::Session& session, const audit::SuppressedRefusals& refusals, Time now) {
  audit::Record record = refusals.record(now);
  const std::string_view subject = refusals.subject;
  const auto package = subject.starts_with(kPackage)
                           ? registry::find_package(session, subject.substr(kPackage.size()))
                           : std::nullopt;
  if (package) {
    record.organization = package->owner;
    Attempt attempt;
    attempt.id = new_ordered_uuid(now);
    attempt.package_name = package->name;
    attempt.at = now;
    attempt.action = "exchange";
    attempt.outcome = record.outcome;
    attempt.message = refusals.text();
    attempt.actor = record.actor;
    attempt.remote_address = refusals.address;
    attempt.proved = refusals.proved;
    record_attempt(session, attempt);
  }
  audit::append(session, record);
}

}  // namespace

Result<void> Exchange::record_suppressed(audit::Suppressed::Which which) {
  auto refusals = suppressed_.take(which);
  if (refusals.empty()) return {};
  const Time now = clock_.now();
  auto written = database_.write([&](db::Session& session) -> Result<void> {
    for (const audit::SuppressedRefusals& one : refusals) write_down(session, one, now);
    return {};
  });
  if (!written) suppressed_.put_back(std::move(refusals));
  return written;
}

}  // namespace imp::trust
