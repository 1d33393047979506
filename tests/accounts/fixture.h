#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "accounts/accounts.h"
#include "accounts/refusal.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "crypto/random.h"
#include "crypto/sealing.h"
#include "db/database.h"
#include "http/request.h"

namespace imp::accounts {

using namespace std::chrono_literals;

inline constexpr std::string_view kPassword = "correct horse battery";
inline constexpr std::string_view kPublicUrl = "https://npm.example.test:4873";

/// A server's accounts over a database in memory, or in a file where threads have to compete.
class AccountsTest : public testing::Test {
 protected:
  explicit AccountsTest(bool on_disk = false);
  ~AccountsTest() override;

  /// A second set of objects over the same database: another process, or this one after a restart.
  std::unique_ptr<Accounts> another();

  Person person(const std::string& name, bool is_admin = false);
  Organization organization(const std::string& name, const Person& founder);
  static Actor actor(const Person& person);
  /// Enables TOTP; the recovery codes.
  std::vector<std::string> enable_totp(const Person& person);
  /// The current code of a person's authenticator.
  std::string code(const Person& person, int steps_from_now = 0);

  static http::Request request(http::Headers headers = {}, http::Method method = http::Method::get);
  /// The cookie header that a browser sends after this Set-Cookie.
  static std::string cookie_of(const StartedSession& started);

  /// The audit actions so far, in order.
  std::vector<std::string> audited();
  std::int64_t count(std::string_view sql);

  std::filesystem::path directory_;
  ManualClock clock_{from_milliseconds(1'790'000'000'000)};
  crypto::Sealer sealer_{Bytes(32, 7)};
  Metrics metrics_;
  std::unique_ptr<db::Database> database_;
  std::unique_ptr<Accounts> accounts_;

 private:
  Services services();
  std::map<std::string, Bytes> secrets_;
};

/// The code of a refusal, or "" for a success: what tables of tests compare.
template <class T>
std::string code_of(const Result<T>& result) {
  return result ? std::string() : std::string(result.error().code());
}

}  // namespace imp::accounts
