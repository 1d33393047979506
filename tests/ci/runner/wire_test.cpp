#include <gtest/gtest.h>

#include <filesystem>

#include "base/metrics.h"
#include "ci/runner/agent.h"
#include "ci/runner/support.h"
#include "http/server.h"

namespace imp::ci::runner {
namespace {

/// The protocol and a git repository over real HTTP.
class WireTest : public test::WithSandbox {
 protected:
  void SetUp() override {
    WithSandbox::SetUp();
    if (IsSkipped()) return;
    http::Router router;
    const auto ask = [this](const http::Request& request) {
      const auto answer =
          fake.handle(std::string(request.path()), std::string(request.bearer()), request.body);
      return answer.status == 204 ? http::no_content()
                                  : http::json_text(answer.status, answer.body);
    };
    http::RouteOptions large;
    large.body_limit = 4u << 20;
    router.add(http::Method::post, "/runner/v1/claim", ask);
    router.add(http::Method::post, "/runner/v1/give-back", ask);
    router.add(http::Method::post, "/runner/v1/jobs/{job}/{action}", ask, large);
    router.add(http::Method::get, "/git/{rest...}",
               [this](const http::Request& request) { return git(request); });
    http::ServerOptions options;
    options.port = 0;
    options.io_threads = 1;
    options.database_workers = 8;
    server = std::make_unique<http::Server>(options, std::move(router), http::HotPath(), waiters,
                                            clock, null_log(), metrics);
    const auto started = server->start();
    ASSERT_TRUE(started) << started.error().message;
    url = "http://127.0.0.1:" + std::to_string(server->port());
  }
  void TearDown() override {
    if (server) server->stop();
  }

  /// git's "dumb" protocol: files, for those who know the password.
  http::Response git(const http::Request& request) {
    const auto credential = request.basic();
    if (!credential || credential->second != "job-password") {
      ++turned_away;
      http::Response out = http::text(401, "no");
      out.header("www-authenticate", "Basic realm=git");
      return out;
    }
    const std::string path = directory.path() + "/repository/.git/" + request.param("rest");
    if (!std::filesystem::is_regular_file(path)) return http::text(404, "no");
    return http::text(200, test::read_file(path));
  }

  std::string make_repository() {
    const auto said = test::run_on_host(
        {"/bin/sh", "-c",
         "cd " + directory.path() +
             " && git init -q -b main repository && cd repository && "
             "echo content > file && git add file && git commit -q -m one && git "
             "update-server-info && "
             "git rev-parse HEAD"},
        {"PATH=/usr/bin:/bin", "HOME=/nonexistent", "GIT_AUTHOR_NAME=a",
         "GIT_AUTHOR_EMAIL=a@b.test", "GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@b.test"});
    EXPECT_EQ(said.exit_code, 0) << said.output;
    return said.output.substr(0, 40);
  }

  test::FakeServer::Job run(JobTicket ticket) {
    const std::string id = ticket.job_id;
    fake.add(std::move(ticket));
    auto settings = test::settings_in(directory);
    settings.fetch_protocols = {"http"};
    const auto client = http::make_client();
    const ServerLink link(*client, url, fake.token);
    NodeToolchains toolchains(directory.path(), clock);
    std::jthread slot([&](std::stop_token stop) {
      EXPECT_TRUE(serve_slot({}, settings, link, toolchains, clock, null_log(), stop));
    });
    EXPECT_TRUE(fake.wait_for_end(id));
    slot.request_stop();
    slot.join();
    return fake.job(id);
  }

  test::TemporaryDirectory directory;
  test::FakeServer fake;
  SystemClock clock;
  Metrics metrics;
  http::Waiters waiters;
  std::unique_ptr<http::Server> server;
  std::string url;
  std::atomic<int> turned_away{0};
};

TEST_F(WireTest, AJobFromClaimToEnd) {
  fake.mint = [](const TokenRequest& request) {
    return test::answer(200, encode(TokenReply{"token." + request.claims}));
  };
  const auto job = run(test::ticket_with(
      {test::run_step_of(
           "[ \"$(circleci run oidc get --claims '{}')\" = 'token.{}' ] && echo same"),
       test::run_step_of("head -c 3000000 /dev/zero | tr '\\0' x")}));
  EXPECT_EQ(job.end.outcome, JobOutcome::success);
  EXPECT_EQ(job.output.at(1), "same\n");
  EXPECT_EQ(job.output.at(2).size(), 3000000u);
}

TEST_F(WireTest, CheckoutWithTheJobsCredential) {
  Checkout checkout;
  checkout.revision = make_repository();
  checkout.branch = "main";
  checkout.fetch_url = url + "/git/";
  checkout.repository_url = "https://git.test/acme/widgets";
  checkout.authorization = "Basic " + base64(bytes_of("job:job-password"));
  const auto job = run(test::ticket_with({{"Checkout code", When::on_success, checkout},
                                          test::run_step_of("cat file; git fetch 2>&1 || true")}));
  EXPECT_EQ(job.end.outcome, JobOutcome::success) << job.output.at(1);
  EXPECT_TRUE(job.output.at(2).starts_with("content\n"));

  checkout.authorization = "Basic " + base64(bytes_of("job:wrong"));
  const auto refused = run(test::ticket_with({{"Checkout code", When::on_success, checkout}}));
  EXPECT_EQ(refused.end.outcome, JobOutcome::failed);
  EXPECT_GE(turned_away, 1);
}

}  // namespace
}  // namespace imp::ci::runner
