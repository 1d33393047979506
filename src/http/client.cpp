#include "http/client.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <mutex>
#include <string_view>

#include "http/response_head.h"
#include "http/transfer.h"

namespace imp::http {

namespace {

constexpr std::size_t kHandlesKept = 16;

struct FreeUrl {
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};
using Url = std::unique_ptr<CURLU, FreeUrl>;

Url parse(const std::string& text) {
  Url url(curl_url());
  if (!url || curl_url_set(url.get(), CURLUPART_URL, text.c_str(), 0) != CURLUE_OK) return nullptr;
  return url;
}

std::string part(const Url& url, CURLUPart which) {
  char* text = nullptr;
  if (curl_url_get(url.get(), which, &text, CURLU_DEFAULT_PORT) != CURLUE_OK) return {};
  std::string copy(text);
  curl_free(text);
  return copy;
}

bool same_origin(const Url& a, const Url& b) {
  return part(a, CURLUPART_SCHEME) == part(b, CURLUPART_SCHEME) &&
         equal_ignoring_case(part(a, CURLUPART_HOST), part(b, CURLUPART_HOST)) &&
         part(a, CURLUPART_PORT) == part(b, CURLUPART_PORT);
}

/// The headers that may follow a redirect to another origin. A list of what is harmless, because
/// credentials travel under many names.
bool is_harmless(std::string_view name) {
  static constexpr std::array<std::string_view, 6> harmless = {
      "accept", "accept-encoding", "accept-language", "if-none-match", "range", "user-agent"};
  return std::ranges::any_of(harmless,
                             [&](std::string_view one) { return equal_ignoring_case(one, name); });
}

bool is_redirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

Result<void> check(const Fetch& fetch) {
  const bool method_valid = !fetch.method.empty() && std::ranges::all_of(fetch.method, [](char c) {
    return c >= 'A' && c <= 'Z';
  });
  const bool url_valid =
      std::ranges::all_of(fetch.url, [](unsigned char c) { return c > 0x20 && c < 0x7f; });
  if (!method_valid || !url_valid || !is_valid(fetch.headers)) {
    return refuse(FetchRefusal::request_invalid,
                  "The request cannot be sent: its method, URL or a header has invalid characters.",
                  fetch.url);
  }
  return {};
}

/// Turns `fetch` into the request that the redirect asks for.
Result<void> follow(Fetch& fetch, const Fetched& answer) {
  const std::string location = answer.header("location");
  const Url from = parse(fetch.url);
  const Url to = parse(fetch.url);
  if (location.empty() || !from || !to ||
      curl_url_set(to.get(), CURLUPART_URL, location.c_str(), 0) != CURLUE_OK) {
    return refuse(FetchRefusal::redirect_refused, "The server redirects to no valid place.",
                  fetch.url + " to " + location);
  }
  const bool to_get =
      answer.status == 303 ? fetch.method != "HEAD" : answer.status < 303 && fetch.method == "POST";
  if (to_get) {
    fetch.method = "GET";
    fetch.body.clear();
    std::erase_if(fetch.headers, [](const auto& header) {
      return header.first.size() > 8 && equal_ignoring_case(header.first.substr(0, 8), "content-");
    });
  }
  if (!same_origin(from, to)) {
    if (!fetch.body.empty() || !fetch.unix_socket.empty()) {
      return refuse(FetchRefusal::redirect_refused,
                    "The server redirects the request with its body to another origin.",
                    fetch.url + " to " + location);
    }
    std::erase_if(fetch.headers, [](const auto& header) { return !is_harmless(header.first); });
  }
  fetch.url = part(to, CURLUPART_URL);
  return {};
}

class CurlClient final : public Client {
 public:
  explicit CurlClient(ClientOptions options) : options_(std::move(options)) {
    static std::once_flag once;
    std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
  }

  Result<Fetched> fetch(const Fetch& wanted) override {
    Fetch current = wanted;
    const auto until = std::chrono::steady_clock::now() + wanted.timeout;
    for (int followed = 0;; ++followed) {
      if (const auto valid = check(current); !valid) return pass_on(valid);
      auto answer = exchange(current);
      if (!answer || wanted.redirects == 0 || !is_redirect(answer->status)) return answer;
      if (followed == wanted.redirects) {
        return refuse(FetchRefusal::redirect_refused,
                      fmt::format("The server redirects more than {} times.", wanted.redirects),
                      current.url);
      }
      if (const auto next = follow(current, *answer); !next) return pass_on(next);
      current.timeout =
          std::chrono::duration_cast<Milliseconds>(until - std::chrono::steady_clock::now());
      if (current.timeout <= Milliseconds(0)) {
        return refuse(
            FetchRefusal::timed_out,
            fmt::format("The server did not answer within {} ms.", wanted.timeout.count()),
            current.url);
      }
    }
  }

 private:
  Result<Fetched> exchange(const Fetch& fetch) {
    // A connection made without the check of addresses must not serve a call that asks for it, so
    // the two kinds never share a handle, which is what keeps connections.
    auto& pool = idle_[fetch.public_addresses_only ? 1 : 0];
    Handle handle = take(pool);
    if (!handle) {
      return refuse(FetchRefusal::unreachable, "No outbound connection can be made.",
                    "curl_easy_init failed");
    }
    auto answer = transfer(handle.get(), fetch, options_);
    const std::lock_guard lock(mutex_);
    if (pool.size() < kHandlesKept) pool.push_back(std::move(handle));
    return answer;
  }

  Handle take(std::vector<Handle>& pool) {
    const std::lock_guard lock(mutex_);
    if (pool.empty()) return Handle(curl_easy_init());
    Handle handle = std::move(pool.back());
    pool.pop_back();
    return handle;
  }

  const ClientOptions options_;
  std::mutex mutex_;
  std::array<std::vector<Handle>, 2> idle_;
};

}  // namespace

Reason reason(FetchRefusal refusal) {
  using enum FailureKind;
  switch (refusal) {
    case FetchRefusal::request_invalid:
      return {"fetch_request_invalid", invalid};
    case FetchRefusal::scheme_refused:
      return {"fetch_scheme_refused", invalid};
    case FetchRefusal::address_refused:
      return {"fetch_address_refused", forbidden};
    case FetchRefusal::unreachable:
      return {"fetch_unreachable", upstream};
    case FetchRefusal::timed_out:
      return {"fetch_timed_out", upstream};
    case FetchRefusal::body_too_large:
      return {"fetch_body_too_large", upstream};
    case FetchRefusal::redirect_refused:
      return {"fetch_redirect_refused", upstream};
    case FetchRefusal::stopped:
      return {"fetch_stopped", upstream};
    case FetchRefusal::answer_invalid:
      return {"fetch_answer_invalid", upstream};
  }
  return {"fetch_answer_invalid", upstream};
}

std::string Fetched::header(std::string_view lower_case_name) const {
  for (const auto& [name, value] : headers) {
    if (name == lower_case_name) return value;
  }
  return {};
}

std::unique_ptr<Client> make_client(ClientOptions options) {
  return std::make_unique<CurlClient>(std::move(options));
}

}  // namespace imp::http
