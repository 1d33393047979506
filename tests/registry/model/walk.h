#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "model.h"
#include "world.h"

namespace imp::registry::model {

/// A random sequence of requests, crashes, restarts and steps of the clock, made to a registry and
/// to the model of it. After each step both must have given the same answer and be in the same
/// state, and the design's invariants must hold:
///  2. what a decision consumes, what it creates and its audit record are there together or not at
///     all, also after a crash;
///  3. a refusal has a code and a sentence, and one about identity is in the audit log;
///     (and no identity token is exchanged twice, or after its job's end, whatever the clock does);
///  5. a version's bytes never change, and its number is never used again.
/// The same seed makes the same sequence.
class Walk {
 public:
  explicit Walk(std::uint64_t seed);
  /// False when something is not as it should be; then complaint() says what, and the walk is over.
  bool step();
  /// With the seed and the last steps.
  std::string complaint() const;
  /// How often requests were answered how: "ok", the code of the refusal, or "died".
  const std::map<std::string, int>& outcomes() const { return outcomes_; }

 private:
  struct Held {  // an identity token that somebody has
    std::string text;
    Model::Identity identity;
    bool too_late = false;  ///< its job had ended when it was issued, which no CI does
  };

  std::size_t below(std::size_t limit) { return random_() % limit; }
  bool one_in(std::size_t n) { return below(n) == 0; }
  std::string a_package() { return std::string(one_in(2) ? kPublishes : kStages); }
  std::string a_version();
  /// Mostly the token's own, and of one that was used, now and then the version that it was used
  /// for.
  std::string a_package_for(int by);
  std::string a_version_for(int by);
  std::string published_version(const std::string& package);
  int somebody();
  int a_person() { return one_in(2) ? Model::kAlice : Model::kCarol; }
  const std::string& credential(int by);
  std::string content();
  Time issued_now() const;

  void exchange();
  void exchange(const Held& held, const std::string& package);
  void publish();
  void publish(int by, const std::string& package, const std::string& version);
  void stage();
  void stage(int by, const std::string& package, const std::string& version);
  void decide();
  void withdraw();
  void hand_back();
  void operate();
  void end_job(const std::string& job);
  void change_trust();
  void change_rules();
  void change_policy(const std::string& package);
  const std::string& newest_waiting();
  void forget_bytes(const std::string& stage_id);
  void move_clock();
  void tidy();
  void run_ahead();

  /// Arms a crash, now and then, `writes` writes ahead.
  Death maybe_crash(std::int64_t writes);
  /// Compares an answer with the model's; whether the change was made. `success` is its status.
  bool judge(const Answer& answer, const std::string& expected, int success, Death crash);
  void expect(bool holds, std::string what);
  /// Of whom a release is that has just come: a token's is one version, for good.
  void released(int by, const std::string& version);
  /// What a thief would do next.
  void try_another_version(int by, const std::string& package);
  /// Counts something that was reached and is no answer of its own.
  void reached(const char* what) { ++outcomes_[what]; }
  void compare();

  std::uint64_t seed_;
  std::mt19937_64 random_;
  World world_;
  Model model_;
  std::vector<Held> held_;
  std::vector<std::string> texts_;   ///< of the model's tokens; empty where nobody was told it
  std::vector<std::string> stages_;  ///< ids, in the order in which they came
  std::map<std::string, std::string> bytes_;     ///< version to the hash it was first seen with
  std::set<std::string> exchanged_;              ///< `jti`, for good
  std::set<std::string> over_;                   ///< jobs that have ended, for good
  std::map<int, std::string> released_;          ///< by tokens, for good
  std::map<std::string, std::int64_t> granted_;  ///< audit records by action
  std::int64_t refused_ = 0;                     ///< audit records of refusals
  std::deque<std::string> steps_;
  std::string complaint_;
  std::map<std::string, int> outcomes_;
  int jobs_ = 0, tokens_ = 0, contents_ = 0, number_ = 0;
};

}  // namespace imp::registry::model
