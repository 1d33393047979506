#include "registry/api/trust/refused_exchanges.h"

#include <algorithm>
#include <array>
#include <chrono>

namespace imp::registry {

namespace {

std::string key_of(std::string_view package, std::string_view address) {
  return std::string(address) + '\n' + std::string(package);
}

/// Refusals that are the same whatever the package, also for one that does not exist.
bool same_for_any_package(std::string_view code) {
  static constexpr std::array<std::string_view, 22> kCodes = {
      "missing_token",   "malformed",          "too_large",     "missing_claim",
      "claim_type",      "unknown_issuer",     "issuer_frozen", "issuer_unavailable",
      "issuer_mismatch", "header_not_allowed", "unknown_key",   "algorithm_not_allowed",
      "ambiguous_key",   "bad_signature",      "expired",       "lifetime_too_long",
      "not_yet_valid",   "issued_in_future",   "too_old",       "audience_mismatch",
      "ssh_rerun",       "banned_event"};
  return std::ranges::find(kCodes, code) != kCodes.end();
}

}  // namespace

void RefusedExchanges::refused(std::string_view package, std::string_view address,
                               const Failure& failure, std::string_view attempt_id) {
  const Time now = clock_.now();
  const std::lock_guard lock(mutex_);
  while (!by_age_.empty() &&
         (by_age_.size() >= kMost || now - by_age_.front().refused.at > kRemembered)) {
    forget(by_age_.begin());
  }
  const std::string key = key_of(package, address);
  if (const auto known = by_key_.find(key); known != by_key_.end()) forget(known->second);
  if (const auto count = of_address_.find(address);
      count != of_address_.end() && count->second >= kMostOfOneAddress) {
    forget(std::ranges::find(by_age_, address, &Entry::address));
  }
  by_age_.push_back({key,
                     std::string(address),
                     {std::string(failure.code()), failure.message, std::string(attempt_id), now}});
  by_key_[key] = std::prev(by_age_.end());
  ++of_address_[std::string(address)];
}

void RefusedExchanges::granted(std::string_view package, std::string_view address) {
  const std::lock_guard lock(mutex_);
  if (const auto known = by_key_.find(key_of(package, address)); known != by_key_.end()) {
    forget(known->second);
  }
}

std::optional<RefusedExchanges::Refused> RefusedExchanges::find(std::string_view package,
                                                                std::string_view address) const {
  const Time now = clock_.now();
  const std::lock_guard lock(mutex_);
  const auto known = by_key_.find(key_of(package, address));
  if (known == by_key_.end() || now - known->second->refused.at > kRemembered) return std::nullopt;
  return known->second->refused;
}

void RefusedExchanges::forget(Place place) {
  const auto count = of_address_.find(place->address);
  if (--count->second == 0) of_address_.erase(count);
  by_key_.erase(place->key);
  by_age_.erase(place);
}

std::string told_of(const RefusedExchanges::Refused& refused, bool package_is_public, Time now) {
  const auto ago = std::chrono::duration_cast<std::chrono::seconds>(now - refused.at).count();
  const bool harmless = same_for_any_package(refused.code);
  std::string text = fmt::format(
      "An exchange of an identity token for it was refused {} seconds "
      "ago at this address",
      ago);
  if (harmless || package_is_public) text += fmt::format(" ({})", refused.code);
  text += harmless ? ": " + refused.message : ".";
  return text + fmt::format(
                    " Its attempt is {}: a maintainer sees every claim with `imprimatur "
                    "trust explain {}`.",
                    refused.attempt_id, refused.attempt_id);
}

}  // namespace imp::registry
