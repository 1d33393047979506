#include "ci/runner/job_socket.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>

#include "ci/runner/support.h"

namespace imp::ci::runner {
namespace {

TEST(JobRequest, Table) {
  struct Case {
    const char* why;
    const char* line;
    const char* kind;  ///< "token", "release", "halt", or "" for a refusal
  };
  const char release[] =
      R"({"request":"release","action":"log","deploy_name":"","target_version":"1",)"
      R"("environment_name":"","component_name":"","namespace":"","release_strategy":"",)"
      R"("rollback":false,"status":"","failure_reason":"","keep_target_version_live":false})";
  const Case cases[] = {
      {"a token", R"({"request":"oidc","claims":"{}","root_issuer":true})", "token"},
      {"a deploy marker", release, "release"},
      {"halt", R"({"request":"halt"})", "halt"},
      {"not JSON", "halt", ""},
      {"not an object", R"(["halt"])", ""},
      {"nothing asked", "{}", ""},
      {"not text", R"({"request":1})", ""},
      {"unknown", R"({"request":"claim"})", ""},
      {"halt with more", R"({"request":"halt","now":true})", ""},
      {"members missing", R"({"request":"oidc"})", ""},
      {"members too many", R"({"request":"oidc","claims":"","root_issuer":false,"ttl":"9h"})", ""},
      {"a job that names a lease",
       R"({"request":"oidc","claims":"","root_issuer":false,"lease":"x"})", ""},
      {"claims that are not text", R"({"request":"oidc","claims":{},"root_issuer":false})", ""},
      {"not UTF-8", "{\"request\":\"oidc\",\"claims\":\"\xff\",\"root_issuer\":false}", ""},
  };
  for (const Case& c : cases) {
    const auto request = parse_job_request(c.line);
    if (*c.kind == '\0') {
      EXPECT_FALSE(request) << c.why;
      continue;
    }
    ASSERT_TRUE(request) << c.why << request.error().message;
    const char* kinds[] = {"token", "release", "halt"};
    EXPECT_STREQ(kinds[request->index()], c.kind) << c.why;
    if (const auto* token = std::get_if<TokenRequest>(&*request)) EXPECT_EQ(token->lease, "");
  }
}

struct JobSocketTest : ::testing::Test {
  test::TemporaryDirectory directory;

  std::unique_ptr<JobSocket> open(JobSocket::Handler handler) {
    auto socket = JobSocket::open(directory.path(), false, std::move(handler));
    EXPECT_TRUE(socket) << socket.error().message;
    return std::move(*socket);
  }

  Descriptor connect() {
    Descriptor out(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strcpy(address.sun_path, (directory.path() + "/job.sock").c_str());
    EXPECT_EQ(::connect(out.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    return out;
  }

  std::string ask(std::string_view request) {
    const Descriptor peer = connect();
    EXPECT_EQ(::send(peer.get(), request.data(), request.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(request.size()));
    std::string out;
    char buffer[1000];
    for (ssize_t n; (n = ::read(peer.get(), buffer, sizeof buffer)) > 0;) out.append(buffer, n);
    return out;
  }
};

TEST_F(JobSocketTest, AnswersGrantedAndRefused) {
  const auto socket =
      open([](const JobRequest& request) { return JobAnswer{request.index() == 2, "said\nmore"}; });
  EXPECT_EQ(ask("{\"request\":\"halt\"}\n"), "ok\nsaid\nmore");
  EXPECT_EQ(ask("{\"request\":\"oidc\",\"claims\":\"\",\"root_issuer\":false}\n"),
            "error\nsaid\nmore");
  EXPECT_TRUE(ask("{}\n").starts_with("error\n"));
}

TEST_F(JobSocketTest, OnlyTheJobsUserMayConnect) {
  const auto socket = open([](const JobRequest&) { return JobAnswer{}; });
  struct stat entry{};
  ASSERT_EQ(::stat((directory.path() + "/job.sock").c_str(), &entry), 0);
  EXPECT_EQ(entry.st_mode & 0777, 0600u);
}

TEST_F(JobSocketTest, BabbleIsCutOff) {
  const auto socket = open([](const JobRequest&) { return JobAnswer{true, ""}; });
  const Descriptor peer = connect();
  const std::string babble(64 * 1024, 'x');
  std::size_t sent = 0;
  for (int i = 0; i < 100; ++i) {
    const ssize_t n = ::send(peer.get(), babble.data(), babble.size(), MSG_NOSIGNAL);
    if (n <= 0) break;
    sent += static_cast<std::size_t>(n);
  }
  EXPECT_LT(sent, 4u << 20);
  EXPECT_EQ(ask("{\"request\":\"halt\"}\n"), "ok\n") << "the next one is served";
}

TEST_F(JobSocketTest, APeerThatLeavesHarmsNobody) {
  const auto socket =
      open([](const JobRequest&) { return JobAnswer{true, std::string(1u << 20, 'x')}; });
  for (int i = 0; i < 5; ++i) {
    const Descriptor peer = connect();
    ::send(peer.get(), "{\"request\":\"halt\"}\n", 19, MSG_NOSIGNAL);
  }
  EXPECT_EQ(ask("{\"request\":\"halt\"}\n").size(), (1u << 20) + 3);
}

TEST_F(JobSocketTest, WorksBelowALongPath) {
  std::string path = directory.path();
  for (int i = 0; i < 5; ++i) path += "/" + std::string(60, 'd');
  test::run_on_host({"/bin/mkdir", "-p", path});
  EXPECT_TRUE(JobSocket::open(path, false, [](const JobRequest&) { return JobAnswer{}; }));
  EXPECT_EQ(JobSocket::open("/nonexistent", false, {}).error().code(), "socket_failed");
}

}  // namespace
}  // namespace imp::ci::runner
