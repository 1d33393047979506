#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <random>
#include <string>
#include <vector>

#include "ci/runner/agent.h"
#include "ci/runner/sandbox.h"
#include "http/client.h"

namespace imp::ci::runner::test {

/// A directory below /tmp, removed at the end.
class TemporaryDirectory {
 public:
  TemporaryDirectory();
  ~TemporaryDirectory();
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

/// The `circleci` program that was built beside this test.
std::string jobtool_path();

/// A sandbox that works on this machine, or why there is none. Asked once.
const Result<Sandbox>& working_sandbox();

/// Tests that run real commands: skipped, with the reason, where bubblewrap cannot work.
class WithSandbox : public ::testing::Test {
 protected:
  void SetUp() override;
};

/// What a program says and how it ends; runs on the host.
struct Said {
  int exit_code = 0;
  std::string output;
};
Said run_on_host(std::vector<std::string> arguments, std::vector<std::string> environment = {});

/// True when no process of the host with this command line is left, now or within a second: the
/// kernel takes a moment to end what it was told to end.
bool ends_soon(const std::string& command_line);

void write_file(const std::string& path, std::string_view content);
std::string read_file(const std::string& path);

JobTicket ticket_with(std::vector<Step> steps);
Step run_step_of(std::string command, When when = When::on_success);

/// The server's side of protocol.h, in memory, as strict as the real one. Requests reach it through
/// http::Client; it can be away, lose answers after having acted, and repeat itself.
class FakeServer final : public http::Client {
 public:
  Result<http::Fetched> fetch(const http::Fetch& fetch) override;
  /// A request as the real server sees it; answers status and body.
  http::Fetched handle(const std::string& path, const std::string& bearer, const std::string& body);

  /// Queues a job.
  void add(JobTicket ticket);

  struct Job {
    JobTicket ticket;
    std::string claim_id;
    std::uint64_t accepted = 0;
    bool ended = false;
    bool cancel = false;
    bool lost = false;
    JobFinished end;
    std::map<std::uint32_t, std::string> output;
    std::map<std::uint32_t, StepFinished> finished;
    std::vector<std::uint32_t> order;  ///< steps as they started
    int heartbeats = 0;
  };
  Job job(const std::string& id);
  bool wait_for_end(const std::string& id, Milliseconds at_most = Milliseconds(20000));
  bool wait_for_output(const std::string& id, std::string_view text,
                       Milliseconds at_most = Milliseconds(20000));
  void change(const std::string& id, const std::function<void(Job&)>& change);

  std::string token = "runner-token-6a1f";
  std::atomic<bool> away{false};
  std::atomic<int> lose_answers{0};          ///< act, then lose the next n answers
  std::atomic<unsigned> trouble_percent{0};  ///< of requests fail, half of them after acting
  std::atomic<int> requests{0};
  std::vector<std::string> given_back;  ///< claims; read it when no runner runs
  /// Called when a claim was given a job, before the runner hears of it.
  std::function<void()> on_claim;
  std::function<http::Fetched(const TokenRequest&)> mint;
  std::function<http::Fetched(const ReleaseRequest&)> release;

 private:
  http::Fetched claim(const std::string& body);
  http::Fetched give_back(const std::string& body);
  http::Fetched of_job(Job& job, const std::string& action, const std::string& body);
  void apply(Job& job, const Event& event);

  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::vector<std::string> queue_;
  std::map<std::string, Job> jobs_;
  std::mt19937 random_{7};
};

http::Fetched answer(int status, std::string body);
http::Fetched refusal(int status, std::string code, std::string message);

/// Runs one job to its end against the server, in a slot of its own, and returns what the server
/// knows.
FakeServer::Job run_to_end(FakeServer& server, const JobSettings& settings, JobTicket ticket);
JobSettings settings_in(const TemporaryDirectory& directory);

}  // namespace imp::ci::runner::test
