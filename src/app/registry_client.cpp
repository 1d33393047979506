#include "app/registry_client.h"

#include <boost/json.hpp>
#include <cstdlib>

#include "app/refusal.h"

namespace imp::app {

namespace {

/// The sentence of a refusal's body, or the body itself.
std::string message_of(const http::Fetched& answer) {
  boost::system::error_code error;
  const boost::json::value document = boost::json::parse(answer.body, error);
  if (!error && document.is_object()) {
    const boost::json::value* message = document.get_object().if_contains("message");
    if (message && message->is_string()) return std::string(message->get_string());
  }
  return answer.body;
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
  const bool later = answer->status >= 500 || answer->status == 429;
  return refuse(later ? AppRefusal::registry_unavailable : AppRefusal::registry_refused,
                fmt::format("the registry answered {}: {}", answer->status, message_of(*answer)));
}

}  // namespace imp::app
