#include <gmock/gmock.h>

#include "accounts/csrf.h"
#include "fixture.h"

namespace imp::accounts {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::Not;

class SessionsTest : public AccountsTest {
 protected:
  /// The bare cookie value.
  static std::string secret_of(const StartedSession& started) {
    return cookie_of(started).substr(kSessionCookie.size() + 1);
  }
  bool alive(const StartedSession& started) {
    return sessions_.find(secret_of(started)).value().has_value();
  }

  Person alice_ = person("alice"), bob_ = person("bob");
  Sessions& sessions_ = accounts_->sessions;
};

TEST_F(SessionsTest, TheCookieIsTheSessionAndIsGuarded) {
  const auto started = sessions_.start(alice_, request({{"User-Agent", "Browser/1"}}), false);
  ASSERT_TRUE(started);
  for (const char* attribute : {"HttpOnly", "SameSite=Lax", "Path=/", "Secure"}) {
    EXPECT_THAT(started->set_cookie, HasSubstr(attribute));
  }
  const auto found = sessions_.find(secret_of(*started));
  ASSERT_TRUE(found.value());
  EXPECT_EQ((*found)->person_id, alice_.id);
  EXPECT_EQ((*found)->csrf_token, started->session.csrf_token);
  EXPECT_EQ((*found)->user_agent, "Browser/1");
  EXPECT_EQ(count("SELECT COUNT(*) FROM accounts_sessions WHERE secret_hash = '" +
                  secret_of(*started) + "'"),
            0);
  EXPECT_THAT(audited(), Contains("sign_in"));
}

TEST_F(SessionsTest, NoSecureAttributeWithoutTls) {
  http::Request plain = request();
  plain.secure = false;
  EXPECT_THAT(sessions_.start(alice_, plain, false)->set_cookie, Not(HasSubstr("Secure")));
  EXPECT_THAT(Sessions::clearing_cookie(true), HasSubstr("imp_session=; Path=/; Max-Age=0"));
}

TEST_F(SessionsTest, FixationACookieThatWasThereBeforeSignInIsNotAdopted) {
  const std::string planted(43, 'A');
  const auto started =
      sessions_.start(alice_, request({{"Cookie", "imp_session=" + planted}}), false);
  EXPECT_NE(secret_of(*started), planted);
  EXPECT_FALSE(sessions_.find(planted).value());
  // The attacker's own session, planted in the victim's browser, ends with the victim's sign-in.
  const auto attackers = sessions_.start(bob_, request(), false);
  const auto victims = sessions_.start(alice_, request({{"Cookie", cookie_of(*attackers)}}), false);
  EXPECT_FALSE(alive(*attackers));
  EXPECT_TRUE(alive(*victims));
}

TEST_F(SessionsTest, GarbageIsNoSession) {
  sessions_.start(alice_, request(), false).value();
  const std::string cases[] = {"",
                               "x",
                               std::string(43, 'A'),
                               std::string(44, 'A'),
                               std::string(100'000, 'A'),
                               "' OR 1=1 --" + std::string(32, ' ')};
  for (const std::string& text : cases) EXPECT_FALSE(sessions_.find(text).value());
}

TEST_F(SessionsTest, SlidesWhileUsedAndEndsExactlyWhenIdle) {
  const auto started = sessions_.start(alice_, request(), false);
  clock_.advance(24h * 7 - 1ms);
  EXPECT_TRUE(alive(*started));  // and was moved forward by this use
  clock_.advance(24h * 7 - 1ms);
  EXPECT_TRUE(alive(*started));
  clock_.advance(24h * 7);
  EXPECT_FALSE(alive(*started));
}

TEST_F(SessionsTest, NeverLivesLongerThanTheMaximum) {
  const auto started = sessions_.start(alice_, request(), false);
  const Time end = clock_.now() + 24h * 30;
  while (clock_.now() + 24h < end) {
    clock_.advance(24h);
    EXPECT_TRUE(alive(*started));
  }
  clock_.set(end - 1ms);
  EXPECT_TRUE(alive(*started));
  clock_.set(end);
  EXPECT_FALSE(alive(*started));
}

TEST_F(SessionsTest, OfAClockThatWasAheadIsOver) {
  clock_.advance(24h);
  const auto started = sessions_.start(alice_, request(), false);
  ASSERT_TRUE(started);
  clock_.advance(-5min);
  EXPECT_TRUE(alive(*started));
  EXPECT_EQ(sessions_.list(alice_.id)->size(), 1u);
  clock_.advance(-1ms);
  EXPECT_FALSE(alive(*started));
  EXPECT_TRUE(sessions_.list(alice_.id)->empty());
}

TEST_F(SessionsTest, IsNotWrittenOnEveryUse) {
  const auto started = sessions_.start(alice_, request(), false);
  const std::int64_t begin = to_milliseconds(clock_.now());
  clock_.advance(5min - 1ms);
  EXPECT_TRUE(alive(*started));
  EXPECT_EQ(count("SELECT last_seen FROM accounts_sessions"), begin);
  clock_.advance(1ms);
  EXPECT_TRUE(alive(*started));
  EXPECT_EQ(count("SELECT last_seen FROM accounts_sessions"), to_milliseconds(clock_.now()));
}

TEST_F(SessionsTest, APendingSessionIsShortAndDoesNotSlide) {
  const auto started = sessions_.start(alice_, request(), true);
  EXPECT_THAT(audited(), Not(Contains("sign_in")));  // nobody has signed in yet
  clock_.advance(10min - 1ms);
  ASSERT_TRUE(alive(*started));
  EXPECT_TRUE((*sessions_.find(secret_of(*started)))->pending);
  clock_.advance(1ms);
  EXPECT_FALSE(alive(*started));
}

TEST_F(SessionsTest, ASecondFactorChangesTheSecretAndTheCsrfToken) {
  const auto pending = sessions_.start(alice_, request(), true);
  const http::Request with_cookie = request({{"Cookie", cookie_of(*pending)}});
  const auto found = sessions_.find(secret_of(*pending));
  const auto confirmed = sessions_.confirm_second_factor(**found, with_cookie);
  ASSERT_TRUE(confirmed);
  EXPECT_FALSE(alive(*pending));
  const auto now = sessions_.find(secret_of(*confirmed));
  ASSERT_TRUE(now.value());
  EXPECT_FALSE((*now)->pending);
  EXPECT_EQ((*now)->second_factor_at, clock_.now());
  EXPECT_NE((*now)->csrf_token, (*found)->csrf_token);
  EXPECT_THAT(audited(), Contains("sign_in"));
  // The old cookie confirms nothing any more.
  EXPECT_EQ(code_of(sessions_.confirm_second_factor(**found, with_cookie)), "not_signed_in");
}

TEST_F(SessionsTest, EndsOneOrAnother) {
  const auto first = sessions_.start(alice_, request(), false);
  const auto second = sessions_.start(alice_, request(), false);
  ASSERT_EQ(sessions_.list(alice_.id)->size(), 2u);
  EXPECT_TRUE((*sessions_.list(alice_.id))[0].csrf_token.empty());
  ASSERT_TRUE(sessions_.end(first->session, actor(alice_)));
  EXPECT_TRUE(sessions_.end(first->session, actor(alice_)));  // again is fine
  EXPECT_FALSE(alive(*first));
  EXPECT_EQ(code_of(sessions_.end_by_id(alice_, second->session.id, actor(bob_))),
            "administrator_only");
  EXPECT_TRUE(sessions_.end_by_id(bob_, second->session.id, actor(bob_)));  // not bob's: no effect
  EXPECT_TRUE(alive(*second));
  EXPECT_TRUE(sessions_.end_by_id(alice_, second->session.id, actor(alice_)));
  EXPECT_FALSE(alive(*second));
}

TEST_F(SessionsTest, PurgesOnlyTheExpired) {
  sessions_.start(alice_, request(), true).value();
  const auto kept = sessions_.start(alice_, request(), false);
  clock_.advance(10min);
  EXPECT_EQ(sessions_.purge_expired().value(), 1);
  EXPECT_TRUE(alive(*kept));
}

TEST(Csrf, TheTokenMustBeTheSessions) {
  BrowserSession session{.csrf_token = csrf_token_of("secret")};
  const std::string good = session.csrf_token;
  const struct {
    http::Headers headers;
    std::string body;
    bool accepted;
  } cases[] = {
      {{{"X-CSRF-Token", good}}, "", true},
      {{{"content-type", "application/x-www-form-urlencoded"}}, "a=b&csrf_token=" + good, true},
      {{}, "", false},
      {{{"X-CSRF-Token", ""}}, "", false},
      {{{"X-CSRF-Token", csrf_token_of("other")}}, "", false},
      {{{"X-CSRF-Token", good + "x"}}, "", false},
      {{{"content-type", "application/x-www-form-urlencoded"}}, "csrf_token=", false},
      // A foreign page can send text/plain that looks like a form, so that is not read as one.
      {{{"content-type", "text/plain"}}, "csrf_token=" + good, false},
      {{{"content-type", "application/x-www-form-urlencoded"}},
       "csrf_token=x&csrf_token=" + good,
       false},
  };
  for (const auto& [headers, body, accepted] : cases) {
    http::Request request;
    request.headers = headers;
    request.body = body;
    EXPECT_EQ(check_csrf(request, session).has_value(), accepted) << body;
  }
}

TEST(Csrf, AnEmptyTokenNeverMatches) {
  EXPECT_FALSE(check_csrf(http::Request{}, BrowserSession{}));
}

TEST(Csrf, TokensOfDifferentSessionsDiffer) {
  EXPECT_NE(csrf_token_of("a"), csrf_token_of("b"));
  EXPECT_EQ(csrf_token_of("a"), csrf_token_of("a"));
}

TEST(Csrf, SameOrigin) {
  const struct {
    http::Headers headers;
    bool accepted;
  } cases[] = {
      {{}, true},  // curl, or a browser from before these headers
      {{{"Sec-Fetch-Site", "same-origin"}}, true},
      {{{"Sec-Fetch-Site", "none"}}, true},  // typed, or from a bookmark
      {{{"Sec-Fetch-Site", "cross-site"}}, false},
      {{{"Sec-Fetch-Site", "same-site"}}, false},  // a neighbour's subdomain
      {{{"Origin", "https://npm.example.test:4873"}}, true},
      {{{"Origin", "http://npm.example.test:4873"}}, false},
      {{{"Origin", "https://npm.example.test"}}, false},
      {{{"Origin", "https://npm.example.test:4873.evil.test"}}, false},
      {{{"Origin", "null"}}, false},
      {{{"Sec-Fetch-Site", "same-origin"}, {"Origin", "https://evil.test"}}, false},
  };
  for (const auto& [headers, accepted] : cases) {
    http::Request request;
    request.headers = headers;
    EXPECT_EQ(check_same_origin(request, "https://npm.example.test:4873/prefix").has_value(),
              accepted)
        << (headers.empty() ? "" : headers.back().second);
  }
}

}  // namespace
}  // namespace imp::accounts
