#include "registry/trust/providers/provider.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <vector>

#include "registry/trust/providers/circleci/circleci.h"
#include "registry/trust/providers/generic/generic.h"
#include "registry/trust/providers/github/github.h"
#include "registry/trust/providers/gitlab/gitlab.h"

namespace imp::trust {

std::string name_in_run(const Provider& provider, std::string_view claim) {
  return std::string(
      claim.starts_with(provider.run_prefix) ? claim.substr(provider.run_prefix.size()) : claim);
}

std::optional<std::string_view> runner_class(const Provider& provider,
                                             const boost::json::object& claims) {
  std::string_view name = provider.runner_claim;
  if (name.empty()) return std::nullopt;
  if (auto runner = string_claim(claims, name)) return runner;
  return string_claim(claims, name_in_run(provider, name));
}

std::string runner_class(std::string_view type, const boost::json::object& run) {
  const Provider* provider = provider_of_type(type);
  return std::string(provider ? runner_class(*provider, run).value_or("") : "");
}

// The list of all: a new one's header above, and its name here (docs/guide/adding-a-provider.md).
std::span<const Provider* const> providers() {
  static const std::array kProviders = {&circleci(), &github(), &gitlab(), &generic()};
  return kProviders;
}

const Provider* provider_of_type(std::string_view type) {
  const auto found = std::ranges::find(providers(), type, &Provider::type);
  return found == providers().end() ? nullptr : *found;
}

std::string types_of(bool (*which)(const Provider&), std::string_view last) {
  std::vector<std::string_view> types;
  for (const Provider* provider : providers()) {
    if (which(*provider)) types.push_back(provider->type);
  }
  if (types.size() < 2) return types.empty() ? std::string() : std::string(types.front());
  const std::string_view end = types.back();
  types.pop_back();
  return fmt::format("{} {} {}", fmt::join(types, ", "), last, end);
}

}  // namespace imp::trust
