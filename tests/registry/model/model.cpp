#include "model.h"

#include <algorithm>

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
constexpr Milliseconds kLimitPeriod = 1h;
constexpr Milliseconds kCountKept = 2h;
constexpr Milliseconds kEndKept = 24h;
constexpr Milliseconds kUneven = 5min;

std::string key(std::string_view package, std::string_view version) {
  return std::string(package) + "@" + std::string(version);
}

using Day = Model::Day;

/// What remains of what is forgotten: the latest time on each day.
void forget(std::map<Day, Time>& forgotten, Time time) {
  Time& latest = forgotten[std::chrono::floor<std::chrono::days>(time)];
  latest = std::max(latest, time);
}

/// Whether something from then until then may have been forgotten.
bool any_in(const std::map<Day, Time>& forgotten, Time from, Time until) {
  return std::ranges::any_of(forgotten, [&](const auto& line) {
    return line.first >= std::chrono::floor<std::chrono::days>(from) &&
           line.first <= std::chrono::floor<std::chrono::days>(until) && line.second >= from;
  });
}

}  // namespace

Model::Model() {
  for (const std::string_view package : {kPublishes, kStages}) {
    published(package, kFirst);
    trust(package);
  }
}

std::string Model::exchange(const Identity& identity, std::string_view package, Time now) {
  const auto publisher = publishers.find(std::string(package));
  if (issuer_frozen) return "issuer_frozen";
  if (publishers.empty()) return "no_matching_publisher";  // no key is fetched for nobody
  if (now >= identity.issued + kIdentityLife + kLeeway) return "expired";
  if (now < identity.issued - kLeeway) return "issued_in_future";
  if (now > identity.issued + kTokenAge + kLeeway) return "too_old";
  if (!identity.right_project || publisher == publishers.end()) return "no_matching_publisher";
  if (frozen.contains(std::string(package))) return "frozen";
  if (ended.contains(identity.job)) return "run_ended";
  if (any_in(ended_and_forgotten, identity.issued - kUneven, now + kUneven)) {
    return "clock_set_back";
  }
  if (used.contains(identity.jti)) return "replayed";
  const Time ends = identity.issued + kIdentityLife;
  return any_in(used_and_forgotten, ends, ends) ? "clock_set_back" : "ok";
}

void Model::exchanged(const Identity& identity, std::string_view package, Time now) {
  used[identity.jti] = identity.issued + kIdentityLife;
  tokens.push_back({std::string(package), identity.job, publishers.at(std::string(package)),
                    now + kPublishLife});
}

std::string Model::standing(int number, Time now) const {
  const Token& token = tokens[static_cast<std::size_t>(number)];
  const auto publisher = publishers.find(token.package);
  if (forgotten.contains(number)) return "publish_token_invalid";
  if (publisher == publishers.end() || publisher->second != token.publisher) {
    return "publish_token_invalid";
  }
  if (token.revoked) return ended.contains(token.job) ? "run_ended" : "publish_token_invalid";
  const bool is_ahead =
      now + kUneven < token.expires - kPublishLife;  // it was minted by such a clock
  return now >= token.expires || is_ahead ? "publish_token_invalid" : "ok";
}

std::string Model::hand_back(int number, std::string_view package, Time now) {
  const Token& token = tokens[static_cast<std::size_t>(number)];
  if (!forgotten.contains(number) && token.package == package) return "ok";
  const std::string stands = standing(number, now);
  return stands == "ok" ? "other_package" : stands;
}

std::string Model::may(int by, std::string_view package, bool stages, Time now) const {
  if (by >= 0) {
    if (const std::string stands = standing(by, now); stands != "ok") return stands;
    if (tokens[static_cast<std::size_t>(by)].package != package) return "other_package";
    if (!stages && package == kStages) return "permission_not_granted";
  }
  return frozen.contains(std::string(package)) ? "frozen" : "ok";
}

bool Model::is_spent(int by, std::string_view version) const {
  if (by < 0) return false;
  const Token& token = tokens[static_cast<std::size_t>(by)];
  return !token.version.empty() && token.version != version;
}

void Model::spend(int by, std::string_view version) {
  if (by >= 0) tokens[static_cast<std::size_t>(by)].version = version;
}

std::string Model::switched(std::string_view package, bool trusted, bool staged, Time now) const {
  const auto found = switches.find(std::string(package));
  if (found == switches.end()) return "ok";
  const auto is_on = [&](std::string_view name) {
    const auto it = found->second.find(std::string(name));
    return it != found->second.end() && in_force(it->second, now);
  };
  if (!trusted && is_on(kTrustedOnly)) return "trusted_publishing_only";
  if (!staged && is_on(kStagedOnly)) return "staged_publishing_only";
  return "ok";
}

std::string Model::taken(std::string_view package, std::string_view version, bool stages) const {
  const auto found = versions.find(key(package, version));
  if (found == versions.end()) return "ok";
  if (found->second == State::staged) return "version_staged";
  const bool gone = found->second == State::unpublished && !stages;
  return gone ? "version_unpublished" : "version_already_published";
}

/// A trusted publisher is another one after it was removed and added again.
std::string Model::source(int by) const {
  if (by < 0) return "person " + std::to_string(by);
  return "publisher " + std::to_string(tokens[static_cast<std::size_t>(by)].publisher);
}

bool Model::is_excess(int by, Time now) const {
  if (any_in(counted_and_forgotten, now - kLimitPeriod, now)) return true;
  const auto found = counted.find(source(by));
  return found != counted.end() && std::ranges::count_if(found->second, [&](Time at) {
                                     return at > now - kLimitPeriod;
                                   }) >= kMostPublishes;
}

std::string Model::publish(int by, std::string_view package, std::string_view version, Time now) {
  if (const std::string may_it = may(by, package, false, now); may_it != "ok") return may_it;
  if (is_spent(by, version)) return "publish_token_spent";
  const bool held = is_excess(by, now);
  if (const std::string says = switched(package, by >= 0, held, now); says != "ok") return says;
  if (const std::string is = taken(package, version, held); is != "ok") return is;
  return held ? "held" : "ok";
}

void Model::published(std::string_view package, std::string_view version) {
  versions[key(package, version)] = State::published;
}

void Model::published_by(int by, std::string_view package, std::string_view version, Time now) {
  published(package, version);
  spend(by, version);
  counted[source(by)].push_back(now);
}

std::string Model::stage(int by, std::string_view package, std::string_view version,
                         Time now) const {
  if (const std::string may_it = may(by, package, true, now); may_it != "ok") return may_it;
  if (is_spent(by, version)) return "publish_token_spent";
  if (const std::string says = switched(package, by >= 0, true, now); says != "ok") return says;
  return taken(package, version, true);
}

void Model::was_staged(const std::string& id, int by, std::string_view package,
                       std::string_view version, Time now) {
  spend(by, version);
  staged[id] = {std::string(package),
                std::string(version),
                now,
                by,
                {},
                {policy_of(std::string(package), now)}};
  versions[key(package, version)] = State::staged;
}

Model::Policy Model::policy_of(const std::string& package, Time now) const {
  const auto found = policies.find(package);
  if (found == policies.end()) return {};
  return now >= found->second.from ? found->second.after : found->second.before;
}

void Model::set_policy(std::string_view package, const Policy& policy, Milliseconds cool_down,
                       Time now) {
  const auto found = policies.find(std::string(package));
  if (found != policies.end() && found->second.after == policy) return;
  const Policy before = policy_of(std::string(package), now);
  for (auto& [id, release] : staged) {
    if (release.package == package) release.bound.push_back(before);
  }
  const bool looser =
      policy.approvals < before.approvals || (before.different_person && !policy.different_person);
  policies[std::string(package)] = {before, policy,
                                    looser && cool_down > 0ms ? now + cool_down : Time::min()};
}

Model::Policy Model::binding(const Staged& release, Time now) const {
  Policy policy = policy_of(release.package, now);
  for (const Policy& bound : release.bound) {
    policy.approvals = std::max(policy.approvals, bound.approvals);
    policy.different_person = policy.different_person || bound.different_person;
  }
  return policy;
}

/// The approvals that count under what binds it now, with this one.
std::set<int> Model::counting(const Staged& release, int by, Time now) const {
  std::set<int> people = release.approved_by;
  people.insert(by);
  if (binding(release, now).different_person) people.erase(release.by);
  return people;
}

std::string Model::approve(const std::string& id, int by, Time now) const {
  const auto found = staged.find(id);
  if (found == staged.end() || now >= found->second.created + kStageLife) return "stage_not_found";
  const Staged& release = found->second;
  if (frozen.contains(release.package)) return "frozen";
  if (!counting(release, by, now).contains(by)) return "approver_is_stager";
  if (is_enough(id, by, now)) return switched(release.package, release.by >= 0, true, now);
  return release.approved_by.contains(by) ? "approved_already" : "ok";
}

bool Model::is_enough(const std::string& id, int by, Time now) const {
  const Staged& release = staged.at(id);
  const Policy policy = binding(release, now);
  // Nobody knows who is behind a pipeline of that issuer.
  const bool unknown = policy.different_person && release.by >= 0;
  return counting(release, by, now).size() >= policy.approvals + (unknown ? 1 : 0);
}

void Model::approved(const std::string& id, int by, Time now) {
  if (!is_enough(id, by, now)) {
    staged.at(id).approved_by.insert(by);
    return;
  }
  published(staged.at(id).package, staged.at(id).version);
  staged.erase(id);
}

std::string Model::reject(const std::string& id) const {
  return staged.contains(id) ? "ok" : "stage_not_found";
}

std::string Model::withdraw(int by, const std::string& id, Time now) const {
  const auto found = staged.find(id);
  if (by < 0) {
    if (found == staged.end()) return "stage_not_found";
    return found->second.by == by ? "ok" : "not_the_stager";
  }
  if (const std::string stands = standing(by, now); stands != "ok") return stands;
  if (found == staged.end() || found->second.by < 0) return "publish_token_forbidden";
  const Token& token = tokens[static_cast<std::size_t>(by)];
  const Token& stager = tokens[static_cast<std::size_t>(found->second.by)];
  const bool same_run = token.job == stager.job && token.package == stager.package &&
                        token.publisher == stager.publisher;
  return same_run ? "ok" : "publish_token_forbidden";
}

void Model::given_back(const std::string& id) {
  versions.erase(key(staged.at(id).package, staged.at(id).version));
  staged.erase(id);
}

void Model::distrust(std::string_view package) {
  const auto found = publishers.find(std::string(package));
  if (found == publishers.end()) return;
  for (Token& token : tokens) {
    if (token.publisher == found->second) token.revoked = true;
  }
  publishers.erase(found);
}

void Model::freeze_issuer() {
  issuer_frozen = true;
  for (Token& token : tokens) token.revoked = true;  // all of them are of this issuer
}

void Model::turn_on(std::string_view package, const std::string& name) {
  switches[std::string(package)][name].ends.reset();
}

void Model::relax(std::string_view package, const std::string& name, Time now) {
  auto& those = switches[std::string(package)];
  const auto found = those.find(name);
  if (found != those.end() && !found->second.ends) found->second.ends = now + kSwitchCoolDown;
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
  if (!ended.emplace(job, now).second) return 0;
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
  std::erase_if(used, [&](const auto& mark) {
    if (mark.second >= now - kRemembered) return false;
    forget(used_and_forgotten, mark.second);
    return true;
  });
  for (std::size_t n = 0; n < tokens.size(); ++n) {
    if (tokens[n].expires < now - kRemembered) forgotten.insert(static_cast<int>(n));
  }
  for (auto& [source, times] : counted) {
    std::erase_if(times, [&](Time at) {
      if (at >= now - kCountKept) return false;
      forget(counted_and_forgotten, at);
      return true;
    });
  }
  std::erase_if(ended, [&](const auto& job) {
    if (job.second >= now - kEndKept) return false;
    forget(ended_and_forgotten, job.second);
    return true;
  });
  for (const std::string& id : over(now)) given_back(id);
}

std::vector<std::string> Model::over(Time now) const {
  std::vector<std::string> ids;
  for (const auto& [id, release] : staged) {
    if (release.created + kStageLife <= now) ids.push_back(id);
  }
  return ids;
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
