#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/failure.h"
#include "base/settings.h"

namespace imp::app {

/// Every setting of the server. docs/guide/settings.md lists them; the table below is where names,
/// ranges and help live.
struct Settings {
  std::string data = "imprimatur-data";   ///< directory of everything that is kept
  std::string listen = "127.0.0.1:4873";  ///< host:port
  std::string public_url;                 ///< empty: made of `listen`
  std::int64_t io_threads = 0;            ///< 0: one per core
  std::int64_t database_workers = 64;
  std::int64_t outbound_workers = 16;
  std::int64_t program_workers = 16;
  std::int64_t connection_limit = 10000;
  std::int64_t queue_limit = 1024;
  Milliseconds drain_timeout{25000};
  std::string tls_certificate, tls_key;  ///< PEM files; both or neither
  std::vector<std::string> trusted_proxies;
  std::int64_t tarball_megabytes = 1024;  ///< the largest tarball that is taken
  std::int64_t cache_megabytes = 256;     ///< of prepared packuments
  /// Direct publishes within an hour; 0 for any number. See registry/brakes/publish_limits.h.
  std::int64_t publishes_per_publisher = 0;
  std::int64_t publishes_per_repository = 0;
  std::vector<std::string> audiences;  ///< accepted beside npm:<public host>[:<port>]
  /// Whether keys of the issuers of the settings may come from private addresses, and without TLS.
  bool issuer_private_addresses = false;
  std::string circleci_issuer = "https://oidc.circleci.com";
  Milliseconds identity_token_age{300'000};
  bool self_hosted_runners = false;
  bool webhook_private_addresses = false;
  std::string mail_server;  ///< empty: no mail is sent
  std::string mail_from;
  std::string mail_username;
  std::string mail_password_file;
  std::string mail_tls = "auto";
  std::string mail_ca_file;
  std::string trusted_root;  ///< file of whom to believe in Sigstore bundles; empty: nobody
  Milliseconds unused_publisher_life{172'800'000};  ///< 0: for good
  Milliseconds publisher_cool_down{0};
  Milliseconds switch_cool_down{86'400'000};
  bool runner = true;
  bool job_network = true;
  std::int64_t job_processes = 4096;
  std::string log_format = "text";
  std::string log_level = "info";

  SettingsTable table();
};

/// What the flags of a command name; empty where a flag was not given.
struct Flags {
  std::string config, data, listen, public_url;
  bool no_runner = false;
};

/// Defaults, then the file (flag --config, or imprimatur.yaml in the data directory when it is
/// there), then the environment, then flags. Anything unknown or out of range is a refusal.
Result<Settings> load_settings(const Flags& flags, const char* const* environment);

/// host:port taken apart; IPv6 hosts are in brackets. The refusal says what is wrong.
struct Endpoint {
  std::string host;  ///< without brackets
  std::uint16_t port = 0;
};
Result<Endpoint> parse_endpoint(std::string_view text);

/// The audiences that identity tokens may be for: npm's form, without the port, yarn's with it, and
/// those that the operator lists.
std::vector<std::string> accepted_audiences(const Settings& settings);

}  // namespace imp::app
