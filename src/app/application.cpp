#include "app/application.h"

#include <filesystem>

#include "app/descriptor_limit.h"
#include "app/health_routes.h"
#include "app/mail_settings.h"
#include "app/programs.h"
#include "app/settings_record.h"
#include "blobs/file_store.h"
#include "crypto/random.h"
#include "mail/address.h"
#include "web/frame/handlers.h"
#include "web/routes.h"

namespace imp::app {

namespace {

constexpr Milliseconds kHousekeepingPeriod = std::chrono::seconds(10);
/// Open files beside connections: tarballs that are kept open, uploads, the database, runners.
constexpr std::size_t kOtherDescriptors = 3000;

http::ServerOptions server_options(const Settings& settings, const Endpoint& endpoint) {
  http::ServerOptions options;
  options.address = endpoint.host;
  options.port = endpoint.port;
  options.io_threads = static_cast<unsigned>(settings.io_threads);
  options.database_workers = static_cast<unsigned>(settings.database_workers);
  options.outbound_workers = static_cast<unsigned>(settings.outbound_workers);
  options.program_workers = static_cast<unsigned>(settings.program_workers);
  options.queue_limit = static_cast<std::size_t>(settings.queue_limit);
  options.connection_limit = static_cast<std::size_t>(settings.connection_limit);
  options.drain_timeout = settings.drain_timeout;
  options.tls_certificate_file = settings.tls_certificate;
  options.tls_key_file = settings.tls_key;
  options.trusted_proxies = settings.trusted_proxies;
  return options;
}

/// Where this machine reaches the server's own listener; empty over TLS, whose certificate is for
/// the public name.
std::string listen_origin(const Settings& settings, const Endpoint& endpoint) {
  if (!settings.tls_certificate.empty()) return {};
  if (endpoint.host == "0.0.0.0") return fmt::format("http://127.0.0.1:{}", endpoint.port);
  if (endpoint.host == "::") return fmt::format("http://[::1]:{}", endpoint.port);
  const bool v6 = endpoint.host.contains(':');
  return fmt::format("http://{}{}{}:{}", v6 ? "[" : "", endpoint.host, v6 ? "]" : "",
                     endpoint.port);
}

}  // namespace

Result<std::unique_ptr<Application>> Application::create(const Settings& settings,
                                                         const Clock& clock, Log& log) {
  // Before the store: opening it may change its tables under a running server.
  auto lock = DataLock::take(settings.data);
  if (!lock) return pass_on(lock);
  auto store = open_store(settings.data, true);
  if (!store) return pass_on(store);
  std::unique_ptr<Application> application(
      new Application(settings, std::move(*lock), std::move(*store), clock, log));
  if (const auto wired = application->wire(); !wired) return pass_on(wired);
  return application;
}

Application::Application(Settings settings, DataLock lock, Store store, const Clock& clock,
                         Log& log)
    : settings_(std::move(settings)),
      lock_(std::move(lock)),
      store_(std::move(store)),
      clock_(clock),
      log_(log),
      client_(http::make_client()) {}

Application::~Application() { stop(); }

Result<void> Application::wire() {
  const auto endpoint = parse_endpoint(settings_.listen);
  if (!endpoint) return pass_on(endpoint);
  const auto connections = static_cast<std::size_t>(settings_.connection_limit);
  if (const std::size_t allowed = allow_descriptors(connections + kOtherDescriptors);
      allowed < connections + kOtherDescriptors) {
    log_.warning("fewer connections than http.connection_limit are possible",
                 {{"reason", std::string("the limit of open files, see `ulimit -Hn`")},
                  {"open_files", static_cast<std::int64_t>(allowed)}});
  }
  auto blobs = blobs::open_file_store({.root = store_.tarballs(), .log = log_});
  if (!blobs) return pass_on(blobs);
  blobs_ = std::move(*blobs);
  accounts_ = std::make_unique<accounts::Accounts>(
      accounts::Services{.database = *store_.database,
                         .clock = clock_,
                         .random = crypto::system_random(),
                         .sealer = store_.sealer,
                         .log = log_,
                         .metrics = metrics_,
                         .settings = {.public_url = settings_.public_url}});
  auto registry = RegistryHalf::create(settings_, store_, *blobs_, *accounts_, *client_, waiters_,
                                       listen_origin(settings_, *endpoint), clock_, log_, metrics_);
  if (!registry) return pass_on(registry);
  registry_ = std::move(*registry);
  auto ci = CiHalf::create(settings_, store_, *accounts_, waiters_, clock_, log_, metrics_,
                           [this](db::Session& session, const std::string& job, Time now) {
                             registry_->end_run(session, job, now);
                           });
  if (!ci) return pass_on(ci);
  ci_ = std::move(*ci);
  if (const auto ready = set_up_mail(); !ready) return ready;
  if (const auto recorded = record_settings(*store_.database, settings_, clock_); !recorded)
    return recorded;
  auto audit = AuditTree::create(settings_, store_, *accounts_, clock_, log_, metrics_);
  if (!audit) return pass_on(audit);
  audit_ = std::move(*audit);

  http::Router router;
  add_health_routes(router, *store_.database, runner_state_, metrics_);
  registry_->add_routes(router);
  ci_->add_routes(router);
  audit_->add_routes(router);
  web_.emplace(*accounts_, registry_->services(), ci_->services(), ci_->pipelines(), clock_,
               settings_.public_url);
  web::add_web_routes(router, *web_);
  server_ = std::make_unique<http::Server>(
      server_options(settings_, *endpoint), std::move(router),
      [this](const http::Request& request) {
        // A package that is called "login" must not take the place of that page.
        return web::is_page_request(request) ? nullptr : registry_->hot(request);
      },
      waiters_, clock_, log_, metrics_);
  return {};
}

Result<void> Application::set_up_mail() {
  auto settings = mail_settings(settings_);
  if (!settings) return pass_on(settings);
  const auto told = store_.database->write([&](db::Session& session) -> Result<void> {
    mail::set_up(session,
                 *settings ? std::optional(settings_.public_url) : std::optional<std::string>(),
                 clock_.now());
    return {};
  });
  if (!told || !*settings) return told;
  const std::string hello(mail::domain_of((*settings)->from));
  mail_transport_ = mail::make_smtp(std::move((*settings)->smtp), hello);
  mail_sender_.emplace(*store_.database, *mail_transport_, clock_, log_, metrics_,
                       mail::SenderOptions{.from = (*settings)->from});
  return {};
}

Result<void> Application::start() {
  if (const auto started = server_->start(); !started) return started;
  blob_sweep_.emplace(*blobs_, *store_.database, clock_, log_, metrics_);
  const auto work = [this] {
    if (const auto done = accounts_->tidy(); !done) {
      log_.warning("accounts not tidied", {{"reason", done.error().detail}});
    }
    registry_->tidy();
    blob_sweep_->round();
    ci_->tidy();
    if (const auto done = mail::tidy(*store_.database, clock_, metrics_); !done) {
      log_.warning("mail not tidied", {{"reason", done.error().detail}});
    }
  };
  housekeeping_.emplace(kHousekeepingPeriod, work, log_);
  registry_->start();
  if (mail_sender_) mail_sender_->start();
  audit_->start();
  if (settings_.runner) start_runner();
  return {};
}

void Application::start_runner() {
  if (jobtool_path().empty()) {
    log_.warning("no runner started", {{"reason", "the program circleci is not beside this one"}});
    return;
  }
  runner_.emplace([this] { return runner_command(); }, runner_state_, log_, metrics_,
                  RunnerKeeper::Times{});
}

Result<RunnerCommand> Application::runner_command() {
  auto token = ci_->runner_token();
  if (!token) return pass_on(token);
  RunnerCommand command{{own_path(), "runner", "--url", settings_.public_url, "--work",
                         store_.directory + "/runner", "--hide", store_.directory, "--jobs", "2",
                         "--processes", std::to_string(settings_.job_processes), "--log-format",
                         settings_.log_format, "--log-level", settings_.log_level},
                        std::move(*token)};
  // A runner without root shares this user with its jobs, so a file's mode does not protect it.
  for (const std::string& secret : {settings_.tls_key, settings_.mail_password_file}) {
    if (secret.empty()) continue;
    command.words.insert(command.words.end(),
                         {"--hide", std::filesystem::absolute(secret).string()});
  }
  if (!settings_.job_network) command.words.push_back("--no-network");
  return command;
}

void Application::stop() {
  // The runner first: it reports the jobs that it ends.
  runner_.reset();
  if (server_) server_->stop();
  housekeeping_.reset();
  if (registry_) registry_->stop();
  if (mail_sender_) mail_sender_->stop();
  // What was only counted so far would be lost with the process.
  if (accounts_) {
    constexpr auto kAll = audit::Suppressed::Which::all;
    if (const auto told = accounts_->trail.record_suppressed(kAll); !told) {
      log_.warning("refusals not counted in the audit log", {{"reason", told.error().detail}});
    }
  }
  if (audit_) audit_->stop();
  store_.database->stop();
}

}  // namespace imp::app
