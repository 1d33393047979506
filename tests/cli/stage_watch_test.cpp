#include "cli/stage_watch.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <sstream>

#include "cli/stage_event_text.h"
#include "fake_registry.h"

namespace imp::cli {
namespace {

TEST(StageEventText, IsALineForEachEvent) {
  const struct {
    const char* name;
    const char* data;
    const char* text;
  } cases[] = {
      {"staged", R"({"at":"T","package":"@a/b","version":"1.0.0","actor":"CircleCI","id":"7"})",
       "T staged    @a/b@1.0.0 by CircleCI  7"},
      {"held",
       R"({"at":"T","package":"@a/b","version":"1.0.0","actor":"ada","heldReason":"Many.","id":"7"})",
       "T held      @a/b@1.0.0 by ada: Many.  7"},
      {"approval",
       R"({"at":"T","package":"@a/b","version":"1.0.0","approvedBy":"ada","approvals":["ada"],
           "needed":2,"id":"7"})",
       "T approval  @a/b@1.0.0 by ada (1 of 2)  7"},
      {"rejected",
       R"({"at":"T","package":"@a/b","version":"1.0.0","decidedBy":"ada","reason":"No,\n\u001b[2J","id":"7"})",
       "T rejected  @a/b@1.0.0 by ada: No,<U+000A><U+001B>[2J  7"},
      {"gap", R"({"message":"Some are missing."})", "gap: Some are missing."},
      {"staged", "[]", " staged    @  "},
  };
  for (const auto& each : cases) {
    EXPECT_EQ(stage_event_text(each.name, boost::json::parse(each.data)), each.text);
  }
}

class StageWatchTest : public testing::Test {
 protected:
  using Step = std::function<Result<http::Fetched>(const http::Fetch&)>;
  static Step streams(std::string bytes) {
    return [bytes = std::move(bytes)](const http::Fetch& fetch) -> Result<http::Fetched> {
      fetch.sink(bytes_of(bytes));
      return http::Fetched{200, {}, {}};
    };
  }
  static Step breaks(std::string bytes) {
    return [bytes = std::move(bytes)](const http::Fetch& fetch) -> Result<http::Fetched> {
      fetch.sink(bytes_of(bytes));
      return refuse(http::FetchRefusal::answer_invalid, "It broke off.");
    };
  }
  static Step answers(int status, std::string body = "{}") {
    return [status, body](const http::Fetch&) -> Result<http::Fetched> {
      return http::Fetched{status, {}, body};
    };
  }
  static Step away() {
    return [](const http::Fetch&) -> Result<http::Fetched> {
      return refuse(http::FetchRefusal::unreachable, "Nobody is there.");
    };
  }

  /// Watches a registry that does this, one after the other, and is gone for good then.
  Failure watch(std::vector<Step> steps, WatchOptions options = {}) {
    class Client final : public http::Client {
     public:
      Client(std::vector<Step> steps, std::vector<http::Fetch>& asked)
          : steps_(std::move(steps)), asked_(asked) {}
      Result<http::Fetched> fetch(const http::Fetch& fetch) override {
        asked_.push_back(fetch);
        return steps_.at(asked_.size() - 1)(fetch);
      }

     private:
      std::vector<Step> steps_;
      std::vector<http::Fetch>& asked_;
    };
    const std::size_t count = steps.size();
    const Registry registry = Registry::open(
        {.registry = "https://npm.example"}, [](std::string_view) { return std::nullopt; },
        std::make_shared<Client>(std::move(steps), asked));
    StageWatch watch(registry, std::move(options), out, [&](Milliseconds pause) {
      pauses.push_back(pause.count());
      return asked.size() < count;
    });
    return watch.run();
  }
  std::vector<std::string> resumed_after() const {
    std::vector<std::string> ids;
    for (const http::Fetch& fetch : asked) {
      std::string id;
      for (const auto& [name, value] : fetch.headers) {
        if (name == "last-event-id") id = value;
      }
      ids.push_back(id);
    }
    return ids;
  }

  std::ostringstream out;
  std::vector<http::Fetch> asked;
  std::vector<std::int64_t> pauses;
};

TEST_F(StageWatchTest, SaysOnceOfEachTimeThatTheRegistryIsAway) {
  std::vector<std::string> told;
  WatchOptions options;
  options.away = [&](const Failure& failure) { told.push_back(failure.message.substr(0, 16)); };
  watch({away(), away(), streams("id: 5\n\n"), breaks("id: 6\n\n"), away(), answers(503), away()},
        options);
  EXPECT_EQ(told, (std::vector<std::string>{"Nobody is there.", "Nobody is there."}));
}

TEST_F(StageWatchTest, GoesOnAfterTheLastEventHoweverTheStreamEnds) {
  watch({streams("retry: 2000\nid: 5\n\n"),
         breaks("id: 7\nevent: staged\ndata: {\"id\":\"a\"}\n\nid: 8\ndata: {"), away(),
         answers(503), answers(429, R"({"code":"too_many_listeners"})"),
         streams("retry: 10\nid: 7\n\nid: 9\nevent: rejected\ndata: {\"id\":\"b\"}\n\n")},
        {.json = true});
  EXPECT_EQ(out.str(), R"({"id":"7","event":"staged","data":{"id":"a"}})"
                       "\n"
                       R"({"id":"9","event":"rejected","data":{"id":"b"}})"
                       "\n");
  EXPECT_EQ(resumed_after(), (std::vector<std::string>{"", "5", "7", "7", "7", "7"}));
  // One that answers is asked again as it says; one that is away, less and less often.
  EXPECT_EQ(pauses, (std::vector<std::int64_t>{2000, 2000, 4000, 8000, 16000, 10}));
}

TEST_F(StageWatchTest, EndsWhenItIsRefused) {
  const Failure failure = watch({answers(401, R"({"message":"No.","code":"credential_invalid"})")});
  EXPECT_EQ(failure.message, "No.");
  EXPECT_TRUE(pauses.empty());
  asked.clear();
  EXPECT_EQ(watch({streams("data: " + std::string(2 << 20, 'x'))}).code(), "answer_unusable");
}

TEST_F(StageWatchTest, AsksForWhatItIsTold) {
  watch({streams("")}, {.package = "@acme/lib", .after = "42"});
  EXPECT_EQ(asked[0].url, "https://npm.example/-/stage/events?package=%40acme%2Flib");
  EXPECT_EQ(resumed_after(), std::vector<std::string>{"42"});
  asked.clear();
  watch({streams("")}, {.scope = "@acme"});
  EXPECT_EQ(asked[0].url, "https://npm.example/-/stage/events?scope=%40acme");
}

}  // namespace
}  // namespace imp::cli
