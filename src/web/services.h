#pragma once

#include <string>

#include "accounts/accounts.h"
#include "base/clock.h"
#include "ci/api/services.h"
#include "ci/pipelines/pipelines.h"
#include "registry/api/services.h"

namespace imp::web {

/// What the pages show and change. They sit above both halves and decide nothing: every page calls
/// what the interfaces of the halves call. Outlives the router.
struct WebServices {
  accounts::Accounts& accounts;
  registry::RegistryServices& registry;
  ci::CiServices& ci;
  ci::Pipelines& pipelines;
  const Clock& clock;
  std::string public_url;  ///< without a trailing slash
};

}  // namespace imp::web
