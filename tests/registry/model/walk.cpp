#include "walk.h"

#include <fmt/format.h>

#include <algorithm>

namespace imp::registry::model {

namespace {

using namespace std::chrono_literals;

constexpr Time kStart = Time(std::chrono::seconds(1'790'000'000));
constexpr std::size_t kStepsTold = 15;
constexpr std::size_t kJobsAtOnce = 6;
constexpr std::size_t kVersions = 25;
constexpr std::size_t kTokensTried = 8;  ///< the newest are more interesting than old ones

std::string job_id(int number) { return fmt::format("00000000-0000-4000-8000-{:012}", number); }

bool about_identity(const Answer& answer) { return answer.status == 401 || answer.status == 403; }

}  // namespace

Walk::Walk(std::uint64_t seed) : seed_(seed), random_(seed), world_(kStart) {
  granted_["package.publish"] = 2;  // what the world begins with
  refused_ = world_.number("SELECT COUNT(*) FROM audit_records WHERE outcome <> 'granted'");
  compare();
}

std::string Walk::complaint() const {
  std::string text =
      fmt::format("seed {}, step {}: {}\nthe last steps:", seed_, number_, complaint_);
  for (const std::string& step : steps_) text += "\n  " + step;
  return text;
}

void Walk::expect(bool holds, std::string what) {
  if (!holds && complaint_.empty()) complaint_ = std::move(what);
}

std::string Walk::a_version() {
  return one_in(20) ? std::string(kFirst) : fmt::format("1.0.{}", below(kVersions));
}

std::string Walk::a_package_for(int by) {
  return by < 0 || one_in(3) ? a_package() : model_.tokens[static_cast<std::size_t>(by)].package;
}

std::string Walk::a_version_for(int by) {
  const auto own = released_.find(by);
  return own != released_.end() && one_in(3) ? own->second : a_version();
}

/// Mostly one that is there, and never the first.
std::string Walk::published_version(const std::string& package) {
  std::vector<std::string> there;
  for (const auto& [name, state] : model_.versions) {
    const std::size_t at = name.rfind('@');
    if (state != Model::State::published || name.substr(0, at) != package) continue;
    if (name.substr(at + 1) != kFirst) there.push_back(name.substr(at + 1));
  }
  if (there.empty() || one_in(4)) return fmt::format("1.0.{}", below(kVersions));
  return there[below(there.size())];
}

/// As a token says it.
Time Walk::issued_now() const {
  return std::chrono::floor<std::chrono::seconds>(world_.clock.now());
}

std::string Walk::content() { return fmt::format("content {}", ++contents_); }

int Walk::somebody() {
  if (texts_.empty() || one_in(3)) return Model::kBob;
  const std::size_t newest = std::min(texts_.size(), kTokensTried);
  const std::size_t chosen = texts_.size() - 1 - below(newest);
  return texts_[chosen].empty() ? Model::kBob : static_cast<int>(chosen);
}

/// As the registry knows them.
static std::string name_of(int person) {
  return person == Model::kAlice ? "alice" : person == Model::kBob ? "bob" : "carol";
}

const std::string& Walk::credential(int by) {
  return by < 0 ? world_.token_of(name_of(by)) : texts_[static_cast<std::size_t>(by)];
}

bool Walk::step() {
  ++number_;
  switch (below(20)) {
    case 0:
    case 1:
    case 2:
    case 3:
    case 4:
      exchange();
      break;
    case 5:
    case 6:
    case 7:
      publish();
      break;
    case 8:
    case 9:
      stage();
      break;
    case 10:
    case 11:
      decide();
      break;
    case 12:
      hand_back();
      break;
    case 13:
    case 14:
      operate();
      break;
    case 15:
      withdraw();
      break;
    case 16:
      change_trust();
      break;
    case 17:
      change_rules();
      break;
    default:
      move_clock();
  }
  if (steps_.size() > kStepsTold) steps_.pop_front();
  if (complaint_.empty()) compare();
  return complaint_.empty();
}

Death Walk::maybe_crash(std::int64_t writes) {
  if (!one_in(12)) return Death::none;
  const Death crash = one_in(2) ? Death::before_commit : Death::after_commit;
  world_.crash_at(writes, crash);
  steps_.push_back(crash == Death::before_commit ? "(dies before its commit)"
                                                 : "(dies after its commit)");
  return crash;
}

bool Walk::judge(const Answer& answer, const std::string& expected, int success, Death crash) {
  const bool died = world_.crashed();
  if (crash != Death::none) world_.restart();
  const std::string got = answer.status == 202 ? "held" : answer.status < 400 ? "ok" : answer.code;
  const bool succeeds = expected == "ok" || expected == "held";
  steps_.back() += fmt::format(" -> {} {}", answer.status, got);
  ++outcomes_[died ? "died" : got];
  if (died) {
    // Nobody was told; a refusal may have been on its way when its record was lost.
    expect(answer.status >= 500 || (!succeeds && got == expected),
           fmt::format("answered {} {} while it died, where the model says {}", answer.status, got,
                       expected));
    refused_ = world_.number("SELECT COUNT(*) FROM audit_records WHERE outcome <> 'granted'");
    return succeeds && crash == Death::after_commit;
  }
  expect(got == expected, fmt::format("answered {} {}, and the model says {}: {}", answer.status,
                                      got, expected, answer.body.substr(0, 300)));
  if (succeeds) {
    expect(answer.status == success, fmt::format("a success of status {}", answer.status));
    return true;
  }
  expect(answer.explained, "a refusal without a code and a sentence: " + answer.body);
  if (about_identity(answer)) ++refused_;
  return false;
}

void Walk::exchange() {
  const std::string package = a_package();
  if (held_.empty() || !one_in(4)) {
    // Few jobs at a time: they get several tokens each, and end in between.
    if (jobs_ == 0 || one_in(3)) ++jobs_;
    const int job = std::max(1, jobs_ - static_cast<int>(below(kJobsAtOnce)));
    Held held{{}, {job_id(job), fmt::format("jti-{}", ++tokens_), issued_now(), !one_in(8)}};
    held.too_late = over_.contains(held.identity.job);
    held.text =
        world_.identity_token(held.identity.job, held.identity.jti, held.identity.right_project);
    held_.push_back(std::move(held));
    if (one_in(6)) return;  // kept for later
  }
  exchange(held_[one_in(4) ? below(held_.size()) : held_.size() - 1], package);
}

void Walk::exchange(const Held& held, const std::string& package) {
  const Death crash = maybe_crash(0);
  const Time now = world_.clock.now();
  const std::string expected = model_.exchange(held.identity, package, now);
  steps_.push_back(fmt::format("exchange {} of job {} for {}", held.identity.jti,
                               held.identity.job.substr(24), package));
  const Answer answer = world_.exchange(held.text, package);
  const bool died = world_.crashed();
  const bool made = judge(answer, expected, 201, crash);
  // All refusals of the exchange are written down, not only those of 401 and 403.
  if (!died && expected != "ok" && !about_identity(answer)) ++refused_;
  if (!made) return;
  expect(exchanged_.insert(held.identity.jti).second, "an identity token was exchanged twice");
  expect(held.too_late || !over_.contains(held.identity.job),
         "a token of a job that has ended was exchanged");
  model_.exchanged(held.identity, package, now);
  const std::size_t at = answer.body.find("imp_pub_");
  texts_.push_back(
      at == std::string::npos ? "" : answer.body.substr(at, answer.body.find('"', at) - at));
  ++granted_["trust.exchange"];
}

void Walk::publish() {
  const int by = somebody();
  const std::string package = a_package_for(by), version = a_version_for(by);
  publish(by, package, version);
}

void Walk::publish(int by, const std::string& package, const std::string& version) {
  const std::string bytes = content();
  const Death crash = maybe_crash(0);
  const Time now = world_.clock.now();
  const std::string expected = model_.publish(by, package, version, now);
  const int success = expected == "held" ? 202 : 201;
  steps_.push_back(fmt::format("publish {}@{} by {}", package, version, by));
  const Answer answer = world_.publish(credential(by), package, version, bytes);
  const bool died = world_.crashed();
  if (!judge(answer, expected, success, crash)) return;
  released(by, version);
  if (expected == "held") {
    const std::string id = world_.staged_id(package, version);
    expect(!id.empty(), "a held release that is not there");
    model_.was_staged(id, by, package, version, now);
    stages_.push_back(id);
    ++granted_["package.hold"];
  } else {
    model_.published_by(by, package, version, now);
    ++granted_["package.publish"];
  }
  if (!died) return try_another_version(by, package);
  // The client got no answer and repeats itself: it must not be told that it came too late.
  steps_.push_back("the same again");
  judge(world_.publish(credential(by), package, version, bytes), expected, success, Death::none);
}

void Walk::stage() {
  const int by = one_in(4) ? Model::kAlice : somebody();
  const std::string package = a_package_for(by), version = a_version_for(by);
  stage(by, package, version);
}

void Walk::stage(int by, const std::string& package, const std::string& version) {
  const Death crash = maybe_crash(0);
  const Time now = world_.clock.now();
  const std::string expected = model_.stage(by, package, version, now);
  steps_.push_back(fmt::format("stage {}@{} by {}", package, version, by));
  const Answer answer = world_.stage(credential(by), package, version, content());
  if (!judge(answer, expected, 201, crash)) return;
  released(by, version);
  const std::string id = world_.staged_id(package, version);
  expect(!id.empty(), "a staged release that is not there");
  model_.was_staged(id, by, package, version, now);
  stages_.push_back(id);
  ++granted_["stage.create"];
  try_another_version(by, package);
}

void Walk::released(int by, const std::string& version) {
  if (by < 0) return;
  const auto [first, added] = released_.emplace(by, version);
  expect(first->second == version,
         fmt::format("a token released {} and {}", first->second, version));
  if (!added) reached("released again by its token");
}

void Walk::try_another_version(int by, const std::string& package) {
  if (by < 0 || texts_[static_cast<std::size_t>(by)].empty() || !one_in(3)) return;
  one_in(2) ? publish(by, package, a_version()) : stage(by, package, a_version());
}

/// The version is free again, for other bytes.
void Walk::forget_bytes(const std::string& stage_id) {
  const Model::Staged& release = model_.staged.at(stage_id);
  bytes_.erase(release.package + "@" + release.version);
}

/// The newest, when none waits: so that several people decide one.
const std::string& Walk::newest_waiting() {
  const auto waits = [this](const std::string& id) { return model_.staged.contains(id); };
  const auto found = std::find_if(stages_.rbegin(), stages_.rend(), waits);
  return found == stages_.rend() ? stages_.back() : *found;
}

void Walk::decide() {
  if (stages_.empty()) return;
  const std::string id = one_in(4) ? stages_[below(stages_.size())] : newest_waiting();
  const bool approves = !one_in(4);
  const int by = a_person();
  const bool there = model_.staged.contains(id);
  // The first write is that of the code, which is asked for when the release is there.
  const Death crash = there ? maybe_crash(1) : Death::none;
  steps_.push_back(fmt::format("{} release {} as {}", approves ? "approve" : "reject",
                               std::ranges::find(stages_, id) - stages_.begin(), name_of(by)));
  const Answer answer = approves ? world_.approve(id, name_of(by)) : world_.reject(id, name_of(by));
  // The clock moves for the code.
  const std::string expected =
      approves ? model_.approve(id, by, world_.clock.now()) : model_.reject(id);
  if (!judge(answer, expected, approves ? 201 : 204, crash)) return;
  if (approves) {
    const Time now = world_.clock.now();
    if (!model_.is_enough(id, by, now)) reached("approved in part");
    model_.approved(id, by, now);
    ++granted_["stage.approve"];
  } else {
    const bool own = model_.staged.at(id).by == by;
    forget_bytes(id);
    model_.given_back(id);
    ++granted_[own ? "stage.withdraw" : "stage.reject"];
  }
}

void Walk::withdraw() {
  if (stages_.empty()) return;
  const std::string id = one_in(4) ? stages_[below(stages_.size())] : newest_waiting();
  const auto found = model_.staged.find(id);
  // Mostly whoever staged it, or another token of the same run.
  int by = found != model_.staged.end() && !one_in(3) ? found->second.by
           : one_in(2)                                ? Model::kAlice
                                                      : somebody();
  if (by >= 0 && texts_[static_cast<std::size_t>(by)].empty()) by = Model::kBob;
  const Death crash = maybe_crash(0);
  const std::string expected = model_.withdraw(by, id, world_.clock.now());
  steps_.push_back(fmt::format("withdraw release {} by {}",
                               std::ranges::find(stages_, id) - stages_.begin(), by));
  const Answer answer = world_.withdraw(credential(by), id);
  if (!judge(answer, expected, 200, crash)) return;
  reached(by < 0 ? "withdrawn by a person" : "withdrawn by its run");
  const Model::Staged gone = found->second;
  forget_bytes(id);
  model_.given_back(id);
  ++granted_["stage.withdraw"];
  // By the same token: its version again, or the next one.
  if (gone.by < 0 || texts_[static_cast<std::size_t>(gone.by)].empty() || one_in(2)) return;
  stage(gone.by, gone.package, one_in(4) ? a_version() : gone.version);
}

void Walk::hand_back() {
  const int by = somebody();
  if (by < 0) return;
  const std::string package = a_package();
  const Death crash = maybe_crash(0);
  const Time now = world_.clock.now();
  const std::string expected = model_.hand_back(by, package, now);
  steps_.push_back(fmt::format("hand back {} at {}", by, package));
  const Answer answer = world_.hand_back(credential(by), package);
  if (!judge(answer, expected, 204, crash)) return;
  if (!model_.tokens[static_cast<std::size_t>(by)].revoked) ++granted_["trust.token_revoke"];
  model_.handed_back(by);
}

void Walk::operate() {
  const std::string package = a_package();
  // Frozen for a third of the time at most: then little else happens.
  switch (below(8)) {
    case 0: {
      if (jobs_ == 0) return;
      const std::string job = job_id(std::max(1, jobs_ - static_cast<int>(below(kJobsAtOnce))));
      end_job(job);
      break;
    }
    case 1: {
      steps_.push_back("freeze " + package);
      const std::string done = world_.freeze(package);
      expect(done == (model_.frozen.contains(package) ? "freeze_exists" : "ok"), "freeze: " + done);
      if (done == "ok") ++granted_["freeze.add"];
      model_.freeze(package);
      break;
    }
    case 2:
    case 3:
    case 4: {
      steps_.push_back("unfreeze " + package);
      const std::string done = world_.unfreeze(package);
      const bool frozen = model_.frozen.contains(package);
      expect(done == (frozen ? "ok" : "freeze_not_found"), "unfreeze: " + done);
      if (frozen) {
        model_.unfreeze(package);
        ++granted_["freeze.remove"];
      }
      break;
    }
    case 5:
    case 6: {
      const std::string version = published_version(package);
      steps_.push_back("unpublish " + package + "@" + version);
      const std::string expected = model_.unpublish(package, version);
      expect(world_.unpublish(package, version) == expected, "unpublish is not " + expected);
      if (expected == "ok") model_.unpublished(package, version);
      break;
    }
    default:
      steps_.push_back("restart");
      world_.restart();
  }
}

void Walk::end_job(const std::string& job) {
  steps_.push_back("job " + job.substr(24) + " ends");
  world_.end_run(job);
  granted_["trust.token_revoke"] += model_.end_run(job, world_.clock.now());
  over_.insert(job);
}

/// Publishers are there and the issuer is open for most of the time: then most happens.
void Walk::change_trust() {
  if (one_in(3)) {
    const bool freezes = !model_.issuer_frozen;
    if (freezes && !one_in(8)) return;
    steps_.push_back(freezes ? "freeze the issuer" : "unfreeze the issuer");
    world_.freeze_issuer(freezes);
    if (freezes) model_.freeze_issuer();
    model_.issuer_frozen = freezes;
    return;
  }
  const std::string package = a_package();
  if (model_.publishers.contains(package)) {
    if (!one_in(3)) return;
    steps_.push_back("remove the publisher of " + package);
    world_.distrust(package);
    model_.distrust(package);
    if (one_in(2)) return;
  }
  steps_.push_back("add a publisher of " + package);
  world_.trust(package);
  model_.trust(package);
  reached("publisher added again");
}

void Walk::change_rules() {
  const std::string package = a_package();
  if (one_in(2)) return change_policy(package);
  const std::string name(one_in(2) ? kTrustedOnly : kStagedOnly);
  if (one_in(6)) {
    steps_.push_back("turn on " + name + " of " + package);
    world_.turn_on(package, name);
    model_.turn_on(package, name);
  } else {
    steps_.push_back("relax " + name + " of " + package);
    world_.relax(package, name);
    model_.relax(package, name, world_.clock.now());
  }
}

void Walk::change_policy(const std::string& package) {
  const Time right = world_.clock.now();
  // Before what waits was staged, and perhaps before what is to come was said; or ahead.
  constexpr Milliseconds wrong[] = {-20s, -2h, -26h, 2h};
  const bool is_wrong = one_in(3);
  if (is_wrong) {
    world_.clock.advance(wrong[below(std::size(wrong))]);
    steps_.push_back(fmt::format("clock {:+} ms", (world_.clock.now() - right).count()));
    reached("policy changed by a wrong clock");
  }
  const Model::Policy policy{1 + below(2), one_in(2)};
  const Milliseconds cool_down = one_in(2) ? Milliseconds(0) : 1h;
  steps_.push_back(fmt::format("{} approvals of {}{}, cool-down {} ms", policy.approvals, package,
                               policy.different_person ? ", of others" : "", cool_down.count()));
  world_.set_policy(package, static_cast<std::int64_t>(policy.approvals), policy.different_person,
                    cool_down);
  model_.set_policy(package, policy, cool_down, world_.clock.now());
  if (!is_wrong) return;
  world_.clock.set(right);
  steps_.push_back("the clock is right again");
}

void Walk::move_clock() {
  constexpr Milliseconds steps[] = {1ms, 1s, 20s, 1min, 5min, 16min, 65min, -20s, -5min};
  if (one_in(12)) return run_ahead();
  // Seldom: little is left to use or to decide then.
  constexpr Milliseconds long_steps[] = {25h, 15 * 24h};
  const Milliseconds by =
      one_in(10) ? long_steps[below(std::size(long_steps))] : steps[below(std::size(steps))];
  world_.clock.advance(by);
  steps_.push_back(fmt::format("clock {:+} ms", by.count()));
  if (one_in(2)) tidy();
}

void Walk::tidy() {
  steps_.push_back("tidy");
  const auto over = model_.over(world_.clock.now());
  for (const std::string& id : over) forget_bytes(id);
  if (!over.empty()) reached("staged release over");
  granted_["stage.expire"] += static_cast<std::int64_t>(over.size());
  world_.tidy();
  model_.tidy(world_.clock.now());
}

/// The clock is ahead for a while, and then right again: identity tokens are as young as before.
void Walk::run_ahead() {
  if (!held_.empty() && one_in(3)) {
    end_job(held_.back().identity.job);
    reached("job ended before the clock ran ahead");
  }
  const Time right = world_.clock.now();
  const Milliseconds by = one_in(2) ? 3h : 26h;
  world_.clock.advance(by);
  steps_.push_back(fmt::format("clock {:+} ms", by.count()));
  tidy();
  world_.clock.set(right);
  steps_.push_back("the clock is right again");
  if (!held_.empty()) exchange(held_.back(), a_package());
}

void Walk::compare() {
  const auto same = [&](std::string_view what, std::int64_t there, std::int64_t should) {
    expect(there == should, fmt::format("{}: {}, and the model has {}", what, there, should));
  };
  same("publish tokens", world_.number("SELECT COUNT(*) FROM publish_token"),
       static_cast<std::int64_t>(model_.tokens.size() - model_.forgotten.size()));
  std::map<std::string, std::int64_t> spent;
  for (std::size_t n = 0; n < model_.tokens.size(); ++n) {
    const Model::Token& token = model_.tokens[n];
    if (!token.version.empty() && !model_.forgotten.contains(static_cast<int>(n))) {
      ++spent[token.package + "@" + token.version];
    }
  }
  expect(world_.spent_tokens() == spent, "tokens are spent on other versions");
  same("used identity tokens", world_.number("SELECT COUNT(*) FROM used_identity_token"),
       static_cast<std::int64_t>(model_.used.size()));
  same("staged releases", world_.number("SELECT COUNT(*) FROM staged_release"),
       static_cast<std::int64_t>(model_.staged.size()));
  for (const auto& [action, count] : granted_) {
    same("audit records of " + action,
         world_.number("SELECT COUNT(*) FROM audit_records WHERE action = :p1 AND outcome = "
                       "'granted'",
                       {action}),
         count);
  }
  same("audit records of refusals",
       world_.number("SELECT COUNT(*) FROM audit_records WHERE outcome <> 'granted'"), refused_);

  const auto versions = world_.versions();
  same("versions", static_cast<std::int64_t>(versions.size()),
       static_cast<std::int64_t>(model_.versions.size()));
  for (const auto& [name, line] : versions) {
    const auto known = model_.versions.find(name);
    expect(known != model_.versions.end(), name + " should not be there");
    if (!complaint_.empty()) return;
    const std::string state = line.substr(0, line.find(' '));
    const std::string bytes = line.substr(line.find(' ') + 1);
    const std::string should = known->second == Model::State::published     ? "published"
                               : known->second == Model::State::unpublished ? "unpublished"
                                                                            : "staged";
    expect(state == should, fmt::format("{} is {}, and should be {}", name, state, should));
    // What is unpublished is kept, but no longer by its version's row.
    if (known->second == Model::State::unpublished) continue;
    const auto [first, added] = bytes_.emplace(name, bytes);
    expect(added || first->second == bytes, name + " has other bytes than before");
  }
  for (const std::string_view package : {kPublishes, kStages}) {
    auto names = world_.readable(package);
    expect(names == model_.readable(package),
           fmt::format("readers of {} see {}, and should see {}", package, names,
                       model_.readable(package)));
  }
}

}  // namespace imp::registry::model
