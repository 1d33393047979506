// The real git client against a server on a free port.

#include "base/encoding.h"
#include "ci/api/engine_fixture.h"
#include "http/client.h"
#include "http/server.h"

namespace imp::ci {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

class GitHttpTest : public EngineApiTest {
 protected:
  void SetUp() override {
    http::ServerOptions options;
    options.port = 0;
    options.io_threads = 1;
    options.drain_timeout = Milliseconds(2000);
    server_ = std::make_unique<http::Server>(
        options, std::move(router_), [](const http::Request&) { return nullptr; }, waiters_,
        system_clock_, null_log(), metrics_);
    const auto started = server_->start();
    ASSERT_TRUE(started) << started.error().message;
  }
  void TearDown() override { server_->stop(); }

  std::string base() { return "127.0.0.1:" + std::to_string(server_->port()); }
  std::string url(const std::string& user, const std::string& password,
                  const std::string& path = "acme/widgets.git") {
    return "http://" + user + ":" + password + "@" + base() + "/git/" + path;
  }
  GitOutput push(const std::string& to, const std::string& what = "HEAD:main") {
    return try_git({"-C", work(), "push", "--quiet", to, what});
  }
  std::vector<PipelineView> pipelines() {
    PipelineQuery query;
    query.project_id = widgets.id;
    return pipelines_.reader.list(query).value();
  }
  http::Fetched fetch(const std::string& path, http::Headers headers = {}) {
    http::Fetch request;
    request.url = "http://" + base() + path;
    request.headers = std::move(headers);
    return http::make_client()->fetch(request).value();
  }

  /// The router has gone into the server: the engine itself, without its routes.
  runner::JobTicket claim_directly() {
    const RunnerIdentity runner = pipelines_.runner_tokens.verify(runner_token).value();
    const runner::ClaimRequest request{new_uuid(), "machine", {}, 0};
    return pipelines_.dispatch.claim(runner, request).value().value();
  }

  SystemClock system_clock_;
  std::unique_ptr<http::Server> server_;
};

TEST_F(GitHttpTest, APushStartsAPipelineInThePushersName) {
  commit(simple);
  const GitOutput pushed = push(url("bob", bob.token));
  ASSERT_EQ(pushed.exit_code, 0) << pushed.error;
  ASSERT_THAT(pipelines(), SizeIs(1));
  const PipelineView view = pipelines()[0];
  EXPECT_EQ(view.pipeline.actor_name, "bob");
  EXPECT_EQ(view.pipeline.branch, "main");
  EXPECT_EQ(view.pipeline.errors, "");
  ASSERT_THAT(view.workflows, SizeIs(1));
  EXPECT_EQ(view.workflows[0].jobs[0].status, JobStatus::queued);
  // What is pushed can be cloned by another member, and comes back whole.
  const std::string copy = directory() + "/copy";
  git({"clone", "--quiet", url("carol", carol.token), copy});
  std::ifstream file(copy + "/.circleci/config.yml");
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(file), {}), simple);
}

TEST_F(GitHttpTest, OnlyWhatMovedStartsAPipeline) {
  commit(simple);
  ASSERT_EQ(push(url("bob", bob.token)).exit_code, 0);
  ASSERT_EQ(push(url("bob", bob.token)).exit_code, 0);  // up to date
  EXPECT_THAT(pipelines(), SizeIs(1));
  ASSERT_EQ(push(url("bob", bob.token), "HEAD:refs/heads/feature").exit_code, 0);
  EXPECT_THAT(pipelines(), SizeIs(2));
  ASSERT_EQ(push(url("bob", bob.token), ":refs/heads/feature").exit_code, 0);  // deleted
  EXPECT_THAT(pipelines(), SizeIs(2));
  commit(simple, "Typo [skip ci]");
  ASSERT_EQ(push(url("bob", bob.token)).exit_code, 0);
  EXPECT_THAT(pipelines(), SizeIs(2));
}

TEST_F(GitHttpTest, ALargePushIsChunkedAndGzippedAndArrivesWhole) {
  std::string noise;
  for (int i = 0; i < 200'000; ++i) noise += std::to_string(i * 7919 % 100'003) + "\n";
  std::ofstream(work() + "/noise") << noise;
  commit(simple);
  const GitOutput pushed = try_git({"-C", work(), "-c", "http.postBuffer=1024", "push", "--quiet",
                                    url("bob", bob.token), "HEAD:main"});
  ASSERT_EQ(pushed.exit_code, 0) << pushed.error;
  EXPECT_EQ(
      repositories_.read_file(widgets.id, pipelines().at(0).pipeline.revision, "noise", 16 << 20)
          .value(),
      noise);
}

TEST_F(GitHttpTest, StrangersAreNotToldWhatThereIs) {
  commit(simple);
  place(widgets);
  const std::string query = "/info/refs?service=git-upload-pack";
  const auto anonymous = fetch("/git/acme/widgets.git" + query);
  EXPECT_EQ(anonymous.status, 401);
  EXPECT_EQ(fetch("/git/acme/nosuch.git" + query).status, 401);
  const auto basic = [](const std::string& user, const std::string& password) -> http::Headers {
    return {{"authorization", "Basic " + base64(bytes_of(user + ":" + password))}};
  };
  const auto hidden = fetch("/git/acme/widgets.git" + query, basic("mallory", mallory.token));
  const auto absent = fetch("/git/acme/nosuch.git" + query, basic("mallory", mallory.token));
  EXPECT_EQ(hidden.status, 404);
  EXPECT_EQ(absent.status, 404);
  EXPECT_EQ(hidden.body, absent.body);
  EXPECT_EQ(fetch("/git/acme/widgets.git" + query, basic("bob", "imp_wrong")).status, 401);
  EXPECT_NE(push(url("mallory", mallory.token)).exit_code, 0);
  EXPECT_THAT(pipelines(), SizeIs(0));
}

TEST_F(GitHttpTest, NothingButTheThreeRequestsOfTheSmartProtocolIsServed) {
  commit(simple);
  place(widgets);
  const http::Headers bobs{{"authorization", "Basic " + base64(bytes_of("bob:" + bob.token))}};
  const struct {
    std::string path;
    long status;
  } cases[] = {{"/git/acme/widgets.git/info/refs", 403},
               {"/git/acme/widgets.git/info/refs?service=git-upload-archive", 403},
               {"/git/acme/widgets.git/HEAD", 404},
               {"/git/acme/widgets.git/config", 404},
               {"/git/acme/widgets.git/objects/info/packs", 404},
               {"/git/acme/widgets/info/refs?service=git-upload-pack", 404},
               {"/git/acme/..%2fothers.git/info/refs?service=git-upload-pack", 400},
               {"/git/acme/widgets.git/info/refs?service=git-upload-pack", 200}};
  for (const auto& [path, status] : cases) EXPECT_EQ(fetch(path, bobs).status, status) << path;
}

// What was authorised is what git is asked for, whichever of two parameters git would take.
TEST_F(GitHttpTest, AServiceNamedTwiceIsTheOneThatWasAuthorized) {
  commit(simple);
  place(widgets);
  accounts::NewToken reading;
  reading.kind = accounts::TokenKind::personal;
  reading.reach = accounts::full_reach();
  reading.reach.packages_permission = accounts::TokenPermission::read_only;
  reading.reach.orgs_permission = accounts::TokenPermission::read_only;
  const auto token = accounts_.tokens.create(bob.person, reading, accounts::Actor::system());
  ASSERT_TRUE(token);
  const http::Headers bobs{{"authorization", "Basic " + base64(bytes_of("bob:" + token->token))}};
  const std::string refs = "/git/acme/widgets.git/info/refs?service=";
  const auto answer = fetch(refs + "git-upload-pack&service=git-receive-pack", bobs);
  EXPECT_EQ(answer.status, 200);
  EXPECT_THAT(answer.body, HasSubstr("service=git-upload-pack"));
  EXPECT_EQ(fetch(refs + "git-receive-pack&service=git-upload-pack", bobs).status, 403);
}

TEST_F(GitHttpTest, AJobReadsItsSourceUntilItEnds) {
  commit(simple);
  ASSERT_EQ(push(url("bob", bob.token)).exit_code, 0);
  const auto ticket = claim_directly();
  const auto& checkout = std::get<runner::Checkout>(ticket.steps.at(0).action);
  EXPECT_EQ(checkout.fetch_url, "https://ci.example:4873/git/acme/widgets.git");
  const auto as_job = [&](const std::string& path) {
    return fetch(path, {{"authorization", checkout.authorization}}).status;
  };
  const std::string read = "/info/refs?service=git-upload-pack";
  EXPECT_EQ(as_job("/git/acme/widgets.git" + read), 200);
  EXPECT_EQ(as_job("/git/acme/widgets.git/info/refs?service=git-receive-pack"), 403);
  hosted(acme, "gadgets");
  EXPECT_EQ(as_job("/git/acme/gadgets.git" + read), 404);
  // It opens nothing else of this server.
  EXPECT_NE(as_job("/api/v2/me"), 200);
  const RunnerIdentity runner = pipelines_.runner_tokens.verify(runner_token).value();
  runner::EventBatch last{ticket.lease, {}};
  last.events.push_back({1, 1, runner::JobFinished{runner::JobOutcome::success, false, ""}});
  ASSERT_TRUE(pipelines_.running.apply(runner, ticket.job_id, last));
  EXPECT_EQ(as_job("/git/acme/widgets.git" + read), 404);
}

TEST_F(GitHttpTest, ARefusedPushLeavesNothing) {
  commit(simple);
  ASSERT_EQ(push(url("bob", bob.token)).exit_code, 0);
  git({"-C", work(), "commit", "--quiet", "--amend", "-m", "Another history"});
  const GitOutput refused = push(url("bob", bob.token));
  EXPECT_NE(refused.exit_code, 0);
  EXPECT_THAT(pipelines(), SizeIs(1));
  const auto left = database_->read([](db::Session& session) -> Result<std::int64_t> {
    return session.row("SELECT COUNT(*) FROM ci_pushes")->integer(0);
  });
  EXPECT_EQ(*left, 0);
}

}  // namespace
}  // namespace imp::ci
