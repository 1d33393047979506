#include "registry/api/trust/refused_exchanges.h"

#include <thread>

#include "registry/api/trust/identity_fixture.h"

namespace imp::registry::test {
namespace {

Failure some(std::string_view code) { return {{code, FailureKind::forbidden}, "Because.", {}}; }

class RefusedExchangesTest : public testing::Test {
 protected:
  ManualClock clock{trust::test::kNow};
  RefusedExchanges refused{clock};
};

TEST_F(RefusedExchangesTest, AreOfAPackageAndAnAddress) {
  refused.refused("@a/b", "192.0.2.1", some("expired"), "id-1");
  EXPECT_EQ(refused.find("@a/b", "192.0.2.1")->attempt_id, "id-1");
  EXPECT_FALSE(refused.find("@a/b", "192.0.2.2"));
  EXPECT_FALSE(refused.find("@a/c", "192.0.2.1"));
  refused.refused("@a/b", "192.0.2.1", some("too_old"), "id-2");
  EXPECT_EQ(refused.find("@a/b", "192.0.2.1")->code, "too_old");
  refused.granted("@a/b", "192.0.2.1");
  EXPECT_FALSE(refused.find("@a/b", "192.0.2.1"));
}

TEST_F(RefusedExchangesTest, AreForgottenAfterTenMinutes) {
  refused.refused("@a/b", "192.0.2.1", some("expired"), "id-1");
  clock.advance(RefusedExchanges::kRemembered);
  EXPECT_TRUE(refused.find("@a/b", "192.0.2.1"));
  clock.advance(Milliseconds(1));
  EXPECT_FALSE(refused.find("@a/b", "192.0.2.1"));
}

TEST_F(RefusedExchangesTest, OneAddressCannotPushOutTheOthers) {
  refused.refused("@a/b", "192.0.2.1", some("expired"), "id-1");
  for (int i = 0; i < 10'000; ++i) {
    refused.refused("@x/" + std::to_string(i), "192.0.2.9", some("expired"), "id");
  }
  EXPECT_TRUE(refused.find("@a/b", "192.0.2.1"));
  int kept = 0;
  for (int i = 0; i < 10'000; ++i) {
    if (refused.find("@x/" + std::to_string(i), "192.0.2.9")) ++kept;
  }
  EXPECT_EQ(kept, static_cast<int>(RefusedExchanges::kMostOfOneAddress));
}

TEST_F(RefusedExchangesTest, AllOfThemAreBounded) {
  const std::size_t many = RefusedExchanges::kMost + 100;
  for (std::size_t i = 0; i < many; ++i) {
    refused.refused("@a/b", "address-" + std::to_string(i), some("expired"), "id");
  }
  EXPECT_FALSE(refused.find("@a/b", "address-99"));
  EXPECT_TRUE(refused.find("@a/b", "address-100"));
}

TEST_F(RefusedExchangesTest, ManyThreadsMayUseIt) {
  std::vector<std::jthread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 2000; ++i) {
        const std::string package = "@a/" + std::to_string(i % 7);
        refused.refused(package, "a" + std::to_string(t), some("expired"), "id");
        refused.find(package, "a0");
        if (i % 3 == 0) refused.granted(package, "a" + std::to_string(t));
      }
    });
  }
  threads.clear();
  EXPECT_TRUE(refused.find("@a/" + std::to_string(1999 % 7), "a0"));
}

class PublishAfterARefusedExchange : public IdentityTest {
 protected:
  std::string mismatch() {
    return paid(json::serialize(with(trust::test::claim("vcs-origin"), R"("github.com/x/y")")));
  }
  std::string rerun() {
    return paid(json::serialize(with(trust::test::claim("ssh-rerun"), "true")));
  }
};

TEST_F(PublishAfterARefusedExchange, NamesIt) {
  const Answer refused = exchange(rerun(), "@alice/lib");
  ASSERT_EQ(refused.outcome(), "403 ssh_rerun");
  const Answer stale = publish("npm_stale", "@alice/lib", "1.1.0");
  for (const Answer& answer : {publish({}, "@alice/lib", "1.1.0"), stage({}, "@alice/lib", "1.1.0"),
                               stale, publish(add_user("bob").token, "@alice/lib", "1.1.0")}) {
    EXPECT_GE(answer.status, 401);
    for (const std::string& text : {answer.text("message"), answer.header("npm-notice")}) {
      EXPECT_TRUE(text.contains("ssh_rerun")) << text;
      EXPECT_TRUE(text.contains(refused.text("attempt"))) << text;
      EXPECT_TRUE(text.contains("rerun with SSH")) << text;
    }
  }
}

TEST_F(PublishAfterARefusedExchange, SaysNothingWhereThereWasNone) {
  exchange(rerun(), "@alice/other");
  EXPECT_FALSE(publish({}, "@alice/lib", "1.1.0")
                   .text("message")
                   .contains("refused"
                             " 0 seconds"));
  exchange(rerun(), "@alice/lib");
  const Answer elsewhere = ask({.method = Method::put,
                                .target = "/@alice%2flib",
                                .body = document("@alice/lib", "1.1.0"),
                                .address = "198.51.100.7"});
  EXPECT_FALSE(elsewhere.text("message").contains("ssh_rerun"));
  exchange(good(), "@alice/lib");
  EXPECT_FALSE(publish({}, "@alice/lib", "1.1.0").text("message").contains("ssh_rerun"));
}

TEST_F(PublishAfterARefusedExchange, TellsANeighbourNoExpectation) {
  // Others may share the address: runners of a cloud do.
  exchange(mismatch(), "@alice/lib");
  const Answer open = publish({}, "@alice/lib", "1.1.0");
  EXPECT_TRUE(open.text("message").contains("claim_mismatch"));
  EXPECT_FALSE(open.body.contains(trust::test::kOrigin));
  DocumentOptions restricted;
  restricted.access = "\"restricted\"";
  ASSERT_EQ(publish(alice.token, "@alice/secret", "1.0.0", {}, restricted).status, 201);
  trust_job("@alice/secret", {true, true, false});
  exchange(mismatch(), "@alice/secret");
  exchange(mismatch(), "@alice/nothing");
  // One that is restricted and one that does not exist sound alike.
  for (const char* name : {"@alice/secret", "@alice/nothing"}) {
    EXPECT_TRUE(publish({}, name, "1.1.0")
                    .text("message")
                    .contains("was refused 0 seconds ago at this address. Its attempt is"));
  }
}

}  // namespace
}  // namespace imp::registry::test
