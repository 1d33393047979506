#include "cli/identity_token.h"

#include <fmt/format.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <boost/url.hpp>
#include <cstdio>

#include "base/encoding.h"
#include "cli/comparison_text.h"
#include "cli/refusal.h"

namespace imp::cli {

namespace {

std::unexpected<Failure> none(std::string message) {
  return refuse(CliRefusal::no_identity_token, std::move(message));
}

std::string trimmed(std::string text) {
  const std::size_t end = text.find_last_not_of(" \t\r\n");
  text.resize(end == std::string::npos ? 0 : end + 1);
  return text;
}

/// What may stand between single quotes and in JSON as it is.
bool plain(std::string_view audience) {
  return !audience.empty() && std::ranges::all_of(audience, [](unsigned char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           std::string_view(".:-_/[]").contains(static_cast<char>(c));
  });
}

Result<std::string> of_circleci(const RunCommand& run, const std::string& audience) {
  auto token = run(fmt::format("circleci run oidc get --claims '{{\"aud\": \"{}\"}}'", audience));
  if (!token) return token;
  std::string text = trimmed(std::move(*token));
  if (text.empty()) return none("`circleci run oidc get` printed no identity token.");
  return text;
}

Result<std::string> of_github(const Environment& environment, http::Client& client,
                              const std::string& audience) {
  const std::string url = environment("ACTIONS_ID_TOKEN_REQUEST_URL").value_or(""),
                    secret = environment("ACTIONS_ID_TOKEN_REQUEST_TOKEN").value_or("");
  if (url.empty() || secret.empty()) {
    return none(
        "This job may not ask for identity tokens: give it `permissions:` with `id-token: write` "
        "in the workflow file.");
  }
  const auto answer = client.fetch(
      {.url = url + (url.contains('?') ? "&" : "?") + "audience=" + percent_encode(audience),
       .headers = {{"accept", "application/json"}, {"authorization", "Bearer " + secret}}});
  if (!answer) return pass_on(answer);
  boost::system::error_code error;
  const boost::json::value document = boost::json::parse(answer->body, error);
  std::string token = error ? std::string() : text_of(document, "value");
  if (answer->status != 200 || token.empty()) {
    return none(fmt::format("GitHub answered {} instead of an identity token.", answer->status));
  }
  return token;
}

}  // namespace

Result<std::string> run_in_shell(const std::string& command_line) {
  std::FILE* output = popen(command_line.c_str(), "r");
  if (output == nullptr) return none("No program can be started.");
  std::string text;
  std::array<char, 4096> part;
  for (std::size_t n = 0; (n = std::fread(part.data(), 1, part.size(), output)) > 0;) {
    text.append(part.data(), n);
  }
  const int status = pclose(output);
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return text;
  return none(fmt::format("`{}` failed; what it printed says why.", command_line));
}

Result<std::string> audience_of(const std::string& registry_address) {
  const auto parsed = boost::urls::parse_uri(registry_address);
  if (!parsed || parsed->host().empty()) {
    return refuse(CliRefusal::unusable_argument,
                  fmt::format("{} is no address of a registry.", registry_address));
  }
  return "npm:" + std::string(parsed->encoded_host());
}

Result<std::string> fetch_identity_token(const Environment& environment, http::Client& client,
                                         const RunCommand& run, const std::string& audience) {
  const auto is_set = [&](std::string_view name) { return environment(name) == "true"; };
  if (!plain(audience)) {
    return refuse(CliRefusal::unusable_argument,
                  fmt::format("\"{}\" cannot be asked for as an audience.", audience));
  }
  if (is_set("CIRCLECI")) return of_circleci(run, audience);
  if (is_set("GITHUB_ACTIONS") || environment("ACTIONS_ID_TOKEN_REQUEST_URL")) {
    return of_github(environment, client, audience);
  }
  if (is_set("GITLAB_CI")) {
    if (auto token = environment("NPM_ID_TOKEN"); token && !token->empty()) return *token;
    return none(
        fmt::format("GitLab gives a job its identity tokens when it starts. Add to the job in "
                    ".gitlab-ci.yml:\n  id_tokens:\n    NPM_ID_TOKEN:\n      aud: \"{}\"",
                    audience));
  }
  return none(
      "This is no job of CircleCI, of this server's pipelines, of GitHub Actions or of GitLab CI: "
      "give a token with --token-file, or describe a job with --claim.");
}

}  // namespace imp::cli
