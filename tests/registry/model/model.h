#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"

namespace imp::registry::model {

/// What a registry should be, said once more in as few words as possible: no database, no
/// transaction, no cryptography. What is asked says how the request is answered: "ok", "held", or
/// the code of the refusal.
class Model {
 public:
  struct Identity {
    std::string job, jti;
    Time issued;
    bool right_project = true;
  };
  struct Token {
    std::string package, job;
    int publisher = 0;  ///< as in `publishers`
    Time expires;
    bool revoked = false;
    std::string version = {};  ///< the only one that it may release, once it has
  };
  struct Policy {
    std::size_t approvals = 1;
    bool different_person = false;
    bool operator==(const Policy&) const = default;
  };
  struct Staged {
    std::string package, version;
    Time created;
    int by = 0;  ///< who staged it: a token's number, or a person
    std::set<int> approved_by = {};
    std::vector<Policy> bound = {};  ///< what was in force when it came, and before each change
  };
  using Day = std::chrono::sys_days;
  enum class State { published, unpublished, staged };
  struct PolicySet {
    Policy before, after;
    Time from;  ///< when `after` is in force: a looser one cools down
  };
  /// A publish switch that was turned on, and perhaps relaxed since.
  struct Switch {
    std::optional<Time> ends = {};
  };

  /// Who acts: an exchanged token by its number, or a person. Alice and carol approve, bob and
  /// alice stage, bob publishes.
  static constexpr int kBob = -1, kAlice = -2, kCarol = -3;

  Model();

  std::string exchange(const Identity& identity, std::string_view package, Time now);
  std::string hand_back(int token, std::string_view package, Time now);
  std::string publish(int by, std::string_view package, std::string_view version, Time now);
  std::string stage(int by, std::string_view package, std::string_view version, Time now) const;
  /// "ok" also where it is not published yet: is_enough() says which.
  std::string approve(const std::string& id, int by, Time now) const;
  bool is_enough(const std::string& id, int by, Time now) const;
  std::string reject(const std::string& id) const;
  std::string withdraw(int by, const std::string& id, Time now) const;
  std::string unpublish(std::string_view package, std::string_view version) const;

  // The changes, for who has been told that they happened, or has found that they did.
  void exchanged(const Identity& identity, std::string_view package, Time now);
  void handed_back(int token) { tokens[static_cast<std::size_t>(token)].revoked = true; }
  void published(std::string_view package, std::string_view version);
  /// … and counts for the limit.
  void published_by(int by, std::string_view package, std::string_view version, Time now);
  void was_staged(const std::string& id, int by, std::string_view package, std::string_view version,
                  Time now);
  void approved(const std::string& id, int by, Time now);
  void given_back(const std::string& id);  ///< rejected, withdrawn or over
  void unpublished(std::string_view package, std::string_view version);
  /// How many live tokens it ended.
  int end_run(const std::string& job, Time now);
  void freeze(std::string_view package) { frozen.insert(std::string(package)); }
  void unfreeze(std::string_view package);
  void distrust(std::string_view package);
  void trust(std::string_view package) { publishers[std::string(package)] = ++last_publisher_; }
  void freeze_issuer();
  void turn_on(std::string_view package, const std::string& name);
  void relax(std::string_view package, const std::string& name, Time now);
  void set_policy(std::string_view package, const Policy& policy, Milliseconds cool_down, Time now);
  void tidy(Time now);
  /// The releases whose time is over, which tidy() takes away.
  std::vector<std::string> over(Time now) const;

  std::string readable(std::string_view package) const;

  std::vector<Token> tokens;                ///< as granted, whatever became of them
  std::map<std::string, Time> used;         ///< `jti` of exchanged identity tokens, with their ends
  std::map<Day, Time> used_and_forgotten;   ///< the latest of such ends on each day
  std::map<std::string, Time> ended;        ///< jobs, and when
  std::map<Day, Time> ended_and_forgotten;  ///< the latest of such ends on each day
  std::set<std::string> frozen;             ///< packages
  std::map<std::string, int> publishers;    ///< of packages: each one that is added is another
  bool issuer_frozen = false;
  std::map<std::string, PolicySet> policies;                      ///< of packages
  std::map<std::string, std::map<std::string, Switch>> switches;  ///< of packages, by name
  std::map<std::string, std::vector<Time>> counted;               ///< publishes, by who made them
  std::map<Day, Time> counted_and_forgotten;                      ///< the latest on each day
  std::map<std::string, Staged> staged;
  std::map<std::string, State> versions;  ///< "name@version"
  std::set<int> forgotten;                ///< tokens that tidy() removed

 private:
  /// Why the holder may not use the token at all; "ok" when they may.
  std::string standing(int token, Time now) const;
  /// Whether the token was used for another version.
  bool is_spent(int by, std::string_view version) const;
  void spend(int by, std::string_view version);
  std::string may(int by, std::string_view package, bool stages, Time now) const;
  bool in_force(const Switch& it, Time now) const { return !it.ends || now < *it.ends; }
  /// What a switch says of a publish that is staged or not, by a pipeline or a person.
  std::string switched(std::string_view package, bool trusted, bool staged, Time now) const;
  std::string taken(std::string_view package, std::string_view version, bool stages) const;
  std::string source(int by) const;
  bool is_excess(int by, Time now) const;
  Policy policy_of(const std::string& package, Time now) const;
  /// What binds a release: also what was in force since it was staged.
  Policy binding(const Staged& release, Time now) const;
  std::set<int> counting(const Staged& release, int by, Time now) const;

  int last_publisher_ = 0;
};

}  // namespace imp::registry::model
