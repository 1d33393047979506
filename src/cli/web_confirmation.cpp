#include "cli/web_confirmation.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>
#include <iostream>
#include <thread>

#include "base/printable.h"
#include "cli/comparison_text.h"
#include "cli/refusal.h"

namespace imp::cli {

namespace {

using std::chrono::seconds;

/// The registry ends its side after five minutes; one that never does is given up.
constexpr seconds kLongest{600};
constexpr seconds kPause{2}, kLongestPause{30};

boost::json::value document_of(const http::Fetched& answer) {
  boost::system::error_code error;
  boost::json::value document = boost::json::parse(answer.body, error);
  return error ? boost::json::value() : document;
}

bool is_web_address(std::string_view url) {
  return url.starts_with("https://") || url.starts_with("http://");
}

seconds pause_of(const http::Fetched& answer) {
  const std::string wish = answer.header("retry-after");
  seconds::rep wanted = kPause.count();
  std::from_chars(wish.data(), wish.data() + wish.size(), wanted);
  return std::clamp(seconds(wanted), seconds(1), kLongestPause);
}

/// Polls until somebody has decided; the value for `npm-otp`.
Result<std::string> confirmed(http::Client& client, const std::string& done_url,
                              const WebConfirmation& confirmation) {
  for (seconds waited{0}; waited < kLongest;) {
    const auto answer =
        client.fetch({.url = done_url, .headers = {{"accept", "application/json"}}});
    if (!answer) return pass_on(answer);
    const boost::json::value document = document_of(*answer);
    if (answer->status == 200) {
      if (std::string token = text_of(document, "token"); !token.empty()) return token;
      break;
    }
    if (answer->status != 202) {
      std::string message = printable(text_of(document, "message"));
      if (message.empty()) message = fmt::format("{} answered {}.", done_url, answer->status);
      return refuse(CliRefusal::registry_refused, std::move(message),
                    printable(text_of(document, "code")));
    }
    const seconds pause = pause_of(*answer);
    confirmation.sleep(pause);
    waited += pause;
  }
  return refuse(CliRefusal::registry_refused, "The confirmation in the browser came to nothing.");
}

}  // namespace

WebConfirmation WebConfirmation::at_terminal(const Environment& environment) {
  const std::string wish = environment("npm_config_auth_type").value_or("");
  const bool terminal = isatty(STDIN_FILENO) == 1 && isatty(STDERR_FILENO) == 1;
  if (wish != "web" && (!wish.empty() || !terminal)) return {};
  return {.tell = &std::cerr, .sleep = [](seconds time) { std::this_thread::sleep_for(time); }};
}

Result<http::Fetched> fetch_confirmed(http::Client& client, http::Fetch fetch,
                                      const WebConfirmation& confirmation) {
  if (!confirmation.tell) return client.fetch(fetch);
  fetch.headers.emplace_back("npm-auth-type", "web");
  fetch.headers.emplace_back("npm-command", "imprimatur");
  auto answer = client.fetch(fetch);
  if (!answer || answer->status != 401) return answer;
  const boost::json::value document = document_of(*answer);
  const std::string auth_url = text_of(document, "authUrl"),
                    done_url = text_of(document, "doneUrl");
  if (auth_url.empty() || done_url.empty()) return answer;
  if (!is_web_address(auth_url) || !is_web_address(done_url)) {
    return refuse(CliRefusal::answer_unusable,
                  "The registry asks for a confirmation at something that is no web address.");
  }
  *confirmation.tell << "Confirm this in your browser, with your second factor:\n  "
                     << printable(auth_url) << std::endl;
  auto factor = confirmed(client, done_url, confirmation);
  if (!factor) return pass_on(factor);
  fetch.headers.emplace_back("npm-otp", std::move(*factor));
  return client.fetch(fetch);
}

}  // namespace imp::cli
