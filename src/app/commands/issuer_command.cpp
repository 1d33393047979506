#include <boost/json.hpp>
#include <fstream>
#include <iostream>
#include <sstream>

#include "app/commands/accounts_session.h"
#include "app/commands/commands.h"
#include "app/registry_half.h"
#include "audit/log.h"
#include "cli/refusal.h"
#include "registry/trust/issuer_definition.h"
#include "registry/trust/issuer_table.h"

extern char** environ;

namespace imp::app {

namespace {

struct IssuerOptions {
  Flags flags;
  std::string id, kind, url, keys_file, keys_url, tenant_claim;
  std::vector<std::string> algorithms;
  std::int64_t max_age = 0, max_lifetime = 0;
  bool self_hosted_runners = false, preferred = false;
  bool single_tenant = false, private_address = false;
};

/// The data directory and the issuers known in it, for a command beside a running server. Only an
/// issuer that is added may come before the server: a directory that was mistyped must not be made,
/// and look as if something in it had been frozen.
struct Opened {
  Store store;
  std::unique_ptr<trust::Issuers> issuers;

  static Result<Opened> open(const Flags& flags, bool create = false) {
    const auto settings = load_settings(flags, environ);
    if (!settings) return pass_on(settings);
    auto store = open_store(settings->data, create);
    if (!store) return pass_on(store);
    Opened opened{std::move(*store),
                  std::make_unique<trust::Issuers>(built_in_issuers(*settings, ""))};
    const auto read = opened.store.database->read([&](db::Session& session) -> Result<void> {
      opened.issuers->refresh(session);
      return {};
    });
    if (!read) return pass_on(read);
    return opened;
  }
};

using Change = std::function<Result<void>(db::Session&, const trust::Issuers&, Time)>;

int change(const IssuerOptions& options, std::string_view action, boost::json::object detail,
           std::string_view done_text, const Change& body) {
  auto opened = Opened::open(options.flags, action == "issuer.add");
  if (!opened) return complain(opened.error());
  const auto done = opened->store.database->write([&](db::Session& session) -> Result<void> {
    const Time now = SystemClock().now();
    opened->issuers->refresh(session);
    if (auto changed = body(session, *opened->issuers, now); !changed) return changed;
    audit::Record record;
    record.at = now;
    record.actor = "system";
    record.action = action;
    record.subject = "issuer:" + options.id;
    record.outcome = "granted";
    record.detail = detail;
    audit::append(session, record);
    return {};
  });
  if (!done) return complain(done.error());
  std::cout << done_text << ' ' << options.id << '\n';
  return 0;
}

Result<boost::json::value> keys_in(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  boost::system::error_code error;
  auto document = boost::json::parse(text.str(), error);
  if (!file || error) {
    return refuse(cli::CliRefusal::unusable_input,
                  fmt::format("{} cannot be read as a JSON document of keys.", path));
  }
  return document;
}

Result<trust::Issuer> issuer_of(const IssuerOptions& options) {
  boost::json::object request{{"id", options.id}, {"kind", options.kind}, {"url", options.url}};
  if (!options.algorithms.empty()) {
    request["algorithms"] = boost::json::value_from(options.algorithms);
  }
  if (options.max_age != 0) request["max_age"] = options.max_age;
  if (options.max_lifetime != 0) request["max_lifetime"] = options.max_lifetime;
  if (!options.tenant_claim.empty()) request["tenant_claim"] = options.tenant_claim;
  if (!options.keys_url.empty()) request["keys_url"] = options.keys_url;
  if (options.self_hosted_runners) request["self_hosted_runners"] = true;
  if (options.preferred) request["default"] = true;
  if (options.single_tenant) request["single_tenant"] = true;
  if (options.private_address) request["private_addresses"] = true;
  if (!options.keys_file.empty()) {
    auto keys = keys_in(options.keys_file);
    if (!keys) return pass_on(keys);
    request["keys"] = std::move(*keys);
  }
  return trust::parse_issuer(request);
}

int add(const IssuerOptions& options) {
  const auto issuer = issuer_of(options);
  if (!issuer) return complain(issuer.error());
  return change(options, "issuer.add", {{"issuer", trust::issuer_json(*issuer)}}, "added",
                [&](db::Session& session, const trust::Issuers& issuers, Time now) {
                  return trust::add_issuer(session, issuers, *issuer, "system", now);
                });
}

int remove(const IssuerOptions& options) {
  return change(options, "issuer.remove", {}, "removed",
                [&](db::Session& session, const trust::Issuers& issuers, Time) {
                  return trust::remove_issuer(session, issuers, options.id);
                });
}

int freeze(const IssuerOptions& options, bool frozen) {
  return change(options, frozen ? "issuer.freeze" : "issuer.unfreeze", {},
                frozen ? "froze" : "unfroze",
                [&](db::Session& session, const trust::Issuers& issuers, Time now) {
                  return trust::freeze_issuer(session, issuers, options.id, frozen, now);
                });
}

int list(const IssuerOptions& options) {
  const auto opened = Opened::open(options.flags);
  if (!opened) return complain(opened.error());
  const auto issuers = opened->issuers->all();
  for (const auto& issuer : *issuers) {
    std::cout << boost::json::serialize(trust::issuer_json(*issuer)) << '\n';
  }
  return 0;
}

}  // namespace

void add_issuer_command(CLI::App& app, Command& chosen) {
  auto* command = app.add_subcommand("issuer", "Servers whose identity tokens may publish.");
  command->require_subcommand(1);
  auto options = std::make_shared<IssuerOptions>();
  const auto subcommand = [&](const char* name, const char* help, auto run) {
    auto* added = command->add_subcommand(name, help);
    add_data_flags(*added, options->flags);
    added->callback([options, &chosen, run] { chosen = [options, run] { return run(*options); }; });
    return added;
  };
  auto* adder = subcommand("add", "Add an issuer.", add);
  adder->add_option("ID", options->id, "a name for it, which publishers keep")->required();
  adder->add_option("--kind", options->kind, trust::all_types())->required();
  adder->add_option("--url", options->url, "its tokens' `iss`, byte for byte")->required();
  adder->add_option("--algorithm", options->algorithms, "RS256 (when none is given), ES256, EdDSA");
  adder->add_option("--max-age", options->max_age, "seconds since a token's `iat`");
  adder->add_option("--max-lifetime", options->max_lifetime, "seconds from `iat` to `exp`");
  adder->add_option("--keys", options->keys_file, "file with its JWK set, instead of discovery");
  adder->add_option("--keys-url", options->keys_url,
                    "of a generic issuer: address of its JWK set, instead of discovery");
  adder->add_option("--tenant-claim", options->tenant_claim,
                    "claim that every publisher of a shared issuer must require");
  adder->add_flag("--single-tenant", options->single_tenant,
                  "of a generic issuer: nobody else gets tokens of it");
  adder->add_flag("--private-address", options->private_address,
                  "fetch its keys from an address that is not public, or without TLS");
  adder->add_flag("--self-hosted-runners", options->self_hosted_runners,
                  "take releases from machines of a project's own");
  adder->add_flag("--default", options->preferred,
                  "publishers that name no issuer, such as npm's, mean this one of its kind");
  subcommand("list", "Print each issuer as a line of JSON.", list);
  subcommand("remove", "Remove an issuer that no publisher names.", remove)
      ->add_option("ID", options->id, "its name")
      ->required();
  subcommand("freeze", "Refuse its tokens, and end the publish tokens that came of them.",
             [](const IssuerOptions& it) { return freeze(it, true); })
      ->add_option("ID", options->id, "its name")
      ->required();
  subcommand("unfreeze", "Take its tokens again.",
             [](const IssuerOptions& it) { return freeze(it, false); })
      ->add_option("ID", options->id, "its name")
      ->required();
}

}  // namespace imp::app
