#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "http/client.h"
#include "registry/packages/package_name.h"
#include "sigstore/trusted_root.h"
#include "verify/log_check.h"
#include "verify/report.h"

namespace imp::verify {

struct Options {
  std::string registry;  ///< its address
  std::string token;     ///< for a restricted package; may be empty
  /// The document of `GET /-/npm/v1/keys` as it was noted: no other key is believed.
  std::optional<boost::json::object> keys;
  /// Whom to believe in Sigstore bundles; nothing: they are not verified.
  std::optional<sigstore::TrustedRoot> trusted_root;
  LogMemory log;
  /// Checks that must pass: what is absent is otherwise skipped, and whoever passes on the
  /// registry's answers can leave out what nothing vouches for.
  std::vector<std::string> required;
  /// Called while the log has not taken the record in yet.
  std::function<void()> wait = [] {};
};

/// Checks one version from the outside. Never refuses: what could not be asked for is a failed
/// check.
Report verify(http::Client& client, const registry::PackageName& name, const std::string& version,
              const Options& options);

}  // namespace imp::verify
