#include <map>

#include "registry/races/races_fixture.h"

// Eight threads publish at once, so that publishes share a commit, and some are refused after they
// have changed something, which is then undone together with their neighbours' and done again.

namespace imp::registry::test {
namespace {

constexpr int kEach = 6;

class PublishRaces : public RacesTest {
 protected:
  PublishRaces() {
    set_member(add_organization("acme", root), bob, accounts::Role::member);
    EXPECT_EQ(call(Method::put, "/-/org/acme/publish-switches", root, otp(root),
                   R"({"trustedOnly":true})")
                  .status,
              200);
  }

  User bob = add_user("bob");
};

TEST_F(PublishRaces, WhatIsRefusedLeavesNothingAndItsNeighboursAreThereOnce) {
  std::array<std::vector<std::string>, kThreads> refused;
  std::atomic<int> published = 0;
  std::vector<std::function<void()>> acts;
  for (std::size_t thread = 0; thread < kThreads; ++thread) {
    acts.emplace_back([&, thread] {
      for (int i = 0; i < kEach; ++i) {
        const std::string name = fmt::format("p-{}-{}", thread, i);
        // The switch is asked once the package was made.
        refused[thread].push_back(publish(bob.token, "@acme/" + name, "1.0.0").outcome());
        published += publish(bob.token, "@bob/" + name, "1.0.0").status == 201;
        // The others are refused, or are taken for the client's repetition.
        publish(bob.token, "@bob/shared", fmt::format("1.0.{}", i));
      }
    });
  }
  at_once(acts);
  for (const auto& outcomes : refused) {
    EXPECT_EQ(outcomes, std::vector<std::string>(kEach, "403 trusted_publishing_only"));
  }
  EXPECT_EQ(published, kThreads * kEach);
  EXPECT_EQ(count("SELECT COUNT(*) FROM package"), kThreads * kEach + 1);
  EXPECT_EQ(count("SELECT COUNT(*) FROM package_version"), (kThreads + 1) * kEach);
  std::map<std::string, int> granted;
  for (const audit::Entry& entry : records()) {
    if (entry.record.action != "package.publish" || entry.record.outcome != "granted") continue;
    ++granted[entry.record.subject];
  }
  EXPECT_EQ(granted.size(), static_cast<std::size_t>((kThreads + 1) * kEach));
  for (const auto& [subject, times] : granted) EXPECT_EQ(times, 1) << subject;
}

}  // namespace
}  // namespace imp::registry::test
