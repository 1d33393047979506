#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"

namespace imp::registry::model {

/// What a registry should be, said once more in as few words as possible: no database, no
/// transaction, no cryptography. Each function says how the request is answered ("ok", or the code
/// of the refusal) and, unless `keep` is false, makes the change.
class Model {
 public:
  struct Identity {
    std::string job, jti;
    Time issued;
    bool right_project = true;
  };
  struct Token {
    std::string package, job;
    Time expires;
    bool revoked = false;
  };
  struct Staged {
    std::string package, version;
    Time created;
  };
  enum class State { published, unpublished, staged };

  /// Who publishes: an exchanged token by its number, or bob.
  static constexpr int kBob = -1;

  Model();

  std::string exchange(const Identity& identity, std::string_view package, Time now);
  std::string hand_back(int token, std::string_view package, Time now);
  std::string publish(int by, std::string_view package, std::string_view version, Time now);
  std::string stage(int by, std::string_view package, std::string_view version, Time now) const;
  std::string approve(const std::string& id, Time now) const;
  std::string reject(const std::string& id) const;
  std::string unpublish(std::string_view package, std::string_view version) const;

  // The changes, for who has been told that they happened, or has found that they did.
  void exchanged(const Identity& identity, std::string_view package, Time now);
  void handed_back(int token) { tokens[static_cast<std::size_t>(token)].revoked = true; }
  void published(std::string_view package, std::string_view version);
  void was_staged(const std::string& id, std::string_view package, std::string_view version,
                  Time now);
  void approved(const std::string& id);
  void rejected(const std::string& id);
  void unpublished(std::string_view package, std::string_view version);
  /// How many live tokens it ended.
  int end_run(const std::string& job, Time now);
  void freeze(std::string_view package) { frozen.insert(std::string(package)); }
  void unfreeze(std::string_view package);
  void tidy(Time now);

  std::string readable(std::string_view package) const;

  std::vector<Token> tokens;         ///< as granted, whatever became of them
  std::map<std::string, Time> used;  ///< `jti` of exchanged identity tokens, with their ends
  std::set<std::string> ended;       ///< jobs
  std::set<std::string> frozen;      ///< packages
  std::map<std::string, Staged> staged;
  std::map<std::string, State> versions;  ///< "name@version"
  std::set<int> forgotten;                ///< tokens that tidy() removed

 private:
  /// Why the holder may not use the token at all; "ok" when they may.
  std::string standing(int token, Time now) const;
  std::string may(int by, std::string_view package, bool stages, Time now) const;
};

}  // namespace imp::registry::model
