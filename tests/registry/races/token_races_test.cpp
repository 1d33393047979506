#include <algorithm>
#include <map>

#include "registry/races/races_fixture.h"

// One publish token in many hands, each with a version of its own.

namespace imp::registry::test {
namespace {

constexpr int kRounds = 12;

class TokenRaces : public RacesTest {
 protected:
  TokenRaces() {
    EXPECT_EQ(publish(alice.token, "@alice/lib", "0.1.0", otp(alice)).status, 201);
    trust_job("@alice/lib", {true, true, false});
  }
  /// Of whichever state, of the version numbers of this round.
  std::vector<std::string> versions(int round) {
    return texts("SELECT version FROM package_version WHERE version LIKE :p1",
                 fmt::format("1.{}.%", round));
  }
  std::vector<std::string> texts(std::string_view sql, std::string parameter) {
    return database_
        ->read([&](db::Session& session) -> Result<std::vector<std::string>> {
          std::vector<std::string> all;
          for (const db::Row& row : session.rows(sql, {std::move(parameter)})) {
            all.push_back(row.text(0));
          }
          return all;
        })
        .value();
  }
  /// Uses the token on all threads at once, to publish and to stage; how often what was answered.
  std::map<std::string, int> use(const std::string& token,
                                 const std::function<std::string(int thread)>& version) {
    std::array<std::string, kThreads> outcomes;
    std::vector<std::function<void()>> acts;
    acts.reserve(kThreads);
    for (int thread = 0; thread < kThreads; ++thread) {
      acts.emplace_back([&, thread] {
        const Answer answer = thread % 2 ? publish(token, "@alice/lib", version(thread))
                                         : stage(token, "@alice/lib", version(thread));
        outcomes[static_cast<std::size_t>(thread)] = answer.outcome();
      });
    }
    at_once(acts);
    std::map<std::string, int> times;
    for (const std::string& outcome : outcomes) ++times[outcome];
    return times;
  }

  User alice = add_user("alice", true);
};

TEST_F(TokenRaces, OfDifferentVersionsExactlyOneIsReleased) {
  for (int round = 0; round < kRounds; ++round) {
    const std::string token = publish_token("@alice/lib");
    const auto times =
        use(token, [&](int thread) { return fmt::format("1.{}.{}", round, thread); });
    EXPECT_EQ(times, (std::map<std::string, int>{{"201 ok", 1},
                                                 {"403 publish_token_spent", kThreads - 1}}));
    const auto released = versions(round);
    ASSERT_EQ(released.size(), 1u);
    // What the token says is what there is.
    EXPECT_EQ(texts("SELECT spent_on FROM publish_token WHERE spent_on LIKE :p1",
                    fmt::format("1.{}.%", round)),
              released);
    EXPECT_EQ(texts("SELECT version FROM publish_attempt WHERE outcome = 'granted' AND version "
                    "LIKE :p1",
                    fmt::format("1.{}.%", round)),
              released);
  }
  EXPECT_EQ(count("SELECT COUNT(*) FROM audit_records WHERE outcome = 'granted' AND actor LIKE "
                  "'publisher:%' AND action IN ('package.publish', 'stage.create')"),
            kRounds);
}

TEST_F(TokenRaces, OfHeldPublishesExactlyOneWaits) {
  services_->publish_limits.per_publisher = 1;
  ASSERT_EQ(publish(publish_token("@alice/lib"), "@alice/lib", "0.2.0").status, 201);
  const std::string token = publish_token("@alice/lib");
  std::atomic<int> held = 0, refused = 0;
  std::vector<std::function<void()>> acts;
  acts.reserve(kThreads);
  for (int thread = 0; thread < kThreads; ++thread) {
    acts.emplace_back([&, thread] {
      const Answer answer = publish(token, "@alice/lib", fmt::format("1.0.{}", thread));
      if (answer.status == 202) ++held;
      if (answer.outcome() == "403 publish_token_spent") ++refused;
    });
  }
  at_once(acts);
  EXPECT_EQ(held, 1);
  EXPECT_EQ(refused, kThreads - 1);
  EXPECT_EQ(count("SELECT COUNT(*) FROM staged_release"), 1);
}

// Many uploads of one version are one release, and its token is good for it.
TEST_F(TokenRaces, OfOneVersionNobodyIsToldThatItIsSpent) {
  const std::string token = publish_token("@alice/lib");
  const auto times = use(token, [](int) { return std::string("1.0.0"); });
  EXPECT_FALSE(times.contains("403 publish_token_spent"));
  EXPECT_GE(times.at("201 ok"), 1);
  EXPECT_EQ(versions(0), std::vector<std::string>{"1.0.0"});
}

// Whoever withdraws in between frees the number, not the token.
TEST_F(TokenRaces, AWithdrawalInBetweenGivesNoSecondVersion) {
  for (int round = 0; round < kRounds; ++round) {
    const std::string token = publish_token("@alice/lib");
    const std::string first = fmt::format("1.{}.0", round);
    const std::string id = stage(token, "@alice/lib", first).text("stageId");
    std::string other, again;
    at_once({[&] {
               EXPECT_EQ(ask({.method = Method::post,
                              .target = "/-/stage/" + id + "/withdraw",
                              .token = token})
                             .status,
                         200);
             },
             [&] { other = stage(token, "@alice/lib", fmt::format("1.{}.1", round)).outcome(); },
             [&] { again = stage(token, "@alice/lib", first).outcome(); }});
    EXPECT_EQ(other, "403 publish_token_spent");
    EXPECT_TRUE(again == "201 ok" || again == "409 version_staged") << again;
    EXPECT_EQ(versions(round).size(), again == "201 ok" ? 1u : 0u);
  }
}

// A token that ends while it is used has released one version, or none.
TEST_F(TokenRaces, HandedBackInBetweenItIsOneVersionOrNone) {
  for (int round = 0; round < kRounds; ++round) {
    const std::string token = publish_token("@alice/lib");
    std::array<std::string, 2> outcomes;
    at_once(
        {[&] {
           outcomes[0] = publish(token, "@alice/lib", fmt::format("1.{}.0", round)).outcome();
         },
         [&] { outcomes[1] = stage(token, "@alice/lib", fmt::format("1.{}.1", round)).outcome(); },
         [&] {
           ask({.method = Method::del, .target = exchange_path("@alice/lib"), .token = token});
         }});
    const auto released = static_cast<std::size_t>(std::ranges::count(outcomes, "201 ok"));
    EXPECT_LE(released, 1u);
    EXPECT_EQ(versions(round).size(), released);
    EXPECT_EQ(texts("SELECT spent_on FROM publish_token WHERE spent_on LIKE :p1",
                    fmt::format("1.{}.%", round)),
              versions(round));
    for (const std::string& outcome : outcomes) {
      EXPECT_TRUE(outcome == "201 ok" || outcome == "403 publish_token_spent" ||
                  outcome == "401 publish_token_invalid")
          << outcome;
    }
  }
}

}  // namespace
}  // namespace imp::registry::test
