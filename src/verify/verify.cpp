#include "verify/verify.h"

#include <algorithm>

#include "verify/bundle_check.h"

namespace imp::verify {

Report verify(http::Client& client, const registry::PackageName& name, const std::string& version,
              const Options& options) {
  const Registry registry(client, options.registry, options.token);
  Report report{name.text() + "@" + version, registry.address(), {}, {}};
  auto release = check_release(registry, name, version, report);
  if (!release) return report;
  const auto document = options.keys ? Result<boost::json::object>(*options.keys)
                                     : registry.required("/-/npm/v1/keys");
  if (!document) {
    report.add("signature", Outcome::failed, document.error().message);
    return report;
  }
  const auto keys = registry_keys(*document);
  if (!std::ranges::all_of(keys, &std::string::empty, &RegistryPublicKey::expires)) {
    release->published = when_published(registry, *release);
  }
  check_signature(*release, keys, report);
  std::optional<RecordPlace> place;
  if (const auto answer = attestations_of(registry, *release); !answer) {
    report.add("attestation", Outcome::failed, answer.error().message);
  } else {
    place = check_attestations(*answer, *release, keys, report);
    check_bundles(*answer, *release, options.trusted_root, report);
  }
  check_log(registry, place, options.log, options.wait, report);
  for (const std::string& check : options.required) report.require(check);
  return report;
}

}  // namespace imp::verify
