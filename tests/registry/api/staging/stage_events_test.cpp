#include "registry/staging/stage_events.h"

#include "http/event_stream.h"
#include "registry/api/registry_fixture.h"
#include "registry/api/staging/stage_expiry.h"
#include "registry/api/staging/stage_listener.h"

namespace imp::registry::test {
namespace {

/// One event as a listener reads it.
struct Told {
  std::string name, id;
  json::object data;
  std::string text() const {
    const auto* version = data.if_contains("version");
    return name + (version ? " " + std::string(version->as_string()) : std::string());
  }
};

/// Of a step's bytes; what has an id and no data is no event.
std::vector<Told> events_of(std::string_view bytes) {
  std::vector<Told> events;
  while (!bytes.empty()) {
    const std::size_t end = bytes.find("\n\n");
    std::string_view block = bytes.substr(0, end);
    bytes.remove_prefix(end == std::string_view::npos ? bytes.size() : end + 2);
    Told told;
    while (!block.empty()) {
      const std::string_view line = block.substr(0, block.find('\n'));
      block.remove_prefix(std::min(block.size(), line.size() + 1));
      if (line.starts_with("event: ")) told.name = line.substr(7);
      if (line.starts_with("id: ")) told.id = line.substr(4);
      if (line.starts_with("data: ")) told.data = json::parse(line.substr(6)).as_object();
    }
    if (!told.name.empty()) events.push_back(std::move(told));
  }
  return events;
}

/// @acme/lib, which alice governs and bob may publish, and a package of somebody else.
class StageEventsTest : public RegistryTest {
 protected:
  StageEventsTest() {
    acme = add_organization("acme", alice);
    set_member(acme, bob, accounts::Role::member);
    EXPECT_EQ(publish(alice.token, "@acme/lib", "1.0.0", otp(alice)).status, 201);
    EXPECT_EQ(publish(carol.token, "@carol/lib", "1.0.0").status, 201);
  }

  using Next = std::function<http::StreamStep()>;
  http::Response response(const std::string& token, const std::string& last = {},
                          const std::string& query = {}) {
    http::Request request;
    request.target = "/-/stage/events" + query;
    request.remote_address = "192.0.2.1";
    request.received = clock_.now();
    if (!token.empty()) request.headers.emplace_back("authorization", "Bearer " + token);
    if (!last.empty()) request.headers.emplace_back("last-event-id", last);
    return router_.match(request).route->handler(request);
  }
  Next listen(const std::string& token, const std::string& last = {},
              const std::string& query = {}) {
    http::Response opened = response(token, last, query);
    EXPECT_EQ(opened.status, 200);
    auto* body = std::get_if<http::StreamBody>(&opened.body);
    return body ? std::move(body->next) : Next();
  }
  /// What is told until there is nothing to tell; "end" when the stream ends.
  static std::vector<Told> heard(const Next& next) {
    std::vector<Told> all;
    while (true) {
      const http::StreamStep step = next();
      for (Told& told : events_of(step.bytes)) all.push_back(std::move(told));
      if (step.done) all.push_back({"end", {}, {}});
      if (step.done || !step.wait_topic.empty()) return all;
    }
  }
  static std::vector<std::string> texts(const std::vector<Told>& events) {
    std::vector<std::string> out;
    for (const Told& told : events) out.push_back(told.text());
    return out;
  }
  std::string staged(std::string_view version, std::string_view name = "@acme/lib") {
    const Answer answer = stage(name == "@acme/lib" ? bob.token : carol.token, name, version);
    EXPECT_EQ(answer.status, 201) << answer.body;
    return answer.text("stageId");
  }
  Answer decide(Method method, const std::string& id, const User& user, std::string body = {}) {
    return ask({.method = method,
                .target = "/-/stage/" + id + (method == Method::post ? "/approve" : ""),
                .token = user.token,
                .otp = otp(user),
                .body = std::move(body)});
  }
  std::string last_event() { return get("/-/stage", alice.token).text("lastEventId"); }

  User alice = add_user("alice", true), bob = add_user("bob", true), carol = add_user("carol"),
       mallory = add_user("mallory");
  accounts::Organization acme;
  using Texts = std::vector<std::string>;
};

TEST_F(StageEventsTest, TellsWhatHappensFromNowOn) {
  staged("1.1.0");
  const Next next = listen(alice.token);
  EXPECT_EQ(texts(heard(next)), Texts());
  bool woken = false;
  const auto subscription = waiters_.subscribe(next().wait_topic, [&] { woken = true; });
  ASSERT_EQ(ask({.method = Method::put,
                 .target = "/-/package/@acme%2flib/stage-policy",
                 .token = alice.token,
                 .otp = otp(alice),
                 .body = R"({"approvals": 2})"})
                .status,
            200);
  const std::string id = staged("1.2.0");
  EXPECT_TRUE(woken);
  ASSERT_EQ(decide(Method::post, id, bob, R"({"tag": "next"})").status, 201);
  ASSERT_EQ(decide(Method::post, id, alice, R"({"tag": "next"})").status, 201);
  const std::string refused = staged("1.3.0");
  ASSERT_EQ(decide(Method::del, refused, alice, R"({"reason": "No."})").status, 204);
  const std::string back = staged("1.4.0");
  ASSERT_EQ(
      ask({.method = Method::post, .target = "/-/stage/" + back + "/withdraw", .token = bob.token})
          .status,
      200);
  const auto events = heard(next);
  EXPECT_EQ(texts(events),
            (Texts{"staged 1.2.0", "approval 1.2.0", "approval 1.2.0", "approved 1.2.0",
                   "staged 1.3.0", "rejected 1.3.0", "staged 1.4.0", "withdrawn 1.4.0"}));
  EXPECT_EQ(events[0].data.at("package"), json::value("@acme/lib"));
  EXPECT_EQ(events[0].data.at("id"), json::value(id));
  EXPECT_EQ(events[1].data.at("approvals"), (json::value{"bob"}));
  EXPECT_EQ(events[1].data.at("needed"), json::value(2));
  EXPECT_EQ(events[2].data.at("approvedBy"), json::value("alice"));
  EXPECT_EQ(events[3].data.at("status"), json::value("approved"));
  EXPECT_EQ(events[3].data.at("tag"), json::value("next"));
  EXPECT_EQ(events[5].data.at("reason"), json::value("No."));
  EXPECT_EQ(events[7].data.at("decidedBy"), json::value("bob"));
  EXPECT_EQ(events[7].data.at("at"), json::value(iso8601(clock_.now())));
  for (std::size_t i = 1; i < events.size(); ++i) {
    EXPECT_LT(std::stoll(events[i - 1].id), std::stoll(events[i].id));
  }
}

TEST_F(StageEventsTest, TellsOfWhatIsHeldAndWhatIsOver) {
  services_->publish_limits.per_publisher = 1;
  const Next next = listen(bob.token);
  ASSERT_EQ(publish(bob.token, "@acme/lib", "1.1.0", otp(bob)).status, 201);
  ASSERT_EQ(publish(bob.token, "@acme/lib", "1.2.0", otp(bob)).status, 202);
  clock_.advance(kStageLife);
  const Next later = listen(bob.token);
  ASSERT_TRUE(expire_releases(*services_));
  const auto events = heard(later);
  EXPECT_EQ(texts(events), Texts{"expired 1.2.0"});
  EXPECT_FALSE(events[0].data.at("heldReason").as_string().empty());
}

TEST_F(StageEventsTest, WhatWasNotKeptIsToldToNobody) {
  const Next next = listen(alice.token);
  EXPECT_EQ(stage(bob.token, "@acme/lib", "1.0.0").status, 403);  // published already
  EXPECT_EQ(texts(heard(next)), Texts());
  EXPECT_EQ(count("SELECT COUNT(*) FROM stage_event"), 0);
}

TEST_F(StageEventsTest, GoesOnWhereAListenerLeftOff) {
  const std::string before = last_event();  // of a registry where nothing happened yet
  staged("1.1.0");
  const auto first = heard(listen(alice.token, before));
  ASSERT_EQ(texts(first), Texts{"staged 1.1.0"});
  const std::string list = last_event();
  EXPECT_EQ(list, first[0].id);
  staged("1.2.0");
  staged("1.3.0");
  EXPECT_EQ(texts(heard(listen(alice.token, list))), (Texts{"staged 1.2.0", "staged 1.3.0"}));
  // The first bytes have the place to go on from, also when nothing was told yet.
  const std::string greeting = listen(alice.token)().bytes;
  EXPECT_TRUE(greeting.contains("id: " + last_event() + "\n\n")) << greeting;
  EXPECT_TRUE(greeting.starts_with("retry: "));
  for (const char* odd : {"x", "-1", "1x", "99999999999999999999"}) {
    EXPECT_EQ(response(alice.token, odd).status, 400) << odd;
  }
}

TEST_F(StageEventsTest, AGapIsTold) {
  staged("1.1.0");
  const std::string old = last_event();
  clock_.advance(Milliseconds(1));
  staged("1.2.0");
  const std::string second = last_event();
  clock_.advance(kStageEventLife);
  // What is still there is told without a gap, however old it is.
  EXPECT_EQ(texts(heard(listen(alice.token, old))), Texts{"staged 1.2.0"});
  clock_.advance(Milliseconds(1));
  staged("1.3.0");
  ASSERT_TRUE(expire_releases(*services_));
  EXPECT_EQ(texts(heard(listen(alice.token, old))), (Texts{"gap", "staged 1.3.0"}));
  EXPECT_EQ(texts(heard(listen(alice.token, second))), (Texts{"gap", "staged 1.3.0"}));
  EXPECT_EQ(texts(heard(listen(alice.token, last_event()))), Texts());
  // Of another database: it goes on from now.
  const Next foreign = listen(alice.token, std::to_string(std::stoll(last_event()) + 1));
  EXPECT_EQ(texts(heard(foreign)), Texts{"gap"});
  staged("1.4.0");
  EXPECT_EQ(texts(heard(foreign)), Texts{"staged 1.4.0"});
}

// A quiet registry: the last event is older than events are kept, and nothing was missed.
TEST_F(StageEventsTest, NoGapIsToldWhereNothingHappened) {
  staged("1.1.0");
  clock_.advance(2 * kStageEventLife);
  ASSERT_TRUE(expire_releases(*services_));
  const std::string here = last_event();
  clock_.advance(2 * kStageEventLife);
  ASSERT_TRUE(expire_releases(*services_));
  EXPECT_EQ(texts(heard(listen(alice.token, here))), Texts());
  EXPECT_EQ(count("SELECT COUNT(*) FROM stage_event"), 1);  // for the next one's number
}

TEST_F(StageEventsTest, AreFilteredByPackageOrScope) {
  ASSERT_EQ(publish(alice.token, "@acme/other", "1.0.0", otp(alice)).status, 201);
  const std::string from = last_event();
  staged("1.1.0");
  ASSERT_EQ(stage(bob.token, "@acme/other", "2.0.0").status, 201);
  const struct {
    std::string query;
    Texts told;
    std::string topic;
  } cases[] = {
      {"?package=@acme/other", {"staged 2.0.0"}, "stage-events/package/@acme/other"},
      {"?package=%40acme%2Flib", {"staged 1.1.0"}, "stage-events/package/@acme/lib"},
      {"?scope=@acme", {"staged 1.1.0", "staged 2.0.0"}, "stage-events/scope/acme"},
      {"?scope=acme", {"staged 1.1.0", "staged 2.0.0"}, "stage-events/scope/acme"},
      {"?scope=@acm", {}, "stage-events/scope/acm"},
      {"?package=@carol/lib", {}, "stage-events/package/@carol/lib"},
      {"", {"staged 1.1.0", "staged 2.0.0"}, "stage-events"},
  };
  std::vector<int> woken(std::size(cases));
  std::vector<std::unique_ptr<http::Waiters::Subscription>> subscriptions;
  for (std::size_t i = 0; i < std::size(cases); ++i) {
    const Next next = listen(alice.token, from, cases[i].query);
    EXPECT_EQ(texts(heard(next)), cases[i].told) << cases[i].query;
    const std::string topic = next().wait_topic;
    EXPECT_EQ(topic, cases[i].topic) << cases[i].query;
    subscriptions.push_back(waiters_.subscribe(topic, [&woken, i] { ++woken[i]; }));
  }
  // Only those whom it may concern are woken.
  staged("1.2.0");
  EXPECT_EQ(woken, (std::vector<int>{0, 1, 1, 1, 0, 0, 1}));
  for (const char* odd : {"?package=@acme/lib&scope=@acme", "?scope=", "?scope=@", "?scope=@a/b",
                          "?package=", "?package=../x"}) {
    EXPECT_EQ(response(alice.token, {}, odd).status, 400) << odd;
  }
}

TEST_F(StageEventsTest, StrangersAndMachinesHearNothing) {
  const std::string from = last_event();
  staged("1.1.0");
  staged("1.1.0", "@carol/lib");
  EXPECT_EQ(texts(heard(listen(mallory.token, from))), Texts());
  EXPECT_EQ(texts(heard(listen(mallory.token, from, "?package=@acme/lib"))), Texts());
  const auto carols = heard(listen(carol.token, from));
  ASSERT_EQ(carols.size(), 1U);
  EXPECT_EQ(carols[0].data.at("package"), json::value("@carol/lib"));
  EXPECT_EQ(texts(heard(listen(bob.token, from))), Texts{"staged 1.1.0"});
  EXPECT_EQ(get("/-/stage/events").outcome(), "401 not_signed_in");
  trust_job("@acme/lib", {true, true, true});
  EXPECT_EQ(get("/-/stage/events", publish_token("@acme/lib")).outcome(),
            "403 publish_token_forbidden");
  // A limited token hears of what it reaches.
  accounts::NewToken limited;
  limited.reach.packages = {"@acme/other"};
  EXPECT_EQ(texts(heard(listen(granular_token(alice, limited), from))), Texts());
}

TEST_F(StageEventsTest, EndsWithTheRightToHear) {
  const Next left = listen(bob.token), revoked = listen(alice.token), old = listen(alice.token);
  for (const Next& next : {left, revoked, old}) EXPECT_EQ(texts(heard(next)), Texts());
  set_member(acme, bob, std::nullopt);
  ASSERT_EQ(stage(alice.token, "@acme/lib", "1.1.0").status, 201);
  EXPECT_EQ(texts(heard(left)), Texts());  // what bob may still see, which is nothing of it
  EXPECT_EQ(texts(heard(old)), Texts{"staged 1.1.0"});
  clock_.advance(StageListener::kLongest);
  EXPECT_EQ(texts(heard(old)), Texts{"end"});
  const Next other = listen(alice.token);
  ASSERT_LT(
      ask({.method = Method::del, .target = "/-/user/token/" + alice.token, .token = alice.token})
          .status,
      300);
  ASSERT_EQ(stage(carol.token, "@carol/lib", "1.1.0").status, 201);
  EXPECT_EQ(texts(heard(other)), Texts{"end"});
}

TEST_F(StageEventsTest, APausedStreamAsksTheDatabaseNothing) {
  const Next next = listen(alice.token);
  EXPECT_EQ(texts(heard(next)), Texts());
  database_->stop();
  const http::StreamStep pause = next();
  EXPECT_EQ(pause.bytes, http::event_pause);
  EXPECT_FALSE(pause.done);
}

TEST_F(StageEventsTest, APersonHasTenStreamsAtMost) {
  std::vector<Next> open;
  for (int i = 0; i < StageFeed::kMostStreams; ++i) open.push_back(listen(alice.token));
  EXPECT_EQ(get("/-/stage/events", alice.token).outcome(), "429 too_many_listeners");
  EXPECT_TRUE(counted("too_many_listeners"));
  EXPECT_EQ(response(bob.token).status, 200);  // they are counted by person
  open.pop_back();
  EXPECT_EQ(response(alice.token).status, 200);
}

// Whoever reads slowly, or comes back after a long time, has one step in memory, not everything.
TEST_F(StageEventsTest, AStepIsBounded) {
  const std::string from = last_event(), long_text(8000, 'x');
  constexpr int kEvents = 1000;
  ASSERT_TRUE(write([&](db::Session& session) -> Result<void> {
    for (int i = 0; i < kEvents; ++i) {
      record_stage_event(session, "@acme/lib", StageEventKind::staged,
                         {{"version", std::to_string(i)}, {"text", long_text}}, clock_.now());
    }
    return {};
  }));
  const Next next = listen(alice.token, from);
  std::vector<Told> told;
  for (bool waits = false; !waits;) {
    const http::StreamStep step = next();
    EXPECT_LE(step.bytes.size(), StageListener::kMostBytes + 2 * long_text.size());
    for (Told& one : events_of(step.bytes)) told.push_back(std::move(one));
    waits = !step.wait_topic.empty();
  }
  ASSERT_EQ(told.size(), std::size_t{kEvents});
  for (int i = 0; i < kEvents; ++i) EXPECT_EQ(told[i].text(), "staged " + std::to_string(i));
}

}  // namespace
}  // namespace imp::registry::test
