// The stream of staged releases over real sockets, and its races with real threads.
#include <fmt/format.h>

#include <latch>
#include <thread>

#include "http/raw_client.h"
#include "http/server.h"
#include "registry/api/registry_fixture.h"
#include "registry/api/routes.h"
#include "registry/staging/stage_events.h"

namespace imp::registry::test {
namespace {

using http::test::RawClient;

class StageStreamTest : public RegistryTest {
 protected:
  StageStreamTest() {
    EXPECT_EQ(publish(alice.token, "@alice/lib", "1.0.0").status, 201);
    http::Router wire;
    add_registry_routes(wire, *services_);
    http::ServerOptions options;
    options.port = 0;
    options.io_threads = 2;
    options.database_workers = 8;
    server = std::make_unique<http::Server>(options, std::move(wire), nullptr, waiters_, clock_,
                                            null_log(), metrics_);
    const auto started = server->start();
    if (!started) ADD_FAILURE() << started.error().message;
  }
  ~StageStreamTest() override { server.reset(); }

  std::string request(const std::string& last = {}) const {
    return http::test::get("/-/stage/events",
                           "authorization: Bearer " + alice.token + "\r\n" +
                               (last.empty() ? "" : "last-event-id: " + last + "\r\n"));
  }
  void staged(int number) {
    EXPECT_EQ(stage(alice.token, "@alice/lib", fmt::format("1.{}.0", number)).status, 201);
  }
  static std::string told(int number) { return fmt::format("\"version\":\"1.{}.0\"", number); }

  User alice = add_user("alice");
  std::unique_ptr<http::Server> server;
};

TEST_F(StageStreamTest, ArrivesAsItHappensAndEndsWithTheServer) {
  RawClient client(server->port());
  client.send(request());
  ASSERT_TRUE(client.receives("retry: "));
  staged(1);
  ASSERT_TRUE(client.receives(told(1)));
  staged(2);
  ASSERT_TRUE(client.receives(told(2)));
  std::thread stopping([&] { server->stop(); });
  const auto answer = client.read();
  stopping.join();
  EXPECT_TRUE(answer.complete);
  EXPECT_EQ(answer.header("content-type"), "text/event-stream");
  EXPECT_EQ(answer.header("cache-control"), "no-store");
}

// Each of many listeners looks at the list at some moment and then subscribes, while versions are
// staged: every version is in the list or is told.
TEST_F(StageStreamTest, NothingIsLostBetweenTheListAndTheStream) {
  constexpr int kListeners = 8, kVersions = 24;
  std::latch start(kListeners + 1);
  std::vector<std::string> missing(kListeners);
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < kListeners; ++i) {
      threads.emplace_back([&, i] {
        start.arrive_and_wait();
        const Answer list = get("/-/stage?perPage=100", alice.token);
        RawClient client(server->port());
        client.send(request(list.text("lastEventId")));
        for (int number = 1; number <= kVersions; ++number) {
          if (list.body.contains(told(number))) continue;
          if (!client.receives(told(number))) missing[i] += told(number);
        }
      });
    }
    threads.emplace_back([&] {
      start.arrive_and_wait();
      for (int number = 1; number <= kVersions; ++number) staged(number);
    });
  }
  for (const std::string& none : missing) EXPECT_EQ(none, "");
}

// The socket is full long before the events are: the stream waits for its reader, and the others
// do not.
TEST_F(StageStreamTest, ASlowReaderGetsEverythingAndHoldsUpNobody) {
  constexpr int kEvents = 2000;
  const std::string from = get("/-/stage", alice.token).text("lastEventId"), long_text(8000, 'x');
  RawClient slow(server->port()), quick(server->port());
  slow.send(request(from));
  ASSERT_TRUE(write([&](db::Session& session) -> Result<void> {
    for (int i = 0; i < kEvents; ++i) {
      record_stage_event(session, "@alice/lib", StageEventKind::staged,
                         {{"number", i}, {"text", long_text}}, clock_.now());
    }
    return {};
  }));
  staged(1);
  quick.send(request(from));
  EXPECT_TRUE(quick.receives(told(1)));
  EXPECT_TRUE(slow.receives("\"number\":0,"));
  EXPECT_TRUE(slow.receives(fmt::format("\"number\":{},", kEvents - 1)));
  EXPECT_TRUE(slow.receives(told(1)));
}

TEST_F(StageStreamTest, AStreamThatIsLeftGivesItsPlaceBack) {
  {
    std::vector<std::unique_ptr<RawClient>> open;
    for (int i = 0; i < StageFeed::kMostStreams; ++i) {
      open.push_back(std::make_unique<RawClient>(server->port()));
      open.back()->send(request());
      ASSERT_TRUE(open.back()->receives("retry: "));
    }
    EXPECT_EQ(RawClient(server->port()).ask(request()).status, 429);
  }
  bool again = false;
  for (int i = 0; i < 1000 && !again; ++i) {
    again = get("/-/stage/events", alice.token).status == 200;
    if (!again) std::this_thread::sleep_for(Milliseconds(5));
  }
  EXPECT_TRUE(again);
}

}  // namespace
}  // namespace imp::registry::test
