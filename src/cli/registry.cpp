#include "cli/registry.h"

#include <boost/json.hpp>

#include "base/encoding.h"
#include "cli/refusal.h"

namespace imp::cli {

namespace {

constexpr std::string_view kHere = "http://localhost:4873";

std::string member(const boost::json::value& document, std::string_view name) {
  const auto* object = document.if_object();
  const auto* found = object ? object->if_contains(name) : nullptr;
  return found && found->is_string() ? std::string(found->get_string()) : std::string();
}

}  // namespace

Registry Registry::open(const RegistryOptions& options, const Environment& environment,
                        std::shared_ptr<http::Client> client) {
  const NpmConfig npm = NpmConfig::read(environment, ".");
  Registry registry;
  registry.address_ =
      !options.registry.empty() ? options.registry : npm.registry().value_or(std::string(kHere));
  while (registry.address_.ends_with('/')) registry.address_.pop_back();
  registry.token_ = environment("IMPRIMATUR_TOKEN");
  if (!registry.token_ || registry.token_->empty()) {
    registry.token_ = npm.token(registry.address_);
  }
  registry.otp_ = options.otp;
  registry.client_ = client ? std::move(client) : http::make_client();
  return registry;
}

Result<void> Registry::needs_token() const {
  if (token_) return {};
  return refuse(CliRefusal::no_credential,
                fmt::format("There is no token for {}: set IMPRIMATUR_TOKEN to an access token of "
                            "yours, or run `npm login --registry {}/`.",
                            address_, address_));
}

Result<Registry::Answer> Registry::ask(std::string_view method, const std::string& path,
                                       const boost::json::value& body) {
  http::Fetch fetch{.method = std::string(method),
                    .url = address_ + path,
                    .headers = {{"accept", "application/json"}},
                    .timeout = std::chrono::minutes(2),
                    .body_limit = 64UL << 20};
  if (token_) fetch.headers.emplace_back("authorization", "Bearer " + *token_);
  if (!otp_.empty()) fetch.headers.emplace_back("npm-otp", otp_);
  if (!body.is_null()) {
    fetch.headers.emplace_back("content-type", "application/json");
    fetch.body = boost::json::serialize(body);
  }
  const auto fetched = client_->fetch(fetch);
  if (!fetched) return pass_on(fetched);
  Answer answer{fetched->status, nullptr};
  if (!fetched->body.empty()) {
    boost::system::error_code error;
    answer.document = boost::json::parse(fetched->body, error);
    if (error) {
      return refuse(CliRefusal::answer_unusable,
                    fmt::format("{} answered {} with something that is not JSON. Is this the "
                                "registry's address?",
                                fetch.url, fetched->status));
    }
  }
  if (answer.status / 100 == 2) return answer;
  std::string message = member(answer.document, "message");
  const std::string code = member(answer.document, "code");
  if (message.empty()) message = fmt::format("{} answered {}.", fetch.url, answer.status);
  const std::string help = member(answer.document, "help");
  if (code == "second_factor_required") message += " Give it with --otp.";
  return refuse(CliRefusal::registry_refused, std::move(message),
                help.starts_with('/') ? fmt::format("{}: {}{}", code, address_, help) : code);
}

std::string trust_path(std::string_view package) {
  return "/-/package/" + percent_encode(package) + "/trust";
}

}  // namespace imp::cli
