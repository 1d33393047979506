#include "registry/trust/provider.h"

#include <algorithm>
#include <array>

#include "registry/trust/circleci.h"
#include "registry/trust/generic.h"
#include "registry/trust/github.h"
#include "registry/trust/gitlab.h"

namespace imp::trust {

std::span<const Provider* const> providers() {
  static const std::array kProviders = {&circleci(), &github(), &gitlab(), &generic()};
  return kProviders;
}

const Provider* provider_of_type(std::string_view type) {
  const auto found = std::ranges::find(providers(), type, &Provider::type);
  return found == providers().end() ? nullptr : *found;
}

}  // namespace imp::trust
