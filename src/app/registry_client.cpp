#include "app/registry_client.h"

#include <boost/json.hpp>
#include <cstdlib>

#include "app/refusal.h"
#include "cli/refusal.h"

namespace imp::app {

namespace {

/// "404 stage_not_found: the sentence", or the body as it is.
std::string refusal_text(const http::Fetched& answer) {
  boost::system::error_code error;
  const boost::json::value document = boost::json::parse(answer.body, error);
  const auto* object = error ? nullptr : document.if_object();
  const auto member = [&](std::string_view name) {
    const auto* value = object ? object->if_contains(name) : nullptr;
    return value && value->is_string() ? std::string(value->get_string()) : std::string();
  };
  const std::string message = member("message"), code = member("code");
  if (message.empty()) return fmt::format("{}: {}", answer.status, answer.body);
  return fmt::format("{}{}{}: {}", answer.status, code.empty() ? "" : " ", code, message);
}

}  // namespace

void RegistryClient::add_flags(CLI::App& command, bool needs_factor) {
  command.add_option("--registry", registry, "the registry's address")->capture_default_str();
  if (!needs_factor) return;
  command.add_option("--otp", otp, "a one-time code of your authenticator app, or a recovery code");
}

Result<http::Fetched> RegistryClient::ask(http::Fetch fetch, std::string_view path) const {
  const char* token = std::getenv("IMPRIMATUR_TOKEN");
  if (token == nullptr || *token == '\0') {
    return refuse(AppRefusal::unusable_input,
                  "Set IMPRIMATUR_TOKEN to an access token of yours: `npm login` keeps one "
                  "in ~/.npmrc, and the account page makes others.");
  }
  std::string base = registry;
  while (base.ends_with('/')) base.pop_back();
  fetch.url = base + std::string(path);
  fetch.headers.emplace_back("authorization", std::string("Bearer ") + token);
  if (!otp.empty()) fetch.headers.emplace_back("npm-otp", otp);
  auto answer = http::make_client()->fetch(fetch);
  if (!answer) return answer;
  if (answer->status / 100 == 2) return answer;
  std::string text = fmt::format("the registry answered {}", refusal_text(*answer));
  if (answer->status >= 500 || answer->status == 429) {
    return refuse(AppRefusal::registry_unavailable, std::move(text));
  }
  return refuse(cli::CliRefusal::registry_refused, std::move(text));
}

}  // namespace imp::app
