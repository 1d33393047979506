#include "hooks/sender.h"

#include <atomic>
#include <boost/json.hpp>
#include <latch>

#include "../db/temporary_directory.h"
#include "../http/test_server.h"
#include "hooks/refusal.h"
#include "hooks/signature.h"

namespace imp::hooks {
namespace {

using http::Request;
using http::Response;

/// The outbox over a file, and a receiver that behaves as a test says.
class SenderTest : public http::test::ServerTest {
 protected:
  SenderTest() {
    open();
    // What every receiver does but for those of a test's own.
    handle = [](const Request&) { return http::text(200, "thanks"); };
    router.add(http::Method::post, "/hook/{name}", [this](const Request& request) {
      {
        const std::lock_guard lock(mutex);
        received.push_back(request);
      }
      return handle(request);
    });
  }

  void open() {
    database = std::move(db::open_sqlite({.path = directory.file("hooks.db")}).value());
    EXPECT_TRUE(database->migrate(migrations()));
  }
  void make_sender(SenderOptions options = {}) {
    options.private_addresses = true;
    options.timeout = Milliseconds(500);
    sender = std::make_unique<Sender>(*database, *client, sealer, now, log, metrics, options);
  }
  Hook add(const std::string& name, std::vector<std::string> events = {}) {
    const Hook hook{.id = "hook-" + name,
                    .target = {Target::Kind::package, "lib"},
                    .url = "http://127.0.0.1:" + std::to_string(port()) + "/hook/" + name,
                    .events = std::move(events),
                    .created_by = "ann",
                    .created = now.now(),
                    .paused = {}};
    write([&](db::Session& session) {
      add_hook(session, hook, sealer.seal(kSecret, hook_purpose(hook.id)));
    });
    return hook;
  }
  void tell(const Hook& hook, const std::string& type = "release.staged") {
    write(
        [&](db::Session& session) { queue(session, hook, type, {{"package", "lib"}}, now.now()); });
  }
  template <class Body>
  void write(Body body) {
    const auto done = database->write([&](db::Session& session) -> Result<void> {
      body(session);
      return {};
    });
    ASSERT_TRUE(done) << done.error().detail;
  }
  /// From now on nothing can be written of what came of deliveries to "hook-full".
  void break_store() {
    write([](db::Session& session) {
      session.run(
          "CREATE TRIGGER broken BEFORE UPDATE ON hook_delivery WHEN NEW.hook_id = 'hook-full' "
          "BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END");
    });
  }
  void repair_store() {
    write([](db::Session& session) { session.run("DROP TRIGGER broken"); });
  }
  std::vector<Delivery> log_of(const Hook& hook) {
    return database
        ->read([&](db::Session& session) -> Result<std::vector<Delivery>> {
          return deliveries_of(session, hook.id, 100);
        })
        .value();
  }
  std::size_t count_of(const std::string& name) {
    const std::lock_guard lock(mutex);
    return static_cast<std::size_t>(
        std::ranges::count_if(received, [&](const Request& r) { return r.param("name") == name; }));
  }

  static constexpr std::string_view kSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
  ManualClock now{from_milliseconds(1'790'000'000'000)};
  crypto::Sealer sealer{Bytes(32, 7)};
  test::TemporaryDirectory directory;
  std::unique_ptr<db::Database> database;
  std::unique_ptr<http::Client> client = http::make_client();
  std::function<Response(const Request&)> handle;
  std::mutex mutex;
  std::vector<Request> received;
  std::unique_ptr<Sender> sender;
};

// The example of the Standard Webhooks specification.
TEST(Signature, IsThatOfStandardWebhooks) {
  const auto secret = secret_bytes("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
  ASSERT_TRUE(secret);
  EXPECT_EQ(
      signature(*secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, R"({"test": 2432232314})"),
      "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
}

TEST_F(SenderTest, DeliversOnceSignedAndLogged) {
  start();
  make_sender();
  const Hook hook = add("one");
  EXPECT_FALSE(sender->send_one(false));
  tell(hook);
  EXPECT_TRUE(sender->send_one(false));
  EXPECT_FALSE(sender->send_one(false));
  ASSERT_EQ(received.size(), 1u);
  const Request& request = received.front();
  EXPECT_EQ(request.header("content-type"), "application/json");
  EXPECT_EQ(request.header("webhook-timestamp"), "1790000000");
  EXPECT_EQ(
      request.header("webhook-signature"),
      signature(*secret_bytes(kSecret), request.header("webhook-id"), 1'790'000'000, request.body));
  const auto body = boost::json::parse(request.body).as_object();
  EXPECT_EQ(body.at("type"), boost::json::value("release.staged"));
  EXPECT_EQ(body.at("data").at("package"), boost::json::value("lib"));
  const Delivery logged = log_of(hook).front();
  EXPECT_EQ(logged.state, Delivery::State::delivered);
  EXPECT_EQ(logged.id, request.header("webhook-id"));
  EXPECT_EQ(logged.last_status, 200);
  EXPECT_EQ(logged.last_answer, "thanks");
}

// Each second, by each thread: what is not to be sent must cost nothing.
TEST_F(SenderTest, ALookReadsOnlyWhatItSends) {
  const auto plan = database->read([](db::Session& session) -> Result<std::string> {
    std::string text;
    for (const db::Row& row :
         session.rows("EXPLAIN QUERY PLAN SELECT id FROM hook WHERE due_at <= :p1 AND slow = :p2 "
                      "AND paused = '' ORDER BY due_at LIMIT :p3",
                      {1, 0, 1})) {
      text += row.text(3) + "; ";
    }
    return text;
  });
  ASSERT_TRUE(plan) << plan.error().detail;
  EXPECT_TRUE(plan->contains("INDEX hook_due (slow=? AND due_at<?)")) << *plan;
}

// "Answer with 2xx": how much more is said does not matter.
TEST_F(SenderTest, ALongAnswerIsAnAnswer) {
  handle = [](const Request&) { return http::text(202, std::string(300'000, 'x')); };
  start();
  make_sender();
  const Hook hook = add("one");
  tell(hook);
  EXPECT_TRUE(sender->send_one(false));
  const Delivery logged = log_of(hook).front();
  EXPECT_EQ(logged.state, Delivery::State::delivered);
  EXPECT_EQ(logged.last_answer.size(), kAnswerKept);
}

TEST_F(SenderTest, WhatIsAskedForDuringAnAttemptIsSentAfterIt) {
  start();
  make_sender();
  const Hook hook = add("one");
  tell(hook);
  const std::string id = log_of(hook).front().id;
  write([&](db::Session& session) { session.run("UPDATE hook_delivery SET attempts = 7"); });
  handle = [&](const Request&) {
    write([&](db::Session& session) { EXPECT_TRUE(redeliver(session, hook.id, id, now.now())); });
    return http::text(500, "no");
  };
  EXPECT_TRUE(sender->send_one(false));
  EXPECT_EQ(log_of(hook).front().state, Delivery::State::pending);
  EXPECT_EQ(log_of(hook).front().attempts, 0);
  handle = [](const Request&) { return http::text(200, "thanks"); };
  EXPECT_TRUE(sender->send_one(true));
  EXPECT_EQ(log_of(hook).front().state, Delivery::State::delivered);
}

TEST_F(SenderTest, WhatFailsIsTriedAgainLaterUnderItsId) {
  handle = [](const Request&) { return http::text(500, std::string(5000, 'x')); };
  start();
  make_sender();
  const Hook hook = add("one");
  tell(hook);
  const std::array<Milliseconds, 7> waits = {std::chrono::seconds(5), std::chrono::minutes(1),
                                             std::chrono::minutes(5), std::chrono::minutes(30),
                                             std::chrono::hours(2),   std::chrono::hours(6),
                                             std::chrono::hours(12)};
  EXPECT_TRUE(sender->send_one(false));
  for (const Milliseconds wait : waits) {
    EXPECT_EQ(log_of(hook).front().state, Delivery::State::pending);
    now.advance(wait - Milliseconds(1));
    EXPECT_FALSE(sender->send_one(true));
    now.advance(Milliseconds(1));
    // It failed, so it is the slow ones' turn.
    EXPECT_FALSE(sender->send_one(false));
    EXPECT_TRUE(sender->send_one(true));
  }
  const Delivery given_up = log_of(hook).front();
  EXPECT_EQ(given_up.state, Delivery::State::failed);
  EXPECT_EQ(given_up.attempts, 8);
  EXPECT_EQ(given_up.last_status, 500);
  EXPECT_LE(given_up.last_answer.size(), kAnswerKept);
  now.advance(std::chrono::hours(100));
  EXPECT_FALSE(sender->send_one(true));
  EXPECT_EQ(received.size(), 8u);
  for (const Request& request : received) {
    EXPECT_EQ(request.header("webhook-id"), given_up.id);
  }
  // By hand, with all its attempts again.
  handle = [](const Request&) { return http::text(204, ""); };
  write([&](db::Session& session) {
    EXPECT_TRUE(redeliver(session, hook.id, given_up.id, now.now()));
    EXPECT_FALSE(redeliver(session, "hook-other", given_up.id, now.now()));
  });
  EXPECT_TRUE(sender->send_one(true));
  EXPECT_EQ(log_of(hook).front().state, Delivery::State::delivered);
  EXPECT_EQ(log_of(hook).size(), 1u);
  EXPECT_EQ(received.back().header("webhook-id"), given_up.id);
}

TEST_F(SenderTest, RedirectsAreNotFollowed) {
  handle = [](const Request& request) {
    if (request.param("name") == "there") return http::text(200, "");
    Response response = http::text(307, "");
    response.header("location", "/hook/there");
    return response;
  };
  start();
  make_sender();
  const Hook hook = add("one");
  tell(hook);
  EXPECT_TRUE(sender->send_one(false));
  EXPECT_EQ(log_of(hook).front().state, Delivery::State::pending);
  EXPECT_EQ(log_of(hook).front().last_answer, "Redirects are not followed.");
  EXPECT_EQ(count_of("there"), 0u);
}

// Without the operator's word nothing goes to an address of this machine, and nothing in the clear.
TEST_F(SenderTest, PrivateAddressesAreRefused) {
  start();
  Sender careful(*database, *client, sealer, now, log, metrics, {});
  const Hook hook = add("one");
  tell(hook);
  EXPECT_TRUE(careful.send_one(false));
  EXPECT_EQ(log_of(hook).front().state, Delivery::State::pending);
  EXPECT_EQ(log_of(hook).front().last_status, 0);
  write([&](db::Session& session) {
    session.run("UPDATE hook SET url = 'https://127.0.0.1:1/', slow = 0, due_at = 0");
    session.run("UPDATE hook_delivery SET next_at = 0");
  });
  EXPECT_TRUE(careful.send_one(false));
  EXPECT_TRUE(log_of(hook).front().last_answer.contains("address"))
      << log_of(hook).front().last_answer;
  EXPECT_EQ(received.size(), 0u);
}

TEST_F(SenderTest, AReceiverThatClosesOrIsAwayIsTriedAgain) {
  start();
  make_sender();
  const Hook hook = add("one");
  write([&](db::Session& session) {
    session.run("UPDATE hook SET url = 'http://127.0.0.1:1/'");  // nobody listens there
  });
  tell(hook);
  EXPECT_TRUE(sender->send_one(false));
  EXPECT_EQ(log_of(hook).front().state, Delivery::State::pending);
  EXPECT_FALSE(log_of(hook).front().last_answer.empty());
}

// Slow receivers have threads of their own: however many there are, the others do not wait.
TEST_F(SenderTest, ASlowReceiverDelaysNoOther) {
  std::atomic<bool> hold = true;
  handle = [&](const Request& request) {
    while (hold && request.param("name").starts_with("slow")) {
      std::this_thread::sleep_for(Milliseconds(1));
    }
    return http::text(200, "");
  };
  options.database_workers = 64;
  start();
  make_sender({.quick_threads = 2, .slow_threads = 1, .pause = Milliseconds(1)});
  std::vector<Hook> slow;
  for (int i = 0; i < 6; ++i) slow.push_back(add("slow" + std::to_string(i)));
  write([&](db::Session& session) { session.run("UPDATE hook SET slow = 1"); });
  const Hook quick = add("quick");
  for (const Hook& hook : slow) tell(hook);
  sender->start();
  for (int i = 0; i < 20; ++i) {
    tell(quick);
    ASSERT_TRUE(http::test::eventually([&] { return count_of("quick") == std::size_t(i) + 1; }));
  }
  hold = false;
  sender->stop();
}

// One delivery at a time goes to a receiver, whatever number of threads there is.
TEST_F(SenderTest, ThreadsShareTheWorkAndRepeatNothing) {
  std::atomic<int> inside = 0, most = 0;
  handle = [&](const Request&) {
    const int now_inside = ++inside;
    if (now_inside > most) most = now_inside;
    --inside;
    return http::text(200, "");
  };
  start();
  make_sender({.quick_threads = 6, .slow_threads = 2, .pause = Milliseconds(1)});
  const Hook hook = add("one");
  for (int i = 0; i < 60; ++i) tell(hook);
  sender->start();
  EXPECT_TRUE(http::test::eventually([&] {
    return std::ranges::all_of(log_of(hook), [](const Delivery& delivery) {
      return delivery.state == Delivery::State::delivered;
    });
  }));
  sender->stop();
  EXPECT_EQ(received.size(), 60u);
  EXPECT_EQ(most, 1);
}

// Killed after the receiver had it, before that was written: it comes again, under the same id.
TEST_F(SenderTest, WhatWasUnderWayIsSentAgainAfterARestart) {
  start();
  make_sender();
  const Hook hook = add("one");
  tell(hook);
  std::latch arrived(1);
  std::atomic<bool> hold = true;
  handle = [&](const Request&) {
    if (hold) arrived.count_down();
    while (hold) std::this_thread::sleep_for(Milliseconds(1));
    return http::text(200, "");
  };
  make_sender({.quick_threads = 1, .slow_threads = 0, .pause = Milliseconds(1)});
  sender->start();
  arrived.wait();
  sender->stop();
  sender.reset();
  hold = false;
  database.reset();
  open();
  make_sender();
  EXPECT_EQ(log_of(hook).front().attempts, 0);
  EXPECT_TRUE(sender->send_one(false));
  EXPECT_EQ(log_of(hook).front().state, Delivery::State::delivered);
  ASSERT_EQ(received.size(), 2u);
  EXPECT_EQ(received[0].header("webhook-id"), received[1].header("webhook-id"));
}

// A full disk must not make of one delivery one each second.
TEST_F(SenderTest, WhatCannotBeWrittenIsNotSentAgain) {
  start();
  make_sender();
  const Hook full = add("full"), other = add("other");
  tell(full);
  const Time told_at = now.now();
  break_store();
  EXPECT_FALSE(sender->send_one(false));
  EXPECT_EQ(count_of("full"), 1u);
  tell(full);  // waits for the first
  for (int second = 0; second < 100; ++second) {
    now.advance(std::chrono::seconds(1));
    EXPECT_FALSE(sender->send_one(false));
    EXPECT_FALSE(sender->send_one(true));
  }
  EXPECT_EQ(count_of("full"), 1u);
  EXPECT_EQ(log_of(full).back().state, Delivery::State::pending);
  // Others are not held up.
  tell(other);
  EXPECT_TRUE(sender->send_one(false));
  EXPECT_EQ(log_of(other).front().state, Delivery::State::delivered);
  repair_store();
  now.advance(std::chrono::minutes(1));
  EXPECT_TRUE(sender->send_one(true));
  EXPECT_EQ(count_of("full"), 1u);
  EXPECT_EQ(log_of(full).back().state, Delivery::State::delivered);
  EXPECT_EQ(log_of(full).back().last, told_at);
  EXPECT_TRUE(sender->send_one(false));
  EXPECT_EQ(count_of("full"), 2u);
  EXPECT_EQ(log_of(full).front().state, Delivery::State::delivered);
  EXPECT_FALSE(sender->send_one(false));
}

TEST_F(SenderTest, WhatFailedAndCannotBeWrittenWaitsAsLongAsIfItWere) {
  handle = [](const Request&) { return http::text(500, "no"); };
  start();
  make_sender();
  const Hook hook = add("full");
  tell(hook);
  break_store();
  EXPECT_FALSE(sender->send_one(false));
  repair_store();
  now.advance(std::chrono::seconds(4));
  EXPECT_FALSE(sender->send_one(false));
  // Its second attempt is due five seconds after the first, not after it was written.
  now.advance(std::chrono::seconds(1));
  EXPECT_TRUE(sender->send_one(false));  // writes
  EXPECT_EQ(log_of(hook).front().attempts, 1);
  EXPECT_TRUE(sender->send_one(true));
  EXPECT_EQ(log_of(hook).front().attempts, 2);
  EXPECT_EQ(count_of("full"), 2u);
}

// The webhook may be removed meanwhile: what came of its delivery is nothing to keep then.
TEST_F(SenderTest, WhatIsHeldOfARemovedWebhookIsLetGo) {
  start();
  make_sender();
  const Hook hook = add("full");
  tell(hook);
  break_store();
  EXPECT_FALSE(sender->send_one(false));
  write([&](db::Session& session) { remove_hook(session, hook.id); });
  now.advance(std::chrono::seconds(5));
  EXPECT_TRUE(sender->send_one(false));
  EXPECT_FALSE(sender->send_one(false));
}

TEST_F(SenderTest, TheOutboxAndTheLogAreBounded) {
  start();
  Hook hook = add("one");
  write([&](db::Session& session) {
    for (std::int64_t i = 0; i < kMostWaiting; ++i) {
      EXPECT_EQ(queue(session, hook, "release.staged", {}, now.now()), "");
    }
    hook.paused = queue(session, hook, "release.staged", {}, now.now());
    EXPECT_EQ(hook.paused, "1000 deliveries wait already.");
    EXPECT_EQ(session.row("SELECT COUNT(*) FROM hook_delivery")->integer(0), kMostWaiting);
    EXPECT_FALSE(due_hooks(session, false, now.now(), 10).empty());
    update_hook(session, hook, std::nullopt);
    EXPECT_TRUE(due_hooks(session, false, now.now(), 10).empty());
    session.run("UPDATE hook_delivery SET state = 'delivered'");
    EXPECT_FALSE(any_old_delivery(session, now.now()));
    now.advance(kLogLife);
    EXPECT_TRUE(any_old_delivery(session, now.now()));
    EXPECT_EQ(forget_old_deliveries(session, now.now(), 10), 10);
  });
}

TEST(HookRequests, AreChecked) {
  const std::array<std::string_view, 2> known = {"a", "b"};
  const auto outcome = [&](HookRequest request, bool private_addresses = false) {
    return check(request, known, private_addresses).has_value();
  };
  EXPECT_TRUE(outcome({.url = "https://example.org/hook?x=1", .events = {"a"}}));
  EXPECT_TRUE(outcome({.url = "http://example.org/", .events = {}}, true));
  for (const char* url :
       {"", "http://example.org/", "ftp://example.org/", "/hook", "example.org", "https://",
        "https://a:b@example.org/", "https://example.org/#x", "https://exa mple.org/",
        "https://example.org/\n", "file:///etc/passwd", "javascript:alert(1)"}) {
    EXPECT_FALSE(outcome({.url = url, .events = {}})) << url;
  }
  EXPECT_FALSE(outcome({.url = "https://example.org/" + std::string(2000, 'x'), .events = {}}));
  EXPECT_FALSE(outcome({.url = "https://example.org/", .events = {"c"}}));
  for (const char* secret :
       {"x", "whsec_", "whsec_YQ==", "whsec_!", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}) {
    EXPECT_FALSE(outcome({.url = "https://example.org/", .events = {}, .secret = secret}))
        << secret;
  }
}

}  // namespace
}  // namespace imp::hooks
