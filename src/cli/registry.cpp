#include "cli/registry.h"

#include <boost/json.hpp>

#include "base/encoding.h"
#include "base/printable.h"
#include "cli/refusal.h"
#include "registry/packages/package_name.h"

namespace imp::cli {

namespace {

constexpr std::string_view kHere = "http://localhost:4873";

/// Of a refusal, as a terminal may have it.
std::string member(const boost::json::value& document, std::string_view name) {
  const auto* object = document.if_object();
  const auto* found = object ? object->if_contains(name) : nullptr;
  return found && found->is_string() ? printable(found->get_string()) : std::string();
}

std::unexpected<Failure> not_json(const std::string& url, int status) {
  return refuse(CliRefusal::answer_unusable,
                fmt::format("{} answered {} with something that is not JSON. Is this the "
                            "registry's address?",
                            url, status));
}

}  // namespace

Registry Registry::open(const RegistryOptions& options, const Environment& environment,
                        std::shared_ptr<http::Client> client) {
  const NpmConfig npm = NpmConfig::read(environment, options.directory);
  Registry registry;
  const auto configured = npm.registry();
  registry.address_is_default_ = options.registry.empty() && !configured;
  registry.address_ =
      !options.registry.empty() ? options.registry : configured.value_or(std::string(kHere));
  while (registry.address_.ends_with('/')) registry.address_.pop_back();
  if (options.registry.empty()) {
    registry.project_file_ = npm.named_by_project_alone(registry.address_);
  }
  registry.token_ = environment("IMPRIMATUR_TOKEN");
  const bool has_token = registry.token_ && !registry.token_->empty();
  registry.token_from_ = "IMPRIMATUR_TOKEN";
  if (!has_token || !registry.project_file_.empty()) {
    registry.token_ = npm.token(registry.address_);
    registry.token_from_ = "npm's configuration";
  }
  registry.otp_ = options.otp;
  registry.keeps_credentials_ = !registry.project_file_.empty() &&
                                ((has_token && !registry.token_) || !registry.otp_.empty());
  if (registry.otp_.empty()) registry.confirmation_ = WebConfirmation::at_terminal(environment);
  registry.client_ = client ? std::move(client) : http::make_client();
  return registry;
}

Result<void> Registry::has_address() const {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (address_.starts_with(scheme) && address_.size() > scheme.size()) return {};
  }
  return refuse(CliRefusal::unusable_argument,
                fmt::format("\"{}\" is no address of a registry, which begins with http:// or "
                            "https://. --registry names another.",
                            address_));
}

/// The client's sentence does not say whose server it is about.
Failure Registry::not_reached(Failure failure) const {
  if (!may_pass(failure)) return failure;
  failure.message +=
      address_is_default_
          ? fmt::format(
                " No registry is configured, so {} was asked: name yours with --registry, "
                "or `npm config set registry URL`.",
                address_)
          : fmt::format(" Is {} the registry's address, and does it run? --registry names another.",
                        address_);
  return failure;
}

Result<void> Registry::needs_token() const {
  if (const auto address = has_address(); !address) return address;
  if (keeps_credentials_) return may_be_given_credentials();
  if (token_) return {};
  return refuse(CliRefusal::no_credential,
                fmt::format("There is no token for {}: set IMPRIMATUR_TOKEN to an access token of "
                            "yours, or run `npm login --registry {}/`.",
                            address_, address_));
}

Result<void> Registry::may_be_given_credentials() const {
  if (project_file_.empty()) return {};
  return refuse(CliRefusal::registry_not_chosen,
                fmt::format("{} is named by {} alone, and whoever wrote that file may be a "
                            "stranger: your token and your codes are not sent there. Say "
                            "--registry {} if you mean it, or `npm login --registry {}/` first.",
                            address_, project_file_, address_, address_));
}

Result<http::Fetched> Registry::send(http::Fetch fetch, const std::string& path) const {
  if (const auto address = has_address(); !address) return pass_on(address);
  if (keeps_credentials_) return pass_on(may_be_given_credentials());
  fetch.url = address_ + path;
  if (token_) fetch.headers.emplace_back("authorization", "Bearer " + *token_);
  if (!otp_.empty()) fetch.headers.emplace_back("npm-otp", otp_);
  auto fetched = fetch_confirmed(*client_, fetch, confirmation_);
  if (!fetched) return std::unexpected(not_reached(fetched.error()));
  if (fetched->status / 100 == 2) return fetched;
  boost::system::error_code error;
  const boost::json::value document = boost::json::parse(fetched->body, error);
  const bool away = fetched->status >= 500 || fetched->status == 429;
  if (error && !fetched->body.empty() && !away) return not_json(fetch.url, fetched->status);
  std::string message = member(document, "message");
  const std::string code = member(document, "code"), help = member(document, "help");
  if (message.empty()) message = fmt::format("{} answered {}.", fetch.url, fetched->status);
  if (code == "second_factor_required" && !message.contains("--otp")) {
    message += " Give it with --otp.";
  }
  if (code == "credential_invalid" && token_) {
    message += fmt::format(" The token is that of {}.", token_from_);
  }
  return refuse(away ? CliRefusal::registry_unavailable : CliRefusal::registry_refused,
                std::move(message),
                help.starts_with('/') ? fmt::format("{}: {}{}", code, address_, help) : code);
}

Result<Registry::Answer> Registry::ask(std::string_view method, const std::string& path,
                                       const boost::json::value& body, Milliseconds timeout) const {
  http::Fetch fetch{.method = std::string(method),
                    .headers = {{"accept", "application/json"}},
                    .timeout = timeout,
                    .body_limit = 64UL << 20};
  if (!body.is_null()) {
    fetch.headers.emplace_back("content-type", "application/json");
    fetch.body = boost::json::serialize(body);
  }
  const auto fetched = send(std::move(fetch), path);
  if (!fetched) return pass_on(fetched);
  Answer answer{fetched->status, nullptr};
  if (fetched->body.empty()) return answer;
  boost::system::error_code error;
  answer.document = boost::json::parse(fetched->body, error);
  if (error) return not_json(address_ + path, fetched->status);
  return answer;
}

bool may_pass(const Failure& failure) {
  return failure.code() == reason(CliRefusal::registry_unavailable).code ||
         failure.code() == reason(http::FetchRefusal::unreachable).code ||
         failure.code() == reason(http::FetchRefusal::timed_out).code ||
         failure.code() == reason(http::FetchRefusal::answer_invalid).code;
}

std::string place_path(std::string_view name) {
  if (registry::is_scope(name)) return "/-/org/" + percent_encode(name.substr(1));
  return "/-/package/" + percent_encode(name);
}

}  // namespace imp::cli
