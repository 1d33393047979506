#include <signal.h>

#include <boost/json.hpp>
#include <iomanip>
#include <iostream>

#include "app/commands/commands.h"
#include "app/commands/log_choice.h"
#include "cli/refusal.h"
#include "http/client.h"
#include "http/server.h"
#include "http/waiters.h"
#include "testissuer/routes.h"
#include "testissuer/token_case.h"

namespace imp::app {

namespace {

namespace json = boost::json;
using testissuer::Shape;

struct TestIssuerOptions {
  std::string listen = "127.0.0.1:4874", url, clock_offset, trouble = "none";
  std::string issuer = "http://127.0.0.1:4874";
  std::string shape, audience, token_case;
  std::vector<std::string> claims, json_claims, without;
  bool root_issuer = false, subject_v2 = false;
};

std::unexpected<Failure> unusable(std::string message) {
  return refuse(cli::CliRefusal::unusable_argument, std::move(message));
}
std::unexpected<Failure> no_token(std::string message) {
  return refuse(cli::CliRefusal::unusable_input, std::move(message));
}

/// "10m", or "-10m".
Result<Milliseconds> offset_of(std::string_view text) {
  if (text.empty()) return Milliseconds(0);
  const bool back = text.starts_with('-');
  if (back) text.remove_prefix(1);
  const auto duration = parse_duration(text);
  if (!duration) return unusable("A clock offset is a duration such as 90s, 10m or -10m.");
  return back ? -*duration : *duration;
}

// ---- serve

int serve(const TestIssuerOptions& options) {
  const auto endpoint = parse_endpoint(options.listen);
  if (!endpoint) return complain(endpoint.error());
  const auto offset = offset_of(options.clock_offset);
  if (!offset) return complain(offset.error());
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);  // before any thread starts: all inherit it
  const auto log = make_log("text", "warning");
  const SystemClock clock;
  Metrics metrics;
  http::Waiters waiters;
  const std::string url = options.url.empty() ? "http://" + options.listen : options.url;
  testissuer::TestIssuer issuer(url, clock, *offset);
  if (const auto set = issuer.set_trouble(options.trouble); !set) return complain(set.error());
  http::Router router;
  testissuer::add_test_issuer_routes(router, issuer);
  http::ServerOptions server_options;
  server_options.address = endpoint->host;
  server_options.port = endpoint->port;
  server_options.io_threads = 1;
  server_options.database_workers = 8;
  server_options.drain_timeout = Milliseconds(0);
  http::Server server(server_options, std::move(router), nullptr, waiters, clock, *log, metrics);
  if (const auto started = server.start(); !started) return complain(started.error());
  std::cout << "circleci  " << url << "/circleci, and " << url << "/circleci/org/"
            << testissuer::kOrganization << '\n'
            << "github    " << url << "/github\n"
            << "gitlab    " << url << "/gitlab\n"
            << "Whoever reaches this address gets any token: `imprimatur test-issuer token`."
            << std::endl;
  int signal = 0;
  sigwait(&signals, &signal);
  server.stop();
  return 0;
}

// ---- What is asked of a running one

Result<std::string> ask(const TestIssuerOptions& options, std::string method, std::string_view path,
                        const json::object& body) {
  http::Fetch fetch;
  fetch.method = std::move(method);
  fetch.url = options.issuer + std::string(path);
  fetch.headers = {{"content-type", "application/json"}};
  fetch.body = json::serialize(body);
  auto answer = http::make_client()->fetch(fetch);
  if (!answer) {
    return no_token(
        fmt::format("There is no test issuer at {}: {} Start one with `imprimatur "
                    "test-issuer serve`, or name it with --issuer.",
                    options.issuer, answer.error().message));
  }
  if (answer->status == 200) return std::move(answer->body);
  boost::system::error_code error;
  const json::value document = json::parse(answer->body, error);
  const json::value* message =
      !error && document.is_object() ? document.get_object().if_contains("message") : nullptr;
  return no_token(message && message->is_string()
                      ? std::string(message->get_string())
                      : fmt::format("{} answered {}.", options.issuer, answer->status));
}

/// NAME=VALUE taken apart.
Result<std::pair<std::string, std::string>> assignment(const std::string& text) {
  const std::size_t equals = text.find('=');
  if (equals == 0 || equals == std::string::npos) {
    return unusable(fmt::format("\"{}\" must be NAME=VALUE.", text));
  }
  return std::pair(text.substr(0, equals), text.substr(equals + 1));
}

Result<json::value> json_of(const std::string& text) {
  boost::system::error_code error;
  json::value value = json::parse(text, error);
  if (error) return unusable(fmt::format("\"{}\" is no JSON value.", text));
  return value;
}

/// The claims that are to be replaced. Text stays text where the job's claim is one.
Result<json::object> changed_claims(const TestIssuerOptions& options, Shape shape) {
  const json::object usual = testissuer::job_claims(shape, "", {}, SystemClock().now());
  json::object claims;
  for (const std::string& text : options.claims) {
    const auto given = assignment(text);
    if (!given) return pass_on(given);
    const json::value* now = usual.if_contains(given->first);
    if (!now || now->is_string()) {
      claims[given->first] = given->second;
      continue;
    }
    auto value = json_of(given->second);
    if (!value) return pass_on(value);
    claims[given->first] = std::move(*value);
  }
  for (const std::string& text : options.json_claims) {
    const auto given = assignment(text);
    if (!given) return pass_on(given);
    auto value = json_of(given->second);
    if (!value) return pass_on(value);
    claims[given->first] = std::move(*value);
  }
  return claims;
}

Result<json::object> request_of(const TestIssuerOptions& options) {
  testissuer::TokenRequest request;
  const auto shape = testissuer::shape_named(options.shape);
  if (!shape) return unusable("The shape must be circleci, github or gitlab.");
  request.shape = *shape;
  request.choices = {options.audience, options.root_issuer, options.subject_v2};
  auto claims = changed_claims(options, *shape);
  if (!claims) return pass_on(claims);
  request.claims = std::move(*claims);
  request.without = options.without;
  request.token_case = options.token_case;
  const auto offset = offset_of(options.clock_offset);
  if (!offset) return pass_on(offset);
  request.clock_offset = *offset;
  return request.to_json();
}

int print(const Result<std::string>& answer) {
  if (!answer) return complain(answer.error());
  std::cout << *answer;
  if (!answer->ends_with('\n')) std::cout << '\n';
  return 0;
}

int token(const TestIssuerOptions& options, std::string_view path) {
  const auto request = request_of(options);
  if (!request) return complain(request.error());
  return print(ask(options, "POST", path, *request));
}

int trouble(const TestIssuerOptions& options) {
  return print(ask(options, "PUT", "/trouble", {{"trouble", options.trouble}}));
}

int rotate(const TestIssuerOptions& options) { return print(ask(options, "POST", "/rotate", {})); }

int cases(const TestIssuerOptions&) {
  std::cout << "Tokens (token SHAPE --case NAME), and what this registry says of them:\n";
  for (const testissuer::TokenCase& it : testissuer::token_cases()) {
    std::cout << "  " << std::left << std::setw(20) << it.name << std::setw(24) << it.code
              << it.help << '\n';
  }
  std::cout << "Answers for keys (trouble NAME):\n";
  for (const testissuer::KeyTrouble& it : testissuer::key_troubles()) {
    std::cout << "  " << std::left << std::setw(20) << it.name << it.help << '\n';
  }
  return 0;
}

void add_token_options(CLI::App& command, TestIssuerOptions& options) {
  command.add_option("SHAPE", options.shape, "circleci, github or gitlab")->required();
  command.add_option("--audience", options.audience, "`aud` (default npm:localhost)");
  command.add_option("--claim", options.claims, "NAME=VALUE in place of the job's claim");
  command.add_option("--claim-json", options.json_claims, "NAME=JSON, whatever type it has");
  command.add_option("--without", options.without, "a claim that is left out");
  command.add_option("--case", options.token_case, "a bad token: see `test-issuer cases`");
  command.add_option("--clock-offset", options.clock_offset, "its clock, such as -10m");
  command.add_flag("--root-issuer", options.root_issuer, "CircleCI's issuer of all organisations");
  command.add_flag("--subject-v2", options.subject_v2, "CircleCI's second form of `sub`");
}

}  // namespace

void add_test_issuer_command(CLI::App& app, Command& chosen) {
  auto* command = app.add_subcommand(
      "test-issuer", "An identity provider that misbehaves as told, to try trusted publishing.");
  command->require_subcommand(1);
  auto options = std::make_shared<TestIssuerOptions>();
  const auto subcommand = [&](const char* name, const char* help, auto run) {
    auto* added = command->add_subcommand(name, help);
    added->callback([options, &chosen, run] { chosen = [options, run] { return run(*options); }; });
    return added;
  };
  const auto asks = [&](CLI::App* added) {
    added->add_option("--issuer", options->issuer,
                      "a running one (default " + options->issuer + ")");
    return added;
  };
  auto* server = subcommand("serve", "Run it, on this machine alone unless told otherwise.", serve);
  server->add_option("--listen", options->listen, "HOST:PORT (default " + options->listen + ")");
  server->add_option("--url", options->url, "how it is reached, when not at that address");
  server->add_option("--clock-offset", options->clock_offset, "its clock, such as -10m");
  server->add_option("--trouble", options->trouble, "what is wrong from the start");
  add_token_options(
      *asks(subcommand("token", "Print a token.",
                       [](const TestIssuerOptions& it) { return token(it, "/token"); })),
      *options);
  add_token_options(
      *asks(subcommand("claims", "Print a token's claims as JSON.",
                       [](const TestIssuerOptions& it) { return token(it, "/claims"); })),
      *options);
  asks(subcommand("trouble", "Answer badly for keys from now on.", trouble))
      ->add_option("NAME", options->trouble, "see `test-issuer cases`; none ends it")
      ->required();
  asks(subcommand("rotate", "Replace the key; the old one is no longer published.", rotate));
  subcommand("cases", "List the bad tokens and the bad answers.", cases);
}

}  // namespace imp::app
