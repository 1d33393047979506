#include <set>

#include "registry/races/races_fixture.h"

// Jobs exchange and publish on eight threads while what they rely on is taken away and given back.
// Afterwards nothing is alive that should not be, and the audit log tells an order in which every
// grant was right.

namespace imp::registry::test {
namespace {

constexpr int kTokensEach = 4;
/// Grants after which the right is taken away, so that there are exchanges on both sides.
constexpr int kBefore = 6;

std::string publisher_of(const audit::Record& record) {
  return std::string(record.detail.at("publisher").at("id").as_string());
}

class ExchangeRaces : public RacesTest {
 protected:
  ExchangeRaces() {
    EXPECT_EQ(publish(alice.token, "@alice/lib", "1.0.0", otp(alice)).status, 201);
  }

  std::string trusted() {
    const json::array body{{{"type", "circleci"},
                            {"claims", trust::test::publisher_claims()},
                            {"permissions", {"createPackage", "createStagedPackage"}}}};
    const Answer made = call(Method::post, kTrust, alice, otp(alice), json::serialize(body));
    EXPECT_EQ(made.status, 200) << made.body;
    return std::string(made.document().at(0).at("id").as_string());
  }

  /// Eight jobs exchange their tokens and publish or stage with what they get, and `change` comes
  /// in between. The minted tokens, and how often what was answered in `outcomes_`.
  std::vector<std::string> race(const std::function<void()>& change) {
    std::array<std::array<std::string, kTokensEach>, kThreads> tokens;
    for (auto& those : tokens) {
      for (std::string& token : those) token = identity_token();
    }
    std::atomic<int> granted = 0, finished = 0;
    std::array<std::vector<std::string>, kThreads> minted, outcomes;
    std::vector<std::function<void()>> acts;
    for (std::size_t thread = 0; thread < kThreads; ++thread) {
      acts.emplace_back([&, thread] {
        for (std::size_t i = 0; i < kTokensEach; ++i) {
          const Answer answer = ask({.method = Method::post,
                                     .target = exchange_path("@alice/lib"),
                                     .token = tokens[thread][i],
                                     .address = fmt::format("192.0.2.{}", thread + 10)});
          outcomes[thread].push_back("exchange " + answer.outcome());
          if (answer.status != 201) continue;
          minted[thread].push_back(answer.text("token"));
          ++granted;
          granted.notify_all();
          const std::string version = fmt::format("{}.{}.{}", 2 + round_, thread, i);
          const Answer used = thread % 2 ? publish(minted[thread].back(), "@alice/lib", version)
                                         : stage(minted[thread].back(), "@alice/lib", version);
          outcomes[thread].push_back("use " + used.outcome());
        }
        if (++finished == kThreads) {  // too few grants: whoever waits for them need not any more
          granted = kBefore;
          granted.notify_all();
        }
      });
    }
    acts.emplace_back([&] {
      for (int seen = granted; seen < kBefore; seen = granted) granted.wait(seen);
      change();
    });
    at_once(acts);
    ++round_;
    std::vector<std::string> all;
    for (std::size_t thread = 0; thread < kThreads; ++thread) {
      all.insert(all.end(), minted[thread].begin(), minted[thread].end());
      for (const std::string& outcome : outcomes[thread]) ++outcomes_[outcome];
    }
    EXPECT_GE(all.size(), static_cast<std::size_t>(kBefore));
    return all;
  }
  void expect_only(const std::set<std::string>& expected) {
    for (const auto& [outcome, times] : outcomes_) {
      EXPECT_TRUE(expected.contains(outcome)) << outcome << " x " << times;
    }
  }
  /// What a token can do afterwards.
  void expect_dead(const std::vector<std::string>& tokens, std::string_view outcome) {
    for (const std::string& token : tokens) {
      EXPECT_EQ(publish(token, "@alice/lib", "9.9.9").outcome(), outcome);
    }
  }
  /// Walks through the audit log. `open` says after each record whether a grant to this publisher
  /// would be right now; every grant is looked at.
  void expect_explained(
      const std::function<bool(const audit::Record&, const std::string& publisher)>& open) {
    std::int64_t grants = 0;
    for (const audit::Entry& entry : records()) {
      const audit::Record& record = entry.record;
      const std::string publisher =
          record.actor.starts_with("publisher:") ? record.actor.substr(10) : std::string();
      const bool right = open(record, publisher);
      if (publisher.empty() || record.outcome != "granted") continue;
      EXPECT_TRUE(right) << entry.sequence << " " << record.action << " by " << publisher;
      grants += record.action == "trust.exchange";
    }
    EXPECT_EQ(grants, outcomes_["exchange 201 ok"]);
    EXPECT_EQ(grants, count("SELECT COUNT(*) FROM publish_token"));
    EXPECT_EQ(grants, count("SELECT COUNT(*) FROM used_identity_token"));
  }
  /// By the log each was given while its publisher was there.
  void expect_explained_by_publishers() {
    std::set<std::string> trusted;
    expect_explained([&](const audit::Record& record, const std::string& publisher) {
      if (record.action == "trust.create") trusted.insert(publisher_of(record));
      if (record.action == "trust.revoke") trusted.erase(publisher_of(record));
      return trusted.contains(publisher);
    });
  }
  std::int64_t alive() {
    return count("SELECT COUNT(*) FROM publish_token WHERE revoked_at IS NULL");
  }

  static constexpr const char* kTrust = "/-/package/@alice%2flib/trust";
  User alice = add_user("alice", true), bob = add_user("bob", true);
  std::map<std::string, std::int64_t> outcomes_;
  int round_ = 0;
};

TEST_F(ExchangeRaces, APublisherThatIsRemovedLeavesNoTokenAlive) {
  for (int round = 0; round < 3; ++round) {
    const std::string id = trusted();
    const std::string code = otp(alice);
    std::string removal;
    const auto tokens = race([&] {
      removal = call(Method::del, std::string(kTrust) + "/" + id, alice, code).outcome();
    });
    EXPECT_EQ(removal, "204 ok");
    EXPECT_EQ(alive(), 0);
    expect_dead(tokens, "401 publish_token_invalid");
  }
  expect_only({"exchange 201 ok", "exchange 403 publisher_removed",
               "exchange 404 no_matching_publisher", "use 201 ok",
               "use 401 publish_token_invalid"});
  expect_explained_by_publishers();
}

// The new one is another: no exchange that was verified with the old one gets a token of it, and no
// token of the old one comes back to life.
TEST_F(ExchangeRaces, APublisherThatIsMadeAnewIsAnotherOne) {
  write([&](db::Session& session) -> Result<void> {
    write_maintainers(session, find_package(session, "@alice/lib")->id,
                      {{"alice", "alice@example.test"}, {"bob", "bob@example.test"}});
    return {};
  });
  std::string id = trusted();
  std::set<std::string> ids{id};
  std::vector<std::string> all;
  for (int round = 0; round < 3; ++round) {
    const std::string removing = otp(alice), adding = otp(bob);
    const json::array body{{{"type", "circleci"},
                            {"claims", trust::test::publisher_claims()},
                            {"permissions", {"createPackage", "createStagedPackage"}}}};
    const std::string old = id;
    const auto tokens = race([&] {
      EXPECT_EQ(call(Method::del, std::string(kTrust) + "/" + old, alice, removing).status, 204);
      const Answer made = call(Method::post, kTrust, bob, adding, json::serialize(body));
      ASSERT_EQ(made.status, 200) << made.body;
      id = made.document().at(0).at("id").as_string();
    });
    EXPECT_TRUE(ids.insert(id).second);
    EXPECT_EQ(count("SELECT COUNT(*) FROM publish_token WHERE publisher_id <> :p1 AND revoked_at "
                    "IS NULL",
                    {id}),
              0);
    all.insert(all.end(), tokens.begin(), tokens.end());
  }
  EXPECT_EQ(call(Method::del, std::string(kTrust) + "/" + id, alice, otp(alice)).status, 204);
  EXPECT_EQ(alive(), 0);
  expect_dead(all, "401 publish_token_invalid");
  expect_only({"exchange 201 ok", "exchange 403 publisher_removed",
               "exchange 404 no_matching_publisher", "use 201 ok",
               "use 401 publish_token_invalid"});
  expect_explained_by_publishers();
}

TEST_F(ExchangeRaces, AnIssuerThatIsFrozenLeavesNoTokenAlive) {
  trusted();
  for (int round = 0; round < 3; ++round) {
    const std::string code = otp(root);
    const auto tokens = race([&] {
      EXPECT_LT(call(Method::put, "/-/trust/issuers/circleci/freeze", root, code).status, 300);
    });
    EXPECT_EQ(alive(), 0);
    expect_dead(tokens, "401 publish_token_invalid");
    EXPECT_EQ(exchange(identity_token(), "@alice/lib").outcome(), "403 issuer_frozen");
    EXPECT_LT(call(Method::del, "/-/trust/issuers/circleci/freeze", root, otp(root)).status, 300);
    expect_dead(tokens, "401 publish_token_invalid");
  }
  expect_only({"exchange 201 ok", "exchange 403 issuer_frozen", "use 201 ok",
               "use 401 publish_token_invalid"});
  bool frozen = false;
  expect_explained([&](const audit::Record& record, const std::string&) {
    if (record.action == "issuer.freeze") frozen = true;
    if (record.action == "issuer.unfreeze") frozen = false;
    return !frozen;
  });
}

TEST_F(ExchangeRaces, APackageThatIsFrozenLetsNothingThrough) {
  trusted();
  const std::string body = R"({"package": "@alice/lib", "reason": "A reason."})";
  for (int round = 0; round < 3; ++round) {
    const std::string code = otp(root);
    std::string id;
    const auto tokens = race([&] {
      const Answer made = call(Method::post, "/-/freezes", root, code, body);
      EXPECT_EQ(made.status, 201) << made.body;
      id = made.text("id");
    });
    expect_dead(tokens, "403 frozen");
    EXPECT_EQ(exchange(identity_token(), "@alice/lib").outcome(), "403 frozen");
    // What was minted before does not outlive the freeze.
    EXPECT_EQ(call(Method::del, "/-/freezes/" + id, root, otp(root)).status, 204);
    EXPECT_EQ(alive(), 0);
    expect_dead(tokens, "401 publish_token_invalid");
  }
  expect_only({"exchange 201 ok", "exchange 403 frozen", "use 201 ok", "use 403 frozen"});
  bool frozen = false;
  expect_explained([&](const audit::Record& record, const std::string&) {
    if (record.action == "freeze.add") frozen = true;
    if (record.action == "freeze.remove") frozen = false;
    return !frozen;
  });
}

}  // namespace
}  // namespace imp::registry::test
