#include "mail/outbox.h"

#include "../db/temporary_directory.h"
#include "audit/log.h"
#include "base/retry.h"
#include "mail/notice.h"
#include "mail/refusal.h"
#include "mail/sender.h"

namespace imp::mail {
namespace {

using State = Letter::State;
using Outcome = Sent::Outcome;

/// A mail server that answers as a test says.
class FakeTransport final : public Transport {
 public:
  Sent send(const std::string& from, const std::string& to, const std::string& mime,
            const std::function<bool()>& give_up) override {
    sent.push_back({from, to, mime});
    return answer(to, give_up);
  }
  void rest() override { ++rests; }

  struct Handed {
    std::string from, to, mime;
  };
  std::vector<Handed> sent;
  int rests = 0;
  std::function<Sent(const std::string& to, const std::function<bool()>& give_up)> answer =
      [](const std::string&, const std::function<bool()>&) {
        return Sent{Outcome::delivered, "250 OK"};
      };
  void always(Outcome outcome, std::string line) {
    answer = [=](const std::string&, const std::function<bool()>&) { return Sent{outcome, line}; };
  }
};

class OutboxTest : public testing::Test {
 protected:
  OutboxTest() {
    open();
    write([&](db::Session& session) { set_up(session, "https://npm.example.org", now.now()); });
    make_sender();
  }
  void open() {
    database = std::move(db::open_sqlite({.path = directory.file("mail.db")}).value());
    EXPECT_TRUE(database->migrate(migrations()));
  }
  void make_sender() {
    sender = std::make_unique<Sender>(
        *database, transport, now, null_log(), metrics,
        SenderOptions{.from = "registry@example.org", .pause = Milliseconds(1)});
  }
  template <class Body>
  void write(Body body) {
    const auto done = database->write([&](db::Session& session) -> Result<void> {
      body(session);
      return {};
    });
    ASSERT_TRUE(done) << done.error().detail;
  }
  void add(const std::string& to = "ann@example.org", const std::string& kind = "token.create") {
    write([&](db::Session& session) { queue(session, to, kind, "Subject", "Body.\n", now.now()); });
  }
  std::vector<Letter> all(std::optional<State> state = std::nullopt) {
    return database
        ->read([&](db::Session& session) -> Result<std::vector<Letter>> {
          return letters(session, state, 1000);
        })
        .value();
  }
  Letter only() {
    const auto found = all();
    EXPECT_EQ(found.size(), 1u);
    return found.at(0);
  }

  ManualClock now{from_milliseconds(1'790'000'000'000)};
  Metrics metrics;
  test::TemporaryDirectory directory;
  std::unique_ptr<db::Database> database;
  FakeTransport transport;
  std::unique_ptr<Sender> sender;
};

TEST(Retry, IsLaterEachTimeAndEndsWithinADay) {
  using std::chrono::hours;
  Milliseconds whole{0};
  std::optional<Milliseconds> before;
  std::size_t attempts = 1;
  for (; const auto wait = retry_after(attempts); ++attempts) {
    if (before) EXPECT_GT(*wait, *before);
    before = wait;
    whole += *wait;
  }
  EXPECT_EQ(attempts, 8u);
  EXPECT_GT(whole, hours(12));
  EXPECT_LE(whole, hours(24));
  EXPECT_FALSE(retry_after(0));
}

TEST_F(OutboxTest, DeliversOnceAndKeepsALog) {
  EXPECT_FALSE(sender->send_one());
  add();
  EXPECT_TRUE(sender->send_one());
  EXPECT_FALSE(sender->send_one());
  ASSERT_EQ(transport.sent.size(), 1u);
  EXPECT_EQ(transport.sent[0].from, "registry@example.org");
  EXPECT_EQ(transport.sent[0].to, "ann@example.org");
  const Letter letter = only();
  EXPECT_EQ(letter.state, State::delivered);
  EXPECT_EQ(letter.attempts, 1);
  EXPECT_EQ(letter.last_answer, "250 OK");
  EXPECT_TRUE(transport.sent[0].mime.contains("Message-ID: <" + letter.id + "@example.org>"));
  EXPECT_TRUE(transport.sent[0].mime.contains("Subject: Subject\r\n"));
}

TEST_F(OutboxTest, WhatIsRolledBackIsToldToNobody) {
  const auto failed = database->write([&](db::Session& session) -> Result<void> {
    queue(session, "ann@example.org", "token.create", "Subject", "Body", now.now());
    return refuse(MailRefusal::mail_not_found, "Something else went wrong.");
  });
  EXPECT_FALSE(failed);
  EXPECT_TRUE(all().empty());
  EXPECT_FALSE(sender->send_one());
}

TEST_F(OutboxTest, WhatCannotBeTakenNowIsTriedAgainLaterUnderItsId) {
  transport.always(Outcome::later, "451 4.7.1 Greylisted");
  add();
  EXPECT_TRUE(sender->send_one());
  for (std::size_t attempts = 1; const auto wait = retry_after(attempts); ++attempts) {
    EXPECT_EQ(only().state, State::pending);
    now.advance(*wait - Milliseconds(1));
    EXPECT_FALSE(sender->send_one());
    now.advance(Milliseconds(1));
    EXPECT_TRUE(sender->send_one());
  }
  EXPECT_EQ(only().state, State::failed);
  EXPECT_EQ(only().attempts, 8);
  EXPECT_EQ(only().last_answer, "451 4.7.1 Greylisted");
  now.advance(std::chrono::hours(48));
  EXPECT_FALSE(sender->send_one());
  for (const auto& handed : transport.sent) EXPECT_EQ(handed.mime, transport.sent[0].mime);
}

TEST_F(OutboxTest, WhatIsRefusedForGoodIsGivenUpAtOnceAndCanBeSentAgainByHand) {
  transport.always(Outcome::refused, "550 5.1.1 No such user \x1b[31m");
  add();
  add("bob@example.org");
  EXPECT_TRUE(sender->send_one());
  EXPECT_TRUE(sender->send_one());
  EXPECT_EQ(all(State::failed).size(), 2u);
  EXPECT_EQ(all(State::failed)[0].last_answer, "550 5.1.1 No such user [31m");
  now.advance(std::chrono::hours(48));
  EXPECT_FALSE(sender->send_one());
  transport.always(Outcome::delivered, "250 OK");
  const std::string failed = all(State::failed)[0].id;
  write([&](db::Session& session) {
    EXPECT_FALSE(retry(session, "no such id", now.now()));
    EXPECT_TRUE(retry(session, failed, now.now()));
  });
  EXPECT_TRUE(sender->send_one());
  EXPECT_FALSE(sender->send_one());
  write([&](db::Session& session) {
    EXPECT_FALSE(retry(session, failed, now.now()));
    EXPECT_EQ(retry_failed(session, now.now()), 1);
  });
  EXPECT_TRUE(sender->send_one());
  EXPECT_EQ(all(State::delivered).size(), 2u);
}

// One message's recipient says nothing of the others, and a server that is away says all of it.
TEST_F(OutboxTest, AServerThatFailsIsLeftAlone) {
  for (int i = 0; i < 10; ++i) add(fmt::format("p{}@example.org", i));
  transport.always(Outcome::server_failed, "Could not connect");
  EXPECT_TRUE(sender->send_one());
  EXPECT_FALSE(sender->send_one());
  Milliseconds wait = std::chrono::seconds(5);
  for (int i = 0; i < 6; ++i) {
    now.advance(wait - Milliseconds(1));
    EXPECT_FALSE(sender->send_one());
    now.advance(Milliseconds(1));
    EXPECT_TRUE(sender->send_one());
    wait = std::min<Milliseconds>(wait * 2, std::chrono::minutes(1));
  }
  EXPECT_EQ(transport.sent.size(), 7u);
  // It is back: what waits does not wait for its own next time only.
  transport.always(Outcome::delivered, "250 OK");
  now.advance(std::chrono::minutes(5));
  while (sender->send_one()) {
  }
  EXPECT_EQ(all(State::delivered).size(), 10u);
}

TEST_F(OutboxTest, AClockThatIsSetBackDoesNotStopTheMail) {
  transport.always(Outcome::server_failed, "Could not connect");
  add();
  EXPECT_TRUE(sender->send_one());
  now.advance(-std::chrono::hours(24));
  transport.always(Outcome::delivered, "250 OK");
  add("bob@example.org");
  EXPECT_TRUE(sender->send_one());
  EXPECT_EQ(all(State::delivered).size(), 1u);
}

// A flood of one kind says so and ends; it hides no message of another kind, nor anybody else's.
TEST_F(OutboxTest, AFloodIsCutAndSaysSo) {
  for (std::int64_t i = 0; i < kMostOfAKind + 30; ++i) {
    add(i % 2 == 0 ? "ann@example.org" : "Ann@Example.org");
  }
  EXPECT_EQ(all().size(), static_cast<std::size_t>(kMostOfAKind));
  std::size_t said = 0;
  for (const Letter& letter : all())
    said += letter.body.contains("MORE OF THEM ARE NOT SENT") ? 1 : 0;
  EXPECT_EQ(said, 1u);
  add("ann@example.org", "second_factor.disable");
  add("bob@example.org");
  EXPECT_EQ(all().size(), static_cast<std::size_t>(kMostOfAKind) + 2);
  write([&](db::Session& session) { EXPECT_EQ(left_out(session), 30); });
  now.advance(kLimitWindow);
  add();
  std::size_t counted = 0;
  for (const Letter& letter : all()) {
    counted += letter.body.contains("30 of the same kind were not sent") ? 1 : 0;
  }
  EXPECT_EQ(counted, 1u);
}

TEST_F(OutboxTest, AnAddressThatCannotBeSentToIsThereAsFailed) {
  add("ann@example.org\r\nRCPT TO:<eve@example.org>");
  EXPECT_FALSE(sender->send_one());
  EXPECT_EQ(only().state, State::failed);
  const std::string id = only().id;
  write([&](db::Session& session) {
    EXPECT_FALSE(retry(session, id, now.now()));
    EXPECT_EQ(retry_failed(session, now.now()), 0);
  });
}

// Killed after the mail server had it, before that was written: it comes again, as the same
// message.
TEST_F(OutboxTest, WhatWasUnderWayIsSentAgainAfterARestart) {
  add();
  std::atomic<bool> arrived = false;
  transport.answer = [&](const std::string&, const std::function<bool()>& give_up) {
    arrived = true;
    while (!give_up()) std::this_thread::sleep_for(Milliseconds(1));
    return Sent{Outcome::stopped, ""};
  };
  sender->start();
  while (!arrived) std::this_thread::sleep_for(Milliseconds(1));
  sender->stop();
  sender.reset();
  database.reset();
  open();
  transport.always(Outcome::delivered, "250 OK");
  make_sender();
  EXPECT_EQ(only().attempts, 0);
  EXPECT_TRUE(sender->send_one());
  EXPECT_EQ(only().state, State::delivered);
  ASSERT_EQ(transport.sent.size(), 2u);
  EXPECT_EQ(transport.sent[0].mime, transport.sent[1].mime);
}

// A disk that is full must not make a flood of one message.
TEST_F(OutboxTest, WhatCouldNotBeMarkedAsSentIsNotSentAgainAndAgain) {
  add();
  add("bob@example.org");
  write([&](db::Session& session) {
    session.run("CREATE TRIGGER full BEFORE UPDATE ON mail BEGIN SELECT RAISE(ABORT, 'full'); END");
  });
  for (int i = 0; i < 5; ++i) EXPECT_FALSE(sender->send_one());
  EXPECT_EQ(transport.sent.size(), 1u);
  write([&](db::Session& session) { session.run("DROP TRIGGER full"); });
  EXPECT_TRUE(sender->send_one());
  EXPECT_EQ(transport.sent.size(), 1u);
  EXPECT_TRUE(sender->send_one());
  EXPECT_FALSE(sender->send_one());
  EXPECT_EQ(transport.sent.size(), 2u);
  EXPECT_EQ(all(State::delivered).size(), 2u);
}

TEST_F(OutboxTest, WithoutAServerNothingIsQueuedAndWhatWaitsIsGivenUp) {
  add();
  const audit::Record record{.at = now.now(),
                             .actor = "user:ann",
                             .action = "account.password",
                             .subject = "user:ann",
                             .outcome = "granted"};
  write([&](db::Session& session) {
    set_up(session, std::nullopt, now.now());
    tell(session, {"ann@example.org"}, record);
  });
  EXPECT_EQ(only().state, State::failed);
  write([&](db::Session& session) {
    set_up(session, "https://npm.example.org", now.now());
    tell(session, {"ann@example.org", "ann@example.org"}, record);
  });
  EXPECT_EQ(all(State::pending).size(), 1u);
  EXPECT_EQ(all(State::pending)[0].kind, "account.password");
}

TEST_F(OutboxTest, TheLogIsForgottenAfterSomeDays) {
  add();
  add("bob@example.org");
  EXPECT_TRUE(sender->send_one());
  now.advance(kLogLife);
  EXPECT_TRUE(tidy(*database, now, metrics));
  EXPECT_EQ(all().size(), 1u);  // what waits is kept
  EXPECT_EQ(all()[0].state, State::pending);
  write([&](db::Session& session) { EXPECT_FALSE(any_old(session, now.now())); });
}

}  // namespace
}  // namespace imp::mail
