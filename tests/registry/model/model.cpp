#include "model.h"

#include "world.h"

namespace imp::registry::model {

namespace {

using namespace std::chrono_literals;

constexpr Milliseconds kLeeway = 30s;
constexpr Milliseconds kTokenAge = 5min;
constexpr Milliseconds kIdentityLife = 1h;
constexpr Milliseconds kPublishLife = 15min;
constexpr Milliseconds kStageLife = 14 * 24h;
constexpr Milliseconds kRemembered = 1h;

std::string key(std::string_view package, std::string_view version) {
  return std::string(package) + "@" + std::string(version);
}

}  // namespace

Model::Model() {
  for (const std::string_view package : {kPublishes, kStages}) published(package, kFirst);
}

std::string Model::exchange(const Identity& identity, std::string_view package, Time now) {
  if (now >= identity.issued + kIdentityLife + kLeeway) return "expired";
  if (now < identity.issued - kLeeway) return "issued_in_future";
  if (now > identity.issued + kTokenAge + kLeeway) return "too_old";
  if (!identity.right_project) return "no_matching_publisher";
  if (frozen.contains(std::string(package))) return "frozen";
  if (ended.contains(identity.job)) return "run_ended";
  return used.contains(identity.jti) ? "replayed" : "ok";
}

void Model::exchanged(const Identity& identity, std::string_view package, Time now) {
  used[identity.jti] = identity.issued + kIdentityLife;
  tokens.push_back({std::string(package), identity.job, now + kPublishLife});
}

std::string Model::standing(int number, Time now) const {
  const Token& token = tokens[static_cast<std::size_t>(number)];
  if (forgotten.contains(number)) return "publish_token_invalid";
  if (token.revoked) return ended.contains(token.job) ? "run_ended" : "publish_token_invalid";
  return now >= token.expires ? "publish_token_invalid" : "ok";
}

std::string Model::hand_back(int number, std::string_view package, Time now) {
  const Token& token = tokens[static_cast<std::size_t>(number)];
  if (!forgotten.contains(number) && token.package == package) return "ok";
  const std::string stands = standing(number, now);
  return stands == "ok" ? "other_package" : stands;
}

std::string Model::may(int by, std::string_view package, bool stages, Time now) const {
  if (by != kBob) {
    if (const std::string stands = standing(by, now); stands != "ok") return stands;
    if (tokens[static_cast<std::size_t>(by)].package != package) return "other_package";
    if (!stages && package == kStages) return "permission_not_granted";
  }
  return frozen.contains(std::string(package)) ? "frozen" : "ok";
}

std::string Model::publish(int by, std::string_view package, std::string_view version, Time now) {
  if (const std::string may_it = may(by, package, false, now); may_it != "ok") return may_it;
  const auto taken = versions.find(key(package, version));
  if (taken == versions.end()) return "ok";
  switch (taken->second) {
    case State::published:
      return "version_already_published";
    case State::unpublished:
      return "version_unpublished";
    case State::staged:
      return "version_staged";
  }
  return {};
}

void Model::published(std::string_view package, std::string_view version) {
  versions[key(package, version)] = State::published;
}

std::string Model::stage(int by, std::string_view package, std::string_view version,
                         Time now) const {
  if (const std::string may_it = may(by, package, true, now); may_it != "ok") return may_it;
  const auto taken = versions.find(key(package, version));
  if (taken == versions.end()) return "ok";
  return taken->second == State::staged ? "version_staged" : "version_already_published";
}

void Model::was_staged(const std::string& id, std::string_view package, std::string_view version,
                       Time now) {
  staged[id] = {std::string(package), std::string(version), now};
  versions[key(package, version)] = State::staged;
}

std::string Model::approve(const std::string& id, Time now) const {
  const auto found = staged.find(id);
  if (found == staged.end() || now >= found->second.created + kStageLife) return "stage_not_found";
  return frozen.contains(found->second.package) ? "frozen" : "ok";
}

void Model::approved(const std::string& id) {
  published(staged.at(id).package, staged.at(id).version);
  staged.erase(id);
}

std::string Model::reject(const std::string& id) const {
  return staged.contains(id) ? "ok" : "stage_not_found";
}

void Model::rejected(const std::string& id) {
  versions.erase(key(staged.at(id).package, staged.at(id).version));
  staged.erase(id);
}

std::string Model::unpublish(std::string_view package, std::string_view) const {
  return frozen.contains(std::string(package)) ? "frozen" : "ok";
}

void Model::unpublished(std::string_view package, std::string_view version) {
  const auto found = versions.find(key(package, version));
  if (found != versions.end() && found->second == State::published) {
    found->second = State::unpublished;
  }
}

void Model::unfreeze(std::string_view package) {
  frozen.erase(std::string(package));
  for (Token& token : tokens) {
    if (token.package == package) token.revoked = true;
  }
}

int Model::end_run(const std::string& job, Time now) {
  if (!ended.insert(job).second) return 0;
  int live = 0;
  for (std::size_t n = 0; n < tokens.size(); ++n) {
    Token& token = tokens[n];
    if (token.job != job || token.revoked || forgotten.contains(static_cast<int>(n))) continue;
    if (now < token.expires) ++live;
    token.revoked = true;
  }
  return live;
}

void Model::tidy(Time now) {
  std::erase_if(used, [&](const auto& mark) { return mark.second < now - kRemembered; });
  for (std::size_t n = 0; n < tokens.size(); ++n) {
    if (tokens[n].expires < now - kRemembered) forgotten.insert(static_cast<int>(n));
  }
}

std::string Model::readable(std::string_view package) const {
  std::string names;
  for (const auto& [name, state] : versions) {
    const std::size_t at = name.rfind('@');
    if (state != State::published || std::string_view(name).substr(0, at) != package) continue;
    names += (names.empty() ? "" : " ") + name.substr(at + 1);
  }
  return names;
}

}  // namespace imp::registry::model
