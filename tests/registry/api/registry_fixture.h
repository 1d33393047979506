#pragma once

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "accounts/accounts.h"
#include "blobs/memory_store.h"
#include "http/router.h"
#include "http/waiters.h"
#include "registry/api/packages/recent_publishes.h"
#include "registry/api/services.h"
#include "registry/api/trust/refused_exchanges.h"
#include "registry/publish/tarball_fixture.h"
#include "registry/trust/trust_fixture.h"

namespace imp::registry::test {

namespace json = boost::json;
using http::Method;

/// A request as a client sends it.
struct Ask {
  Method method = Method::get;
  std::string target;
  std::string token{};  ///< sent as Bearer
  std::string otp{};
  std::string body{};
  http::Headers headers{};
  std::string address = "192.0.2.1";
  /// Runs when half of the body has arrived, for routes that take it as it comes.
  std::function<void()> meanwhile{};
  /// As for a request that was parked, and whose time is over.
  bool wait_expired = false;
};

struct Answer {
  int status = 0;
  http::Headers headers;
  std::string body;
  std::string waits_for = {};  ///< topic of a request that is parked instead of answered

  std::string header(std::string_view name) const;
  json::value document() const { return json::parse(body); }
  /// The member as text; empty when there is none.
  std::string text(std::string_view member) const;
  /// "200 ok", or the status and the code of the refusal: what tables of tests compare.
  std::string outcome() const;
};

/// Somebody with an account, a sign-in and, perhaps, an authenticator app.
struct User {
  accounts::Person person;
  std::string token;
  Bytes secret;
};

/// A whole registry in this process: its routes over a database and blobs in memory, foreign
/// issuers that answer as told, and a clock that stands still. Nothing listens: requests go to the
/// router.
class RegistryTest : public testing::Test {
 protected:
  /// In memory, or in a file, where threads compete as they do in a server.
  explicit RegistryTest(std::string database = ":memory:");
  ~RegistryTest() override;

  User add_user(const std::string& name, bool second_factor = false);
  void enable_second_factor(User& user);
  /// The user's next one-time password: moves the clock on by a step, since each is good once.
  std::string otp(const User& user);
  accounts::Organization add_organization(const std::string& name, const User& founder);
  void set_member(const accounts::Organization& organization, const User& user,
                  std::optional<accounts::Role> role);
  std::string granular_token(const User& user, accounts::NewToken token);

  Answer ask(const Ask& ask);
  Answer get(std::string target, std::string token = {});
  /// The document of npm publish for a small package.
  static std::string document(std::string_view name, std::string_view version,
                              const DocumentOptions& options = {});
  Answer publish(const std::string& token, std::string_view name, std::string_view version,
                 std::string otp = {}, const DocumentOptions& options = {});
  Answer stage(const std::string& token, std::string_view name, std::string_view version,
               const DocumentOptions& options = {});

  /// A fresh identity token of the trusted job, with one claim changed as by
  /// trust::test::changed().
  std::string identity_token(std::string_view claim = {}, std::string_view json_text = {});
  Answer exchange(const std::string& identity_token, std::string_view name);
  /// Trusts the job for a package, past the endpoints; its id.
  std::string trust_job(std::string_view name, trust::Permissions permissions);
  void distrust(std::string_view name, const std::string& publisher_id);
  /// A publish token of the job, which must be trusted.
  std::string publish_token(std::string_view name);

  /// Those of a server of this registry whose clock shows that.
  RegistryServices services_at(const Clock& clock);

  template <class Body>
  auto write(Body body) {
    return database_->write([&](db::Session& session) { return body(session); });
  }
  std::int64_t count(std::string_view sql, std::vector<db::Value> parameters = {});
  /// "action outcome" of every audit record with this prefix, oldest first; with an organisation's
  /// id, of those that its administrators may see.
  std::vector<std::string> audited(std::string_view action_prefix, std::string organization = {});
  /// The detail of the newest audit record of this action.
  json::object audit_detail(std::string_view action);
  /// Those of CI identities and of strangers, not of people.
  std::vector<trust::Attempt> attempts(std::string_view name);
  bool counted(std::string_view line) const { return metrics_.exposition().contains(line); }

  ManualClock clock_{trust::test::kNow};
  /// The exchange's: what is to happen between verifying and minting is told to it.
  trust::test::InterruptingClock exchange_clock_{clock_};
  crypto::Sealer sealer_{Bytes(32, 7)};
  Metrics metrics_;
  trust::test::FakeIssuers remote_;
  std::unique_ptr<db::Database> database_;
  blobs::MemoryStore blobs_;
  std::unique_ptr<accounts::Accounts> accounts_;
  RegistryKey key_;
  PackumentCache cache_{std::size_t{16} << 20};
  std::unique_ptr<PackageReader> reader_;
  trust::Issuers issuers_ = trust::test::test_issuers();
  std::unique_ptr<trust::IssuerKeys> issuer_keys_;
  std::unique_ptr<trust::Evaluator> evaluator_;
  std::unique_ptr<trust::Exchange> exchange_;
  RecentPublishes recent_publishes_{clock_};
  RefusedExchanges refused_exchanges_{clock_};
  std::unique_ptr<Reviews> reviews_;
  http::Waiters waiters_;
  std::unique_ptr<RegistryServices> services_;
  http::Router router_;

 private:
  int jobs_ = 0;
};

inline constexpr std::string_view kPassword = "correct horse battery";
inline constexpr std::string_view kPublicUrl = "https://registry.example";
std::string exchange_path(std::string_view name);

}  // namespace imp::registry::test
