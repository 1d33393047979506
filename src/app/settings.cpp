#include "app/settings.h"

#include <charconv>
#include <filesystem>
#include <tuple>

namespace imp::app {

namespace {

constexpr std::string_view kFile = "imprimatur.yaml";

std::unexpected<Failure> bad(std::string message) {
  return refuse(SettingsRefusal::bad_value, std::move(message));
}

/// The host and port of a URL, as in its authority; empty when it is no http(s) URL without a path.
std::string_view authority(std::string_view url) {
  for (const std::string_view scheme : {"https://", "http://"}) {
    if (url.starts_with(scheme)) return url.substr(scheme.size());
  }
  return {};
}

Result<void> check(Settings& settings) {
  const auto endpoint = parse_endpoint(settings.listen);
  if (!endpoint) return pass_on(endpoint);
  if (settings.public_url.empty()) {
    const bool everywhere =
        endpoint->host == "0.0.0.0" || endpoint->host == "::" || endpoint->host == "127.0.0.1";
    const std::string host = everywhere                     ? "localhost"
                             : endpoint->host.contains(':') ? "[" + endpoint->host + "]"
                                                            : endpoint->host;
    settings.public_url = fmt::format(
        "{}://{}:{}", settings.tls_certificate.empty() ? "http" : "https", host, endpoint->port);
  }
  while (settings.public_url.ends_with('/')) settings.public_url.pop_back();
  const std::string_view host = authority(settings.public_url);
  if (host.empty() || host.find_first_of("/?#@ ") != std::string_view::npos) {
    return bad(fmt::format(
        "http.public_url: \"{}\" must be http:// or https:// with a host and no path: npm asks "
        "for the token exchange at the host's root.",
        settings.public_url));
  }
  // Identity tokens name their issuer without a slash at the end, and are compared byte for byte.
  while (settings.circleci_issuer.ends_with('/')) settings.circleci_issuer.pop_back();
  const std::string_view issuer = authority(settings.circleci_issuer);
  if (issuer.empty() || issuer.starts_with('/') ||
      issuer.find_first_of("?#@\\ ") != std::string_view::npos) {
    return bad(fmt::format(
        "trust.circleci_issuer: \"{}\" must be http:// or https:// with a host, as identity tokens "
        "name it in `iss`, such as https://oidc.circleci.com.",
        settings.circleci_issuer));
  }
  if (settings.tls_certificate.empty() != settings.tls_key.empty()) {
    return bad("http.tls_certificate and http.tls_key go together: one of them is missing.");
  }
  settings.data = std::filesystem::absolute(settings.data).lexically_normal();
  return {};
}

}  // namespace

SettingsTable Settings::table() {
  using std::chrono::hours;
  using std::chrono::seconds;
  SettingsTable table;
  table.text("data", data,
             "Directory of the database, the tarballs, the keys and the repositories.");
  table.text("http.listen", listen, "Address and port to listen on.");
  table.text("http.public_url", public_url,
             "How clients reach this server; tarball addresses are made of it.");
  table.number("http.io_threads", io_threads, 0, 256,
               "Threads that speak HTTP; 0 means one per core.");
  table.number("http.database_workers", database_workers, 1, 1024,
               "Requests that may wait for the database.");
  table.number("http.outbound_workers", outbound_workers, 1, 1024,
               "Requests that may wait for other servers.");
  table.number("http.program_workers", program_workers, 1, 1024, "Requests that may wait for git.");
  table.number("http.connection_limit", connection_limit, 16, 1'000'000, "Connections at a time.");
  table.number("http.queue_limit", queue_limit, 1, 1'000'000,
               "Requests that may wait for a worker before 503.");
  table.duration("http.drain_timeout", drain_timeout, seconds(0), hours(1),
                 "How long running requests may end.");
  table.text("http.tls_certificate", tls_certificate, "PEM file of the certificate and its chain.");
  table.text("http.tls_key", tls_key, "PEM file of its private key.");
  table.list("http.trusted_proxies", trusted_proxies,
             "Addresses or CIDR blocks whose X-Forwarded-* headers count.");
  table.number("registry.tarball_megabytes", tarball_megabytes, 1, 16 * 1024,
               "The largest tarball that is taken.");
  table.number("registry.cache_megabytes", cache_megabytes, 1, 1024 * 1024,
               "Memory for prepared packuments.");
  table.number("registry.publishes_per_publisher", publishes_per_publisher, 0, 1'000'000,
               "Versions that a publisher may publish within an hour; more are staged. 0: any.");
  table.number("registry.publishes_per_repository", publishes_per_repository, 0, 1'000'000,
               "Versions that a CI project may publish within an hour; more are staged. 0: any.");
  table.list(
      "trust.audiences", audiences,
      "Audiences accepted beside npm:<public host>, such as that of the public npm registry.");
  table.text("trust.circleci_issuer", circleci_issuer,
             "Base URL of CircleCI's issuer, or of a CircleCI Server's.");
  table.duration("trust.identity_token_age", identity_token_age, seconds(10), hours(1),
                 "How old an identity token may be when it is exchanged.");
  table.flag("trust.self_hosted_runners", self_hosted_runners,
             "Whether github.com and gitlab.com jobs on machines of a project's own may publish.");
  table.flag("trust.private_addresses", issuer_private_addresses,
             "Whether keys of the issuers that are always there may be fetched from private "
             "addresses, without TLS, and through a proxy.");
  table.flag("webhooks.private_addresses", webhook_private_addresses,
             "Whether webhooks may go to private addresses, and without TLS.");
  table.text("mail.server", mail_server,
             "Where mail is sent through: smtp://host:port or smtps://host:port.");
  table.text("mail.from", mail_from, "The address that mail comes from.");
  table.text("mail.username", mail_username, "The user name at that server, when it wants one.");
  table.text("mail.password_file", mail_password_file, "File of the password that goes with it.");
  table.choice("mail.tls", mail_tls, {"auto", "required", "none"},
               "Whether TLS is insisted on; auto: unless the server is this machine.");
  table.text("mail.ca_file", mail_ca_file,
             "PEM file of whom to believe in the server's certificate.");
  table.text("provenance.trusted_root", trusted_root,
             "File of whom to believe in Sigstore bundles: a trusted_root.json.");
  table.duration("trust.unused_publisher_life", unused_publisher_life, seconds(0), hours(8760),
                 "When a trusted publisher ends that was never used; 0: never.");
  table.duration("trust.publisher_cool_down", publisher_cool_down, seconds(0), hours(720),
                 "How long a new trusted publisher cannot be used yet.");
  table.duration("trust.switch_cool_down", switch_cool_down, seconds(0), hours(720),
                 "How long what a package insists on stays in force after it was relaxed.");
  table.flag("ci.runner", runner, "Start a runner beside the server.");
  table.flag("ci.job_network", job_network, "Whether jobs may use the network.");
  table.number("ci.job_processes", job_processes, 16, 4'194'304,
               "Processes that jobs may have at a time.");
  table.choice("log.format", log_format, {"text", "json"}, "Shape of log lines.");
  table.choice("log.level", log_level, {"debug", "info", "warning", "error"},
               "Least level that is written.");
  return table;
}

Result<Settings> load_settings(const Flags& flags, const char* const* environment) {
  Settings settings;
  SettingsTable table = settings.table();
  // The data directory decides where the file is, so it is looked up first.
  std::string file = flags.config;
  if (file.empty()) {
    Settings early;
    SettingsTable early_table = early.table();
    if (const auto done = early_table.read_environment(environment, {"IMPRIMATUR_TOKEN"}); !done)
      return pass_on(done);
    const std::filesystem::path candidate =
        std::filesystem::path(flags.data.empty() ? early.data : flags.data) / kFile;
    if (std::filesystem::exists(candidate)) file = candidate;
  }
  if (!file.empty()) {
    if (const auto done = table.read_file(file); !done) return pass_on(done);
  }
  if (const auto done = table.read_environment(environment, {"IMPRIMATUR_TOKEN"}); !done)
    return pass_on(done);
  for (const auto& [key, value, source] :
       {std::tuple("data", &flags.data, "--data"),
        std::tuple("http.listen", &flags.listen, "--listen"),
        std::tuple("http.public_url", &flags.public_url, "--public-url")}) {
    if (value->empty()) continue;
    if (const auto done = table.set(key, {*value}, source); !done) return pass_on(done);
  }
  if (flags.no_runner) settings.runner = false;
  if (const auto done = check(settings); !done) return pass_on(done);
  return settings;
}

Result<Endpoint> parse_endpoint(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  std::string_view host = text.substr(0, colon);
  const std::string_view digits = colon == std::string_view::npos ? "" : text.substr(colon + 1);
  unsigned port = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  const bool bracketed = host.starts_with('[') && host.ends_with(']') && host.size() > 2;
  if (bracketed) host = host.substr(1, host.size() - 2);
  if (digits.empty() || error != std::errc() || end != digits.data() + digits.size() ||
      port > 65535 || host.empty() || (!bracketed && host.contains(':'))) {
    return bad(fmt::format(
        "http.listen: \"{}\" must be an address and a port, such as 127.0.0.1:4873 or [::]:4873.",
        text));
  }
  return Endpoint{std::string(host), static_cast<std::uint16_t>(port)};
}

std::vector<std::string> accepted_audiences(const Settings& settings) {
  const std::string_view with_port = authority(settings.public_url);
  const std::size_t colon = with_port.rfind(':');
  const bool has_port =
      colon != std::string_view::npos && with_port.find(']', colon) == std::string_view::npos;
  std::vector<std::string> audiences = settings.audiences;
  audiences.push_back(fmt::format("npm:{}", has_port ? with_port.substr(0, colon) : with_port));
  if (has_port) audiences.push_back(fmt::format("npm:{}", with_port));
  return audiences;
}

}  // namespace imp::app
