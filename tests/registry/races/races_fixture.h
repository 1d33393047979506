#pragma once

#include <array>
#include <atomic>
#include <functional>
#include <latch>
#include <string>
#include <thread>
#include <vector>

#include "audit/log.h"
#include "audit/verify.h"
#include "db/temporary_directory.h"
#include "registry/api/registry_fixture.h"

namespace imp::registry::test {

struct DatabaseFolder {
  imp::test::TemporaryDirectory directory;
};

/// A registry over a file, and people, jobs and an operator who act on it at the same time. Nothing
/// here depends on who comes first: what is asserted holds for every order, and the audit log says
/// which one it was. The clock stands still while threads run.
class RacesTest : private DatabaseFolder, public RegistryTest {
 protected:
  static constexpr int kThreads = 8;

  RacesTest() : RegistryTest(directory.file("registry.db")) {
    EXPECT_TRUE(write([&](db::Session& session) -> Result<void> {
      session.run("UPDATE accounts_people SET is_admin = 1 WHERE name = 'root'");
      return {};
    }));
  }

  Answer call(Method method, std::string target, const User& user, std::string code,
              std::string body = {}) {
    return ask({.method = method,
                .target = std::move(target),
                .token = user.token,
                .otp = std::move(code),
                .body = std::move(body)});
  }
  /// Runs all of them, from the same moment on.
  static void at_once(const std::vector<std::function<void()>>& acts) {
    std::latch start(static_cast<std::ptrdiff_t>(acts.size()));
    std::vector<std::jthread> threads;
    for (const auto& act : acts) {
      threads.emplace_back([&] {
        start.arrive_and_wait();
        act();
      });
    }
  }
  /// All records of the audit log in their order, whose chain holds.
  std::vector<audit::Entry> records() {
    EXPECT_TRUE(audit::verify(*database_).value().intact());
    std::vector<audit::Entry> all;
    std::optional<std::int64_t> before;
    do {
      auto page = audit::list(*database_, {.before = before, .limit = 1000}).value();
      all.insert(all.begin(), page.entries.rbegin(), page.entries.rend());
      before = page.before;
    } while (before);
    return all;
  }

  User root = add_user("root", true);
};

}  // namespace imp::registry::test
