#include "registry/trust/issuer_keys.h"

#include <fmt/format.h>

#include <atomic>
#include <latch>
#include <thread>

#include "registry/trust/providers/generic/generic.h"
#include "trust_fixture.h"

namespace imp::trust::test {
namespace {

using namespace std::chrono_literals;

class IssuerKeysTest : public testing::Test {
 protected:
  IssuerMatch match(const std::string& iss) { return *issuers.find(iss); }
  IssuerMatch organization(int number) {
    return match(organization_issuer(
        fmt::format("00000000-0000-4000-8000-{:012x}", static_cast<unsigned>(number))));
  }
  /// "ok", or the code of the refusal.
  std::string current() { return code_of(keys.current(match(kBase))); }
  /// Fetches of whole key sets: each is two requests.
  int rounds() { return remote.fetches_of("openid-configuration"); }

  ManualClock clock{kNow};
  Metrics metrics;
  FakeIssuers remote;
  Issuers issuers = test_issuers();
  KeyRules rules;
  IssuerKeys keys{remote, clock, null_log(), metrics, rules};
};

TEST_F(IssuerKeysTest, AreFetchedOnceAndKeptForAnHour) {
  EXPECT_EQ(current(), "ok");
  clock.advance(59min);
  EXPECT_EQ(current(), "ok");
  EXPECT_EQ(rounds(), 1);
  clock.advance(2min);
  EXPECT_EQ(current(), "ok");
  EXPECT_EQ(rounds(), 2);
}

// As when a machine starts with a clock that is ahead, and learns better.
TEST_F(IssuerKeysTest, AClockThatIsSetBackPutsOffNoFetch) {
  EXPECT_EQ(current(), "ok");
  clock.advance(-2h);
  EXPECT_EQ(current(), "ok");
  EXPECT_EQ(rounds(), 2);
  remote.answer([](const http::Fetch&) -> Result<http::Fetched> { return json_answer("", 500); });
  clock.advance(2h);
  EXPECT_EQ(current(), "ok");  // the attempt fails, the keys are there
  remote.answer(nullptr);
  clock.advance(-30min);
  EXPECT_EQ(current(), "ok");
  EXPECT_EQ(rounds(), 4);
}

TEST_F(IssuerKeysTest, AreAskedForWithLimits) {
  EXPECT_EQ(current(), "ok");
  const http::Fetch asked = remote.last();
  EXPECT_EQ(asked.redirects, 0);
  EXPECT_LE(asked.body_limit, jose::kMaxKeySetBytes);
  EXPECT_EQ(asked.timeout, rules.timeout);
  EXPECT_TRUE(asked.public_addresses_only);
  EXPECT_TRUE(asked.https_only);
}

Issuers one_issuer(const std::string& url, bool private_addresses) {
  Issuer issuer(generic());
  issuer.id = "one";
  issuer.base_url = url;
  issuer.private_addresses = private_addresses;
  return Issuers({issuer});
}

TEST_F(IssuerKeysTest, OfAnIssuerOfOnesOwnNetworkMayBeAnywhere) {
  const Issuers own = one_issuer("http://10.0.0.1", true);
  static_cast<void>(keys.current(*own.find("http://10.0.0.1")));
  EXPECT_FALSE(remote.last().public_addresses_only);
  EXPECT_FALSE(remote.last().https_only);
}

// With the client that is used: only the address that is connected to tells, not how it is written.
TEST_F(IssuerKeysTest, AreNotFetchedFromPrivateAddressesUnlessThatIsAllowed) {
  const auto client = http::make_client();
  for (const char* url : {"https://localhost:9", "https://127.0.0.1:9", "https://2130706433:9",
                          "https://[::ffff:127.0.0.1]:9", "http://127.0.0.1:9"}) {
    for (const bool allowed : {false, true}) {
      IssuerKeys real(*client, clock, null_log(), metrics);
      const Issuers issuers = one_issuer(url, allowed);
      const auto held = real.current(*issuers.find(url));
      ASSERT_FALSE(held) << url;  // nothing listens there
      EXPECT_EQ(held.error().code(), "issuer_unavailable");
      EXPECT_EQ(held.error().kind(), FailureKind::unavailable);
      EXPECT_NE(held.error().message.contains("not public"), allowed)
          << url << ": " << held.error().message << " " << held.error().detail;
    }
  }
}

TEST_F(IssuerKeysTest, CacheControlHasAFloorAndACeiling) {
  remote.state_cache_control("max-age=1");
  EXPECT_EQ(current(), "ok");
  clock.advance(rules.least_age - 1ms);
  EXPECT_EQ(current(), "ok");
  EXPECT_EQ(rounds(), 1);
  clock.advance(1ms);
  remote.state_cache_control("max-age=900000000");
  EXPECT_EQ(current(), "ok");
  EXPECT_EQ(rounds(), 2);
  clock.advance(rules.most_age);
  EXPECT_EQ(current(), "ok");
  EXPECT_EQ(rounds(), 3);
}

TEST_F(IssuerKeysTest, AWithdrawnKeyIsNotBelievedLongerThanAMinute) {
  const auto publish = [&](const std::string& kid) {
    remote.publish_keys(jwks_of({{kid, jose::test::rsa_key().public_key()}}));
  };
  remote.state_cache_control("public, max-age=60");  // what the built-in issuer says
  publish("leaked");
  ASSERT_TRUE(keys.current(match(kBase)).value()->find("leaked"));
  publish("next");
  clock.advance(60s);
  EXPECT_FALSE(keys.current(match(kBase)).value()->find("leaked"));
  EXPECT_TRUE(keys.current(match(kBase)).value()->find("next"));
}

struct Trouble {
  const char* name;
  FakeIssuers::Answer answer;
};

Result<http::Fetched> failed(http::FetchRefusal refusal) {
  return refuse(refusal, "The fetch failed.");
}

std::vector<Trouble> troubles() {
  const auto both = [](http::Fetched answer) {
    return [answer](const http::Fetch&) -> Result<http::Fetched> { return answer; };
  };
  /// A good discovery document, and this for the keys.
  const auto keys = [](http::Fetched answer) {
    return [answer](const http::Fetch& request) -> Result<http::Fetched> {
      if (request.url.contains("jwks")) return answer;
      const std::string issuer = request.url.substr(0, request.url.find("/.well-known"));
      return json_answer(R"({"issuer":")" + issuer + R"(","jwks_uri":")" + issuer + R"(/jwks"})");
    };
  };
  const std::string good = jwks_of({{"r", jose::test::rsa_key().public_key()}});
  return {
      {"Status500", both(json_answer("{}", 500))},
      {"Status404", both(json_answer("not found", 404))},
      {"Redirect",
       both({.status = 302, .headers = {{"location", "https://evil.example"}}, .body = ""})},
      {"Html", both({.status = 200, .headers = {{"content-type", "text/html"}}, .body = "<html>"})},
      {"EmptyBody", both(json_answer(""))},
      {"Timeout", [](const http::Fetch&) { return failed(http::FetchRefusal::timed_out); }},
      {"Oversize", [](const http::Fetch&) { return failed(http::FetchRefusal::body_too_large); }},
      {"Certificate", [](const http::Fetch&) { return failed(http::FetchRefusal::unreachable); }},
      {"OtherIssuer",
       both(json_answer(R"({"issuer":"https://evil.example","jwks_uri":"https://ci.example/k"})"))},
      {"KeysElsewhere",
       both(json_answer(R"({"issuer":"https://ci.example","jwks_uri":"https://evil.example/k"})"))},
      {"Keys500", keys(json_answer(good, 500))},
      {"KeysAreHtml", keys(json_answer("<html>"))},
      {"NoKeys", keys(json_answer(R"({"keys":[]})"))},
      {"NoUsableKey", keys(json_answer(R"({"keys":[{"kty":"oct","kid":"r","k":"AA"}]})"))},
      {"KeysAreAnObject", keys(json_answer(R"({"keys":{}})"))},
  };
}

TEST_F(IssuerKeysTest, WhateverIsWrongWithAnAnswerTheOldKeysStay) {
  for (const Trouble& trouble : troubles()) {
    SCOPED_TRACE(trouble.name);
    IssuerKeys fresh(remote, clock, null_log(), metrics, rules);
    remote.answer(nullptr);
    ASSERT_TRUE(fresh.current(match(kBase)));
    remote.answer(trouble.answer);
    clock.advance(2h);
    const auto held = fresh.current(match(kBase));
    ASSERT_TRUE(held) << held.error().message;
    EXPECT_NE((*held)->find("r"), nullptr);
  }
}

TEST_F(IssuerKeysTest, WithoutOldKeysWrongAnswersAreARefusal) {
  for (const Trouble& trouble : troubles()) {
    SCOPED_TRACE(trouble.name);
    IssuerKeys fresh(remote, clock, null_log(), metrics, rules);
    remote.answer(trouble.answer);
    const auto refused = fresh.current(match(kBase));
    EXPECT_EQ(code_of(refused), "issuer_unavailable");
    // What the issuer answered is for the operator, not for whoever asks.
    EXPECT_FALSE(refused.error().detail.empty());
    EXPECT_FALSE(refused.error().message.contains("evil"));
  }
}

TEST_F(IssuerKeysTest, OldKeysServeUntilTheyAreADayOldAndNoLonger) {
  ASSERT_EQ(current(), "ok");
  remote.answer([](const http::Fetch&) { return failed(http::FetchRefusal::unreachable); });
  clock.advance(rules.most_stale - 1ms);
  EXPECT_EQ(current(), "ok");
  clock.advance(1ms);
  EXPECT_EQ(current(), "issuer_unavailable");
  remote.answer(nullptr);
  clock.advance(rules.cooldown);
  EXPECT_EQ(current(), "ok");
}

// Their age is not known then, and a key that was withdrawn may be among them.
TEST_F(IssuerKeysTest, KeysFromAClockThatWasAheadDoNotServeWithoutTheIssuer) {
  const Time right = clock.now();
  clock.advance(400 * 24h);
  ASSERT_EQ(current(), "ok");
  remote.answer([](const http::Fetch&) { return failed(http::FetchRefusal::unreachable); });
  clock.set(right);
  EXPECT_EQ(current(), "issuer_unavailable");
  remote.answer(nullptr);
  clock.advance(rules.cooldown);
  EXPECT_EQ(current(), "ok");
}

TEST_F(IssuerKeysTest, AnIssuerThatIsDownIsAskedOnceAMinute) {
  remote.answer([](const http::Fetch&) { return failed(http::FetchRefusal::unreachable); });
  for (int i = 0; i < 100; ++i) EXPECT_EQ(current(), "issuer_unavailable");
  EXPECT_EQ(remote.fetches(), 1);
  clock.advance(rules.cooldown);
  EXPECT_EQ(current(), "issuer_unavailable");
  EXPECT_EQ(remote.fetches(), 2);
}

TEST_F(IssuerKeysTest, ARotationIsFollowedOnceTheCooldownIsOver) {
  ASSERT_EQ(current(), "ok");
  remote.publish_keys(jwks_of({{"r", jose::test::rsa_key().public_key()},
                               {"s", jose::test::foreign_rsa_key().public_key()}}));
  clock.advance(rules.cooldown - 1ms);
  EXPECT_EQ((*keys.refreshed(match(kBase)))->find("s"), nullptr);
  clock.advance(1ms);
  const auto renewed = keys.refreshed(match(kBase));
  EXPECT_NE((*renewed)->find("s"), nullptr);
  EXPECT_NE((*renewed)->find("r"), nullptr);  // overlap
}

TEST_F(IssuerKeysTest, AFloodOfUnknownKeyIdsIsOneFetchAMinute) {
  ASSERT_EQ(current(), "ok");
  for (int minute = 1; minute <= 3; ++minute) {
    clock.advance(rules.cooldown);
    std::latch start(8);
    std::vector<std::jthread> threads;
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([&] {
        start.arrive_and_wait();
        for (int j = 0; j < 50; ++j) (void)keys.refreshed(match(kBase));
      });
    }
    threads.clear();
    EXPECT_EQ(rounds(), 1 + minute);
  }
}

TEST_F(IssuerKeysTest, ManyAtOnceShareTheFirstFetch) {
  // As many jobs as a pipeline may start at once, right after a restart.
  constexpr int kJobs = 8;
  std::latch start(kJobs);
  std::atomic<int> good = 0;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < kJobs; ++i) {
      threads.emplace_back([&] {
        start.arrive_and_wait();
        if (keys.current(match(kBase))) ++good;
      });
    }
  }
  EXPECT_EQ(good, kJobs);
  EXPECT_EQ(rounds(), 1);
}

/// An issuer below one path that answers only when it is told to.
struct Hang {
  explicit Hang(FakeIssuers& remote, std::string part_of_url = "/org/") {
    remote.answer([this, &remote, part_of_url](const http::Fetch& request) {
      if (request.url.contains(part_of_url)) {
        ++waiting;
        released.wait();
      }
      return remote.healthy(request);
    });
  }
  void wait_for(int requests) const {
    while (waiting < requests) std::this_thread::sleep_for(1ms);
  }
  std::atomic<int> waiting = 0;
  std::latch released{1};
};

TEST_F(IssuerKeysTest, AnIssuerThatHangsBlocksNoOther) {
  Hang hang(remote);
  std::jthread stuck([&] { EXPECT_TRUE(keys.current(organization(1))); });
  hang.wait_for(1);
  EXPECT_EQ(current(), "ok");
  hang.released.count_down();
}

TEST_F(IssuerKeysTest, AnIssuerThatHangsHoldsOnlyAFewRequests) {
  Hang hang(remote);
  std::vector<std::jthread> stuck;
  for (int i = 0; i < 20; ++i) {
    stuck.emplace_back([&] {
      // Some wait and get the keys; the others are told to come back.
      const auto answer = keys.current(organization(1));
      EXPECT_TRUE(answer || answer.error().code() == "issuer_unavailable");
    });
  }
  hang.wait_for(1);
  for (int i = 0; i < 50; ++i) {
    EXPECT_TRUE(i < 20 || code_of(keys.refreshed(organization(1))) == "issuer_unavailable");
    if (i < 20) std::this_thread::sleep_for(1ms);
  }
  hang.released.count_down();
}

TEST_F(IssuerKeysTest, OneHostThatHangsForEveryOrganizationHoldsOnlyAFewRequests) {
  Hang hang(remote);
  std::atomic<int> refused = 0;
  std::vector<std::jthread> stuck;
  for (int i = 0; i < 40; ++i) {
    stuck.emplace_back([&, i] {
      if (!keys.current(organization(i))) ++refused;
    });
  }
  while (refused < 40 - rules.most_busy) std::this_thread::sleep_for(1ms);
  EXPECT_LE(hang.waiting, rules.most_busy);
  hang.released.count_down();
  stuck.clear();
  EXPECT_EQ(refused, 40 - rules.most_busy);
}

TEST_F(IssuerKeysTest, OneOrganizationThatHangsLeavesPlacesForTheOthers) {
  Hang hang(remote, "000000000001");
  std::atomic<int> refused = 0;
  std::vector<std::jthread> stuck;
  for (int i = 0; i < 20; ++i) {
    stuck.emplace_back([&] {
      if (!keys.current(organization(1))) ++refused;
    });
  }
  while (refused < 20 - rules.most_waiters) std::this_thread::sleep_for(1ms);
  EXPECT_EQ(code_of(keys.current(organization(2))), "ok");
  hang.released.count_down();
}

TEST_F(IssuerKeysTest, WhileStaleKeysAreRenewedOthersAreServedWithThem) {
  ASSERT_TRUE(keys.current(organization(1)));
  clock.advance(2h);
  Hang hang(remote);
  std::jthread stuck([&] { EXPECT_TRUE(keys.current(organization(1))); });
  hang.wait_for(1);
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(keys.current(organization(1)));
  hang.released.count_down();
}

TEST_F(IssuerKeysTest, OrganizationsDoNotShareKeys) {
  remote.answer([&](const http::Fetch& request) -> Result<http::Fetched> {
    if (!request.url.contains("jwks")) return remote.healthy(request);
    const auto& key =
        request.url.contains(kOrganization) ? jose::test::rsa_key() : jose::test::foreign_rsa_key();
    return json_answer(
        jwks_of({{request.url.contains(kOrganization) ? "a" : "b", key.public_key()}}));
  });
  const auto mine = keys.current(match(organization_issuer()));
  const auto theirs = keys.current(match(organization_issuer(kOther)));
  EXPECT_NE((*mine)->find("a"), nullptr);
  EXPECT_EQ((*mine)->find("b"), nullptr);
  EXPECT_EQ((*theirs)->find("a"), nullptr);
}

TEST(IssuerKeysCache, ManyMadeUpOrganizationsDoNotPushOutOneInUse) {
  ManualClock clock(kNow);
  Metrics metrics;
  FakeIssuers remote;
  const Issuers issuers = test_issuers();
  IssuerKeys keys(remote, clock, null_log(), metrics, {.most_issuers = 16});
  const auto find = [&](int number) {
    return *issuers.find(organization_issuer(
        fmt::format("00000000-0000-4000-8000-{:012x}", static_cast<unsigned>(number))));
  };
  ASSERT_TRUE(keys.current(find(0)));
  for (int i = 1; i <= 40; ++i) {
    clock.advance(1ms);
    ASSERT_TRUE(keys.current(find(0)));
    ASSERT_TRUE(keys.current(find(i)));
  }
  EXPECT_EQ(remote.fetches_of("000000000000/.well-known/openid"), 1);
  // Those that have no keys go first, so that failing fetches cost nobody his.
  remote.answer([&](const http::Fetch& request) {
    return request.url.contains("ffff-") ? failed(http::FetchRefusal::unreachable)
                                         : remote.healthy(request);
  });
  clock.advance(1ms);
  for (int i = 0; i < 40; ++i) {
    (void)keys.current(*issuers.find(organization_issuer(
        fmt::format("ffffffff-ffff-4fff-8fff-{:012x}", static_cast<unsigned>(i)))));
  }
  const int before = remote.fetches();
  ASSERT_TRUE(keys.current(find(0)));
  EXPECT_EQ(remote.fetches(), before);
}

TEST_F(IssuerKeysTest, OfTheBuiltInIssuerComeFromTheLoopbackListener) {
  Issuer own(circleci());
  own.id = "imprimatur";
  own.base_url = "https://registry.example/oidc";
  own.fetch_base = "http://127.0.0.1:4873/oidc";
  const Issuers only({own});
  std::string uri = "https://registry.example/oidc/jwks";
  remote.answer([&](const http::Fetch& request) -> Result<http::Fetched> {
    if (request.url == "http://127.0.0.1:4873/oidc/.well-known/openid-configuration") {
      return json_answer(R"({"issuer":"https://registry.example/oidc","jwks_uri":")" + uri + "\"}");
    }
    if (request.url == "http://127.0.0.1:4873/oidc/jwks") {
      return json_answer(jwks_of({{"r", jose::test::rsa_key().public_key()}}));
    }
    return json_answer("{}", 404);
  });
  EXPECT_TRUE(keys.current(*only.find(own.base_url)));
  for (const char* elsewhere :
       {"https://registry.example/other/jwks", "https://registry.example/oidcother",
        "https://evil.example/oidc/jwks"}) {
    uri = elsewhere;
    IssuerKeys fresh(remote, clock, null_log(), metrics);
    EXPECT_EQ(code_of(fresh.current(*only.find(own.base_url))), "issuer_unavailable") << elsewhere;
  }
}

TEST_F(IssuerKeysTest, FetchesAreCounted) {
  ASSERT_EQ(current(), "ok");
  EXPECT_TRUE(metrics.exposition().contains(
      "trust_key_fetches_total{issuer=\"circleci\",outcome=\"ok\"} 1"))
      << metrics.exposition();
}

}  // namespace
}  // namespace imp::trust::test
