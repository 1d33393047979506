#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "../../testissuer/routed_client.h"
#include "accounts/accounts.h"
#include "base/log.h"
#include "base/metrics.h"
#include "blobs/memory_store.h"
#include "crypto/sealing.h"
#include "db/mortal_database.h"
#include "http/router.h"
#include "registry/api/packages/recent_publishes.h"
#include "registry/api/services.h"
#include "testissuer/test_issuer.h"

namespace imp::registry::model {

using db::test::Death;

/// Two packages of alice's, bob's and carol's: what their trusted publisher, the same job, may do.
inline constexpr std::string_view kPublishes = "both";   ///< publish and stage
inline constexpr std::string_view kStages = "stage-it";  ///< stage alone
/// Of each, published before anything else and never taken away.
inline constexpr std::string_view kFirst = "0.0.1";
/// Versions that one publisher, or person, may publish within an hour; more are held.
inline constexpr std::int64_t kMostPublishes = 3;
/// Publish switches, as the API calls them, and how long one stays in force when it is relaxed.
inline constexpr std::string_view kTrustedOnly = "trustedOnly", kStagedOnly = "stagedOnly";
inline constexpr Milliseconds kSwitchCoolDown = std::chrono::hours(24);

struct Answer {
  int status = 0;
  std::string code;  ///< of the refusal; empty for a success
  std::string body;
  bool explained = false;  ///< a refusal has a code, and the same sentence for each kind of client
};

/// A registry behind its routes, over a database in memory that outlives its process.
class World {
 public:
  explicit World(Time start);
  ~World();

  /// An identity token issued now to this job; of another project of the same organisation when
  /// told so.
  std::string identity_token(const std::string& job, const std::string& jti, bool right_project);

  Answer exchange(const std::string& identity_token, std::string_view package);
  Answer hand_back(const std::string& publish_token, std::string_view package);
  /// With a publish token, or with bob's. `content` makes the tarball another one.
  Answer publish(const std::string& token, std::string_view package, std::string_view version,
                 std::string_view content);
  Answer stage(const std::string& token, std::string_view package, std::string_view version,
               std::string_view content);
  /// As alice or carol, with their next code.
  Answer approve(const std::string& stage_id, const std::string& person);
  Answer reject(const std::string& stage_id, const std::string& person);
  /// With a publish token, or a person's.
  Answer withdraw(const std::string& token, const std::string& stage_id);
  /// As bob. "ok" or the code of the refusal.
  std::string unpublish(std::string_view package, std::string_view version);
  std::string freeze(std::string_view package);
  std::string unfreeze(std::string_view package);
  void end_run(const std::string& job);
  void distrust(std::string_view package);
  void trust(std::string_view package);
  void freeze_issuer(bool frozen);
  /// A looser one is in force after the cool-down.
  void set_policy(std::string_view package, std::int64_t approvals, bool different_person,
                  Milliseconds cool_down);
  void turn_on(std::string_view package, std::string_view name);
  void relax(std::string_view package, std::string_view name);
  void tidy();

  /// Kills the process at the write after so many more, and starts the next.
  void crash_at(std::int64_t writes, Death when) { process_database_.die_after(writes, when); }
  bool crashed() const { return process_database_.dead(); }
  void restart();

  std::int64_t number(std::string_view sql, std::vector<db::Value> parameters = {});
  /// The id of the staged release of this version; empty when there is none.
  std::string staged_id(std::string_view package, std::string_view version);
  /// "name@version" to "state sha512" of everything that ever was a version.
  std::map<std::string, std::string> versions();
  /// How many publish tokens are spent on which "name@version".
  std::map<std::string, std::int64_t> spent_tokens();
  /// The versions that a reader of the package sees, in the order of their texts: "1.0.0 1.1.0".
  std::string readable(std::string_view package);

  ManualClock clock;
  /// The token of a person.
  const std::string& token_of(const std::string& person) const { return tokens_.at(person); }

 private:
  struct Process;
  Answer ask(http::Method method, std::string target, const std::string& token,
             std::string body = {}, std::string otp = {});
  Answer decide(http::Method method, const std::string& path, const std::string& person);
  std::string add_person(const std::string& name);
  void add_packages();
  void enable_second_factor(const std::string& name);
  std::string otp(const std::string& name);
  std::string package_id(db::Session& session, std::string_view package);

  crypto::Sealer sealer_{Bytes(32, 7)};
  Metrics metrics_;
  testissuer::TestIssuer issuer_;
  http::Router issuer_router_;
  testissuer::test::RoutedClient client_{issuer_router_};
  std::unique_ptr<db::Database> store_;
  db::test::MortalDatabase process_database_;
  blobs::MemoryStore blobs_;
  RegistryKey key_;
  std::unique_ptr<Process> process_;
  struct Authenticator {
    Bytes secret;
    Time last_code{};
  };
  std::map<std::string, std::string> tokens_;                   ///< of people
  std::map<std::string, Authenticator> authenticators_;         ///< of those who decide
  std::map<std::string, std::string, std::less<>> publishers_;  ///< ids, of packages
  int asked_ = 0;
};

}  // namespace imp::registry::model
