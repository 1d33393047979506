#include "ci/runner/job_run.h"

#include <fmt/format.h>

#include "ci/runner/checkout.h"
#include "ci/runner/job_environment.h"

namespace imp::ci::runner {

JobRun::JobRun(const JobSettings& settings, const JobTicket& ticket, const ServerLink& server,
               NodeToolchains& toolchains, EventSpool& spool, StopSignal& stop)
    : settings_(&settings),
      ticket_(&ticket),
      server_(&server),
      toolchains_(&toolchains),
      stop_(&stop),
      log_{spool, secrets_, settings.limits},
      deadline_(std::chrono::steady_clock::now() +
                std::chrono::seconds(ticket.time_limit_seconds)) {}

JobRun::~JobRun() { stop_background(); }

void JobRun::learn_secrets() {
  for (const std::string& secret : ticket_->secrets) secrets_.add(secret);
  for (const Variable& variable : ticket_->environment) {
    const bool secret = variable.source == VariableSource::project ||
                        variable.source == VariableSource::context ||
                        variable.name.starts_with("CIRCLE_OIDC_TOKEN");
    if (secret) secrets_.add(variable.value);
  }
  for (const Step& step : ticket_->steps) {
    const auto* checkout = std::get_if<Checkout>(&step.action);
    if (checkout == nullptr) continue;
    secrets_.add(checkout->authorization);
    secrets_.add(checkout->authorization.substr(checkout->authorization.find(' ') + 1));
  }
}

JobFinished JobRun::run() {
  learn_secrets();
  {
    StepLog log(log_, 0, "Spin up environment");
    const auto prepared = prepare(log);
    if (!prepared) {
      trouble_ = prepared.error().message;
      log.line(trouble_);
    }
    log.finish(prepared ? StepOutcome::success : StepOutcome::failed, std::nullopt);
  }
  for (std::size_t i = 0; i < ticket_->steps.size(); ++i) {
    if (stop_->requested() || halted_ || out_of_time_ || !trouble_.empty()) break;
    if (should_run(ticket_->steps[i])) {
      run_one(ticket_->steps[i], static_cast<std::uint32_t>(i + 1));
    }
  }
  stop_background();
  return end();
}

Result<void> JobRun::prepare(StepLog& log) {
  log.line(fmt::format("Runner {}", settings_->runner_name));
  const bool give = settings_->sandbox.confinement == Confinement::other_user;
  auto directories = JobDirectories::make(settings_->work_directory, ticket_->job_id, give);
  if (!directories) return pass_on(directories);
  directories_.emplace(std::move(*directories));
  if (auto made = directories_->make_job_file(bash_env_name(*ticket_)); !made) return made;
  auto socket = JobSocket::open(directories_->control(), give,
                                [this](JobRequest request) { return answer(std::move(request)); });
  if (!socket) return pass_on(socket);
  socket_ = std::move(*socket);
  if (auto chosen = choose_tools(log); !chosen) return chosen;
  describe_variables(log);
  return {};
}

Result<void> JobRun::choose_tools(StepLog& log) {
  const std::string& image = ticket_->image;
  if (image.empty()) {
    log.line("Steps run under bubblewrap, with the host's tools");
    return {};
  }
  log.line(fmt::format("docker image {} is mapped to the host: steps run under bubblewrap", image));
  if (!is_node_image(image)) {
    log.line("The tools are those of the host, not those of the image");
    return {};
  }
  const auto npm = host_npm([this] { return stop_->requested(); });
  const auto node = toolchains_->get(image, npm, [&](std::string_view line) { log.line(line); });
  if (!node) return pass_on(node);
  node_ = node->directory;
  if (auto made = directories_->make_npm_prefix(); !made) return made;
  log.line(fmt::format("Node {} and npm {}; other tools are those of the host",
                       to_string(node->node), to_string(node->npm)));
  return {};
}

void JobRun::describe_variables(StepLog& log) const {
  bool first = true;
  for (const Variable& variable : ticket_->environment) {
    if (variable.source > VariableSource::context) break;
    if (first) log.line("Using environment variables from project settings and/or contexts:");
    first = false;
    log.line(fmt::format("  {}=**REDACTED**", variable.name));
  }
}

bool JobRun::should_run(const Step& step) const {
  switch (step.when) {
    case When::on_success:
      return !failed_;
    case When::on_fail:
      return failed_;
    case When::always:
      return true;
  }
  return false;
}

Watch JobRun::watch() const {
  Watch out;
  out.deadline = deadline_;
  out.stop = [this] { return stop_->requested(); };
  return out;
}

void JobRun::run_one(const Step& step, std::uint32_t number) {
  if (const auto* run = std::get_if<Run>(&step.action); run != nullptr && run->background) {
    start_in_background(*run, number, step.name);
    return;
  }
  StepLog log(log_, number, step.name);
  const auto end = run_action(step, number, log);
  if (!end) {
    trouble_ = end.error().message;
    log.line(trouble_);
    log.finish(StepOutcome::failed, std::nullopt);
    return;
  }
  log.finish(end->outcome, end->exit_code);
  failed_ = failed_ || end->outcome != StepOutcome::success;
  timed_out_ = timed_out_ || end->outcome == StepOutcome::timedout;
  out_of_time_ = out_of_time_ || end->out_of_time;
}

Result<StepEnd> JobRun::run_action(const Step& step, std::uint32_t number, StepLog& log) {
  if (const auto* run = std::get_if<Run>(&step.action)) {
    return run_step({settings_->sandbox, *directories_, *ticket_, node_}, *run, number, watch(),
                    log);
  }
  const Checkout& checkout = std::get<Checkout>(step.action);
  Watch limits = watch();
  limits.no_output = std::chrono::minutes(10);
  const std::string target = resolve_directory(checkout.path, working_directory(*ticket_));
  const auto end = run_checkout(
      {settings_->sandbox, *directories_, checkout, number, target, settings_->fetch_protocols},
      limits, [&](std::string_view bytes) { log.write(bytes); });
  if (end) return step_end(*end, limits, *ticket_, log);
  // A repository that cannot be fetched fails the step, like any command; `on_fail` steps still
  // run.
  log.line(end.error().message);
  return StepEnd{stop_->requested() ? StepOutcome::canceled : StepOutcome::failed, std::nullopt,
                 false};
}

void JobRun::start_in_background(const Run& run, std::uint32_t number, const std::string& name) {
  background_.emplace_back([this, &run, number, name] {
    StepLog log(log_, number, name);
    Watch limits = watch();
    limits.stop = [this] { return background_ends_.load() || stop_->requested(); };
    const auto end =
        run_step({settings_->sandbox, *directories_, *ticket_, node_}, run, number, limits, log);
    if (!end) log.line(end.error().message);
    const StepEnd told = end ? *end : StepEnd{StepOutcome::failed, std::nullopt, false};
    log.finish(told.outcome, told.exit_code);
  });
}

void JobRun::stop_background() {
  background_ends_ = true;
  for (std::thread& thread : background_) thread.join();
  background_.clear();
}

JobFinished JobRun::end() const {
  switch (stop_->reason()) {
    case StopReason::canceled:
      return {JobOutcome::canceled, false, ""};
    case StopReason::lease_lost:
      return {JobOutcome::infrastructure_fail, false, "The runner lost its lease of the job."};
    case StopReason::runner_stopped:
      return {JobOutcome::infrastructure_fail, false, "The runner was stopped."};
    case StopReason::none:
      break;
  }
  if (!trouble_.empty()) {
    return {JobOutcome::infrastructure_fail, false, masked(secrets_, trouble_)};
  }
  if (timed_out_) return {JobOutcome::timedout, false, ""};
  if (failed_) return {JobOutcome::failed, false, ""};
  return {JobOutcome::success, halted_, ""};
}

}  // namespace imp::ci::runner
