#include <boost/json.hpp>
#include <iostream>

#include "base/printable.h"
#include "cli/claim_options.h"
#include "cli/commands.h"
#include "cli/comparison_text.h"
#include "cli/identity_token.h"
#include "cli/names.h"
#include "cli/refusal.h"

namespace imp::cli {

namespace {

struct CheckOptions {
  RegistryOptions registry;
  std::string package, token_file, issuer, audience;
  bool fetch = false;
  std::vector<std::string> claims;
};

/// The body of the question: a described job, or a token of the file or of the CI job's variable.
Result<boost::json::object> question_of(const CheckOptions& options,
                                        const Environment& environment) {
  if (!options.claims.empty()) {
    auto claims = claims_of(options.claims);
    if (!claims) return pass_on(claims);
    boost::json::object question{{"claims", std::move(*claims)}};
    if (!options.issuer.empty()) question["issuer"] = options.issuer;
    return question;
  }
  std::string token = environment("NPM_ID_TOKEN").value_or("");
  if (!options.token_file.empty()) {
    auto read = read_input(options.token_file);
    if (!read) return pass_on(read);
    token = std::move(*read);
  }
  const std::size_t end = token.find_last_not_of(" \t\r\n");
  token.resize(end == std::string::npos ? 0 : end + 1);
  if (token.empty()) {
    return refuse(CliRefusal::unusable_argument,
                  "Give an identity token (--token-file FILE, - for standard input, or the "
                  "variable NPM_ID_TOKEN), or describe a job with --claim name=value.");
  }
  return boost::json::object{{"token", token}};
}

/// The token that the CI job around this process is given, now.
Result<boost::json::object> fetched(const CheckOptions& options, const Environment& environment,
                                    const std::string& address) {
  auto audience = options.audience.empty() ? audience_of(address) : options.audience;
  if (!audience) return pass_on(audience);
  const auto client = http::make_client();
  auto token = fetch_identity_token(environment, *client, run_in_shell, *audience);
  if (!token) return pass_on(token);
  return boost::json::object{{"token", std::move(*token)}};
}

int check(const CheckOptions& options) {
  const Environment environment = process_environment();
  Registry registry = Registry::open(options.registry, environment);
  const auto question = options.fetch ? fetched(options, environment, registry.address())
                                      : question_of(options, environment);
  if (!question) return complain(question.error());
  if (question->contains("token")) {
    if (const auto may = registry.may_be_given_credentials(); !may) return complain(may.error());
  }
  const auto answer = registry.ask("POST", trust_path(options.package) + "/check", *question);
  if (!answer) return complain(answer.error());
  const std::string outcome = text_of(answer->document, "outcome");
  if (options.registry.json) {
    std::cout << boost::json::serialize(answer->document) << '\n';
  } else {
    std::cout << printable(outcome) << '\n'
              << "  " << printable(text_of(answer->document, "message")) << '\n';
    std::cout << comparison_text(array_of(answer->document, "publishers"));
  }
  return outcome.starts_with("would_be_granted") ? 0 : 1;
}

}  // namespace

void add_trust_check(CLI::App& trust, Command& chosen) {
  auto options = std::make_shared<CheckOptions>();
  auto* command = trust.add_subcommand(
      "check", "Would a token, or a job that is described, be accepted? Changes nothing.");
  command->footer(
      "Examples: imprimatur trust check @acme/widget --fetch\n"
      "          imprimatur trust check @acme/widget --issuer github --claim "
      "repository=acme/widget \\\n            --claim ref=refs/tags/v1.2.0");
  add_package(*command, options->package);
  command->add_option("--token-file", options->token_file,
                      "file with an identity token; - is standard input (default: NPM_ID_TOKEN)");
  auto* fetch = command->add_flag(
      "--fetch", options->fetch,
      "get the token of the CI job that this runs in: CircleCI, this server's, GitHub Actions");
  command
      ->add_option("--audience", options->audience,
                   "of the token that --fetch gets (default: npm:<the registry's host>)")
      ->needs(fetch);
  auto* claim = command->add_option(
      "--claim", options->claims,
      "name=value of a described job; may be repeated. Needs a maintainer's token");
  claim->excludes(fetch);
  command->add_option("--issuer", options->issuer, "of a described job: its id or its address")
      ->needs(claim);
  add_registry_flags(*command, options->registry);
  command->callback([options, &chosen] { chosen = [options] { return check(*options); }; });
}

}  // namespace imp::cli
