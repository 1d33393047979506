#include <gmock/gmock.h>
#include <algorithm>
#include <atomic>

#include <thread>

#include "fixture.h"

namespace imp::accounts {
namespace {

using testing::Contains;
using testing::Not;

class SignInTest : public AccountsTest {
 protected:
  std::string attempt(std::string_view name, std::string_view password,
                      const std::string& address = "192.0.2.1") {
    return code_of(accounts_->sign_in.check_password(name, password, Actor::anonymous(address)));
  }
};

TEST_F(SignInTest, TellsRightFromWrong) {
  person("alice");
  const struct {
    std::string name, password;
    std::string_view code;
  } cases[] = {
      {"alice", std::string(kPassword), ""},
      {"alice", "wrong password", "sign_in_failed"},
      {"alice", "", "sign_in_failed"},
      {"alice", std::string(kPassword) + " ", "sign_in_failed"},
      {"alice", std::string(kPassword) + std::string(1, '\0'), "sign_in_failed"},
      {"Alice", std::string(kPassword), "sign_in_failed"},
      {"nobody", std::string(kPassword), "sign_in_failed"},
      {"", "", "sign_in_failed"},
      {"alice' --", std::string(kPassword), "sign_in_failed"},
      {"alice", std::string(1 << 20, 'x'), "sign_in_failed"},
  };
  for (const auto& [name, password, code] : cases) EXPECT_EQ(attempt(name, password), code) << name;
}

TEST_F(SignInTest, UnknownNameAndWrongPasswordLookTheSame) {
  person("alice");
  const Actor from = Actor::anonymous("192.0.2.1");
  const auto wrong = accounts_->sign_in.check_password("alice", "wrong password", from);
  const auto unknown = accounts_->sign_in.check_password("nobody", "wrong password", from);
  ASSERT_FALSE(wrong);
  ASSERT_FALSE(unknown);
  EXPECT_EQ(wrong.error().message, unknown.error().message);
  EXPECT_EQ(wrong.error().code(), unknown.error().code());
}

TEST_F(SignInTest, TenWrongPasswordsCloseTheDoorForTheNameAndAddress) {
  person("alice");
  for (int n = 0; n < 10; ++n) EXPECT_EQ(attempt("alice", "wrong password"), "sign_in_failed");
  EXPECT_EQ(attempt("alice", kPassword), "too_many_attempts");  // even the right one
  EXPECT_EQ(attempt("alice", kPassword, "198.51.100.7"), "");   // alice at home is not locked out
  clock_.advance(15min);
  EXPECT_EQ(attempt("alice", kPassword), "");
}

TEST_F(SignInTest, RightPasswordsAreNotCounted) {
  person("alice");
  for (int n = 0; n < 30; ++n) EXPECT_EQ(attempt("alice", kPassword), "");
}

TEST_F(SignInTest, OneAddressTryingManyNamesIsStopped) {
  for (int n = 0; n < 100; ++n) attempt("name" + std::to_string(n), "wrong password");
  EXPECT_EQ(attempt("name100", "wrong password"), "too_many_attempts");
  EXPECT_EQ(attempt("name100", "wrong password", "198.51.100.7"), "sign_in_failed");
}

TEST_F(SignInTest, ManyAddressesTryingOneNameAreStopped) {
  person("alice");
  for (int n = 0; n < 100; ++n) {
    attempt("alice", "wrong password", "198.51.100." + std::to_string(n));
  }
  EXPECT_EQ(attempt("alice", kPassword, "203.0.113.1"), "too_many_attempts");
}

TEST_F(SignInTest, ManyAddressesOfOneIpv6NetworkAreOne) {
  person("alice");
  for (int n = 0; n < 10; ++n) {
    attempt("alice", "wrong password", "2001:db8::" + std::to_string(n));
  }
  EXPECT_EQ(attempt("alice", kPassword, "2001:db8::ffff"), "too_many_attempts");
}

TEST_F(SignInTest, ConcurrentGuessesGetNoMoreThanTheLimit) {
  person("alice");
  std::atomic<int> verified = 0;
  {
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < 4; ++thread) {
      threads.emplace_back([&] {
        for (int n = 0; n < 10; ++n) {
          if (attempt("alice", "wrong password") == "sign_in_failed") ++verified;
        }
      });
    }
  }
  EXPECT_EQ(verified, 10);
}

TEST_F(SignInTest, RefusalsAreRecordedButAFloodIsNot) {
  person("alice");
  for (int n = 0; n < 50; ++n) attempt("alice", "wrong password");
  const auto actions = audited();
  EXPECT_EQ(std::ranges::count(actions, "sign_in"), 11);  // ten wrong ones and the closed door
}

TEST_F(SignInTest, PasswordsNeverReachTheAuditLog) {
  person("alice");
  attempt("alice", "my secret guess");
  EXPECT_EQ(count("SELECT COUNT(*) FROM audit_records WHERE detail LIKE '%my secret guess%'"), 0);
}

}  // namespace
}  // namespace imp::accounts
