#include "ci/runner/support.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include <fmt/format.h>
#include <boost/json.hpp>

#include "base/uuid.h"

namespace imp::ci::runner::test {

namespace fs = std::filesystem;

TemporaryDirectory::TemporaryDirectory() : path_("/tmp/imp-runner-test-" + new_uuid()) {
  fs::create_directory(path_);
}

TemporaryDirectory::~TemporaryDirectory() { remove_tree(path_); }

std::string jobtool_path() {
  const fs::path build = fs::read_symlink("/proc/self/exe").parent_path().parent_path();
  return (build / "circleci").string();
}

const Result<Sandbox>& working_sandbox() {
  static const Result<Sandbox> sandbox = []() -> Result<Sandbox> {
    auto found = find_sandbox();
    if (!found) return found;
    found->jobtool = jobtool_path();
    const TemporaryDirectory directory;
    if (auto works = probe(*found, directory.path()); !works) return pass_on(works);
    return found;
  }();
  return sandbox;
}

void WithSandbox::SetUp() {
  if (!working_sandbox()) GTEST_SKIP() << working_sandbox().error().message;
}

Said run_on_host(std::vector<std::string> arguments, std::vector<std::string> environment) {
  Said out;
  const auto end = run_process({std::move(arguments), std::move(environment), "/", {}}, {},
                               [&](std::string_view bytes) { out.output += bytes; });
  EXPECT_TRUE(end) << end.error().message;
  if (end) out.exit_code = end->exit_code;
  return out;
}

bool ends_soon(const std::string& command_line) {
  for (int tries = 0; tries < 50; ++tries) {
    bool found = false;
    for (const auto& entry : fs::directory_iterator("/proc")) {
      std::string words = read_file(entry.path().string() + "/cmdline");
      std::replace(words.begin(), words.end(), '\0', ' ');
      found = found || words == command_line + " ";
    }
    if (!found) return true;
    std::this_thread::sleep_for(Milliseconds(20));
  }
  return false;
}

void write_file(const std::string& path, std::string_view content) {
  std::ofstream(path) << content;
}

std::string read_file(const std::string& path) {
  std::ostringstream out;
  out << std::ifstream(path).rdbuf();
  return out.str();
}

JobTicket ticket_with(std::vector<Step> steps) {
  JobTicket out;
  out.job_id = new_uuid();
  out.lease = "lease-" + new_uuid();
  out.lease_seconds = 60;
  out.job_name = "test";
  out.steps = std::move(steps);
  return out;
}

Step run_step_of(std::string command, When when) {
  Run run;
  run.command = std::move(command);
  return {"a step", when, run};
}

http::Fetched answer(int status, std::string body) {
  http::Fetched out;
  out.status = status;
  out.body = std::move(body);
  return out;
}

http::Fetched refusal(int status, std::string code, std::string message) {
  return answer(status, boost::json::serialize(boost::json::object{
                            {"error", message}, {"message", message}, {"code", code}}));
}

Result<http::Fetched> FakeServer::fetch(const http::Fetch& fetch) {
  const auto lost = [] {
    return std::unexpected(
        Failure{{"connection", FailureKind::upstream}, "connection refused", ""});
  };
  ++requests;
  unsigned dice = 0;
  {
    std::lock_guard lock(mutex_);
    dice = random_() % 100;
  }
  if (away) return lost();
  const bool trouble = dice < trouble_percent;
  if (trouble && dice % 2 == 0) return answer(503, "");
  std::string bearer;
  for (const auto& [name, value] : fetch.headers) {
    if (name == "authorization" && value.starts_with("Bearer ")) bearer = value.substr(7);
  }
  const std::size_t path = fetch.url.find('/', fetch.url.find("://") + 3);
  http::Fetched out = handle(fetch.url.substr(path), bearer, fetch.body);
  if (trouble) return lost();
  if (lose_answers > 0) {
    --lose_answers;
    return lost();
  }
  return out;
}

http::Fetched FakeServer::handle(const std::string& path, const std::string& bearer,
                                 const std::string& body) {
  if (bearer != token) return refusal(401, "unknown_token", "unknown token");
  if (path == claim_path) return claim(body);
  if (path == give_back_path) return give_back(body);
  constexpr std::string_view prefix = "/runner/v1/jobs/";
  const std::size_t slash = path.rfind('/');
  std::lock_guard lock(mutex_);
  const auto found = jobs_.find(path.substr(prefix.size(), slash - prefix.size()));
  if (!path.starts_with(prefix) || found == jobs_.end()) return refusal(404, "no_job", "no job");
  auto out = of_job(found->second, path.substr(slash + 1), body);
  changed_.notify_all();
  return out;
}

http::Fetched FakeServer::claim(const std::string& body) {
  const auto request = decode<ClaimRequest>(body);
  if (!request) return refusal(400, "malformed_message", request.error().message);
  std::unique_lock lock(mutex_);
  for (const auto& [id, job] : jobs_) {
    if (job.claim_id == request->claim_id && !job.ended) return answer(200, encode(job.ticket));
  }
  // Shorter than asked for: tests should not wait.
  changed_.wait_for(lock, Milliseconds(100), [&] { return !queue_.empty(); });
  if (queue_.empty()) return answer(204, "");
  Job& job = jobs_[queue_.front()];
  queue_.erase(queue_.begin());
  job.claim_id = request->claim_id;
  auto out = answer(200, encode(job.ticket));
  lock.unlock();
  if (on_claim) on_claim();
  return out;
}

http::Fetched FakeServer::give_back(const std::string& body) {
  const auto request = decode<GiveBackRequest>(body);
  if (!request) return refusal(400, "malformed_message", request.error().message);
  std::lock_guard lock(mutex_);
  given_back.push_back(request->claim_id);
  return answer(204, "");
}

http::Fetched FakeServer::of_job(Job& job, const std::string& action, const std::string& body) {
  const auto bad = [](const Failure& failure) {
    return refusal(400, "malformed_message", failure.message);
  };
  const auto gone = [&](const std::string& lease) { return job.lost || lease != job.ticket.lease; };
  const auto lease_lost = [] { return refusal(409, std::string(lease_lost_code), "lost"); };
  if (action == "heartbeat") {
    const auto request = decode<HeartbeatRequest>(body);
    if (!request) return bad(request.error());
    if (gone(request->lease) || job.ended) return lease_lost();
    ++job.heartbeats;
    return answer(200, encode(HeartbeatReply{job.cancel}));
  }
  if (action == "events") {
    const auto batch = decode<EventBatch>(body);
    if (!batch) return bad(batch.error());
    if (gone(batch->lease)) return lease_lost();
    if (batch->events.front().sequence <= job.accepted + 1) {
      for (const Event& event : batch->events) apply(job, event);
    }
    return answer(200, encode(EventReply{job.accepted, job.cancel}));
  }
  if (action == "identity-token") {
    const auto request = decode<TokenRequest>(body);
    if (!request) return bad(request.error());
    return gone(request->lease) ? lease_lost() : mint(*request);
  }
  const auto request = decode<ReleaseRequest>(body);
  if (!request) return bad(request.error());
  return gone(request->lease) ? lease_lost() : release(*request);
}

void FakeServer::apply(Job& job, const Event& event) {
  if (event.sequence <= job.accepted) return;
  EXPECT_EQ(event.sequence, job.accepted + 1);
  EXPECT_FALSE(job.ended) << "an event after the end";
  job.accepted = event.sequence;
  if (const auto* started = std::get_if<StepStarted>(&event.what)) {
    job.order.push_back(started->step);
    job.output[started->step];
  } else if (const auto* output = std::get_if<StepOutput>(&event.what)) {
    job.output[output->step] += output->bytes;
  } else if (const auto* finished = std::get_if<StepFinished>(&event.what)) {
    job.finished[finished->step] = *finished;
  } else {
    job.ended = true;
    job.end = std::get<JobFinished>(event.what);
  }
}

void FakeServer::add(JobTicket ticket) {
  std::lock_guard lock(mutex_);
  const std::string id = ticket.job_id;
  jobs_[id].ticket = std::move(ticket);
  queue_.push_back(id);
  changed_.notify_all();
}

FakeServer::Job FakeServer::job(const std::string& id) {
  std::lock_guard lock(mutex_);
  return jobs_[id];
}

bool FakeServer::wait_for_end(const std::string& id, Milliseconds at_most) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, at_most, [&] { return jobs_[id].ended; });
}

bool FakeServer::wait_for_output(const std::string& id, std::string_view text,
                                 Milliseconds at_most) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, at_most, [&] {
    for (const auto& [step, output] : jobs_[id].output) {
      if (output.find(text) != std::string::npos) return true;
    }
    return false;
  });
}

void FakeServer::change(const std::string& id, const std::function<void(Job&)>& change) {
  std::lock_guard lock(mutex_);
  change(jobs_[id]);
}

JobSettings settings_in(const TemporaryDirectory& directory) {
  JobSettings out;
  if (working_sandbox()) out.sandbox = *working_sandbox();
  out.work_directory = directory.path() + "/work";
  out.runner_name = "test-runner";
  out.fetch_protocols = {"file"};
  return out;
}

FakeServer::Job run_to_end(FakeServer& server, const JobSettings& settings, JobTicket ticket) {
  const std::string id = ticket.job_id;
  const SystemClock clock;
  const ServerLink link(server, "http://server.test", server.token);
  NodeToolchains toolchains(settings.work_directory + "/cache", clock);
  AgentOptions options;
  options.times.back_off = {Milliseconds(5), Milliseconds(50)};
  server.add(std::move(ticket));
  std::jthread slot([&](std::stop_token stop) {
    EXPECT_TRUE(serve_slot(options, settings, link, toolchains, clock, null_log(), stop));
  });
  EXPECT_TRUE(server.wait_for_end(id)) << "the job did not end";
  slot.request_stop();
  slot.join();
  return server.job(id);
}

}  // namespace imp::ci::runner::test
