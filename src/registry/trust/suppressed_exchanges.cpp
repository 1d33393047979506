#include "audit/log.h"
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
    record_attempt(session, attempt_for(refusals, package->name, "exchange", now));
  }
  audit::append(session, record);
}

}  // namespace

Result<void> Exchange::record_suppressed(audit::Suppressed::Which which) {
  return suppressed_.write_down(database_, which, write_down);
}

}  // namespace imp::trust
