#include <boost/json.hpp>
#include <iostream>

#include "base/encoding.h"
#include "cli/claim_options.h"
#include "cli/commands.h"
#include "cli/names.h"
#include "cli/publisher_text.h"
#include "cli/refusal.h"
#include "registry/trust/providers/provider.h"

namespace imp::cli {

namespace {

struct PublisherOptions {
  RegistryOptions registry;
  std::string package, id, type, issuer;
  std::vector<std::string> claims;
  bool publish = false, stage = false, dist_tags = false, ended = false;
};

/// Asks with the caller's token, and prints: the answer, or each publisher in it.
int ask(const PublisherOptions& options, std::string_view method, const std::string& path,
        const boost::json::value& body, std::string_view done) {
  Registry registry = Registry::open(options.registry, process_environment());
  if (const auto token = registry.needs_token(); !token) return complain(token.error());
  const auto answer = registry.ask(method, path, body);
  if (!answer) return complain(answer.error());
  if (options.registry.json) {
    std::cout << boost::json::serialize(answer->document) << '\n';
    return 0;
  }
  std::cout << done;
  if (answer->document.is_object()) std::cout << publisher_text(answer->document);
  const auto* publishers = answer->document.if_array();
  if (!publishers) return 0;
  for (const boost::json::value& publisher : *publishers) std::cout << publisher_text(publisher);
  std::cout << no_package_note(answer->document, options.package);
  if (publishers->empty()) {
    std::cout << options.package
              << (options.ended ? " has none that ended lately\n" : " has no trusted publisher\n");
  }
  return 0;
}

int list(const PublisherOptions& options) {
  return ask(options, "GET", trust_path(options.package) + (options.ended ? "/ended" : ""), nullptr,
             "");
}

int keep(const PublisherOptions& options) {
  return ask(options, "POST",
             trust_path(options.package) + "/" + percent_encode(options.id) + "/keep", nullptr,
             fmt::format("kept {}\n", options.id));
}

int restore(const PublisherOptions& options) {
  return ask(options, "POST",
             trust_path(options.package) + "/" + percent_encode(options.id) + "/restore", nullptr,
             "added again\n");
}

int add(const PublisherOptions& options) {
  const auto claims = claims_of(options.claims);
  if (!claims) return complain(claims.error());
  boost::json::array permissions;
  if (options.publish) permissions.emplace_back("createPackage");
  if (options.stage) permissions.emplace_back("createStagedPackage");
  if (options.dist_tags) permissions.emplace_back("manageDistTags");
  if (permissions.empty()) {
    return complain(refuse(CliRefusal::unusable_argument,
                           "Say what it may do: --allow-publish, --allow-stage-publish or "
                           "--allow-dist-tags.")
                        .error());
  }
  boost::json::object publisher{
      {"type", options.type}, {"claims", *claims}, {"permissions", std::move(permissions)}};
  if (!options.issuer.empty()) publisher["issuer"] = options.issuer;
  return ask(options, "POST", trust_path(options.package), boost::json::array{publisher},
             "added\n");
}

int revoke(const PublisherOptions& options) {
  return ask(options, "DELETE", trust_path(options.package) + "/" + percent_encode(options.id),
             nullptr, fmt::format("revoked {}\n", options.id));
}

}  // namespace

void add_trust_publishers(CLI::App& trust, Command& chosen) {
  const auto subcommand = [&](const char* name, const char* help, auto run) {
    auto options = std::make_shared<PublisherOptions>();
    auto* command = trust.add_subcommand(name, help);
    add_place(*command, options->package);
    add_registry_flags(*command, options->registry);
    add_code_flag(*command, options->registry);
    command->callback(
        [options, &chosen, run] { chosen = [options, run] { return run(*options); }; });
    return std::pair(command, options);
  };
  const auto [lister, listed] =
      subcommand("list", "Print a package's trusted publishers. Needs a second factor.", list);
  lister->add_flag("--ended", listed->ended, "those that ended within 30 days, with the reason");
  const auto [adder, added] =
      subcommand("add", "Add a trusted publisher. Needs a second factor.", add);
  adder->add_option("--type", added->type, "whose identity: " + trust::all_types())->required();
  adder->add_option("--claim", added->claims, "name=value that a token must have; repeat it")
      ->required();
  adder->footer(
      "Example: imprimatur trust add @acme/widget --type github --allow-stage-publish --otp 123456 "
      "\\\n"
      "  --claim repository=acme/widget --claim 'workflow_ref={\"file\": \"release.yml\"}'");
  adder->add_option("--issuer", added->issuer, "its id or address, where there are several");
  adder->add_flag("--allow-publish", added->publish, "let it publish, and stage");
  adder->add_flag("--allow-stage-publish", added->stage, "let it stage releases");
  adder->add_flag("--allow-dist-tags", added->dist_tags, "let it change dist-tags");
  const auto [revoker, revoked] = subcommand(
      "revoke", "Remove a publisher, and end the tokens that it got. Needs a second factor.",
      revoke);
  revoker->add_option("ID", revoked->id, "the publisher's; `trust list` shows it")->required();
  const auto [keeper, kept] = subcommand(
      "keep", "Keep a publisher that somebody added who has left. Needs a second factor.", keep);
  keeper->add_option("ID", kept->id, "the publisher's; `trust list` shows it")->required();
  const auto [restorer, restored] =
      subcommand("restore", "Add a publisher again that ended. Needs a second factor.", restore);
  restorer->add_option("ID", restored->id, "the ended one's; `trust list --ended` shows it")
      ->required();
}

}  // namespace imp::cli
