#include "http/transfer.h"

#include <fmt/format.h>
#include <sys/socket.h>

#include <algorithm>
#include <cctype>
#include <string_view>

#include "http/addresses.h"
#include "http/response_head.h"

namespace imp::http {

namespace {

constexpr std::size_t kHeadLimit = 256 * 1024;

/// What curl's callbacks see of one exchange.
struct Exchange {
  const Fetch& fetch;
  Fetched answer;
  std::size_t head_bytes = 0;
  std::size_t body_bytes = 0;
  bool too_large = false;
  bool stopped = false;
  std::string refused_address;
};

bool is_success(int status) { return status >= 200 && status < 300; }

std::size_t on_header(const char* data, std::size_t, std::size_t size, void* user) {
  auto& exchange = *static_cast<Exchange*>(user);
  exchange.head_bytes += size;
  if (exchange.head_bytes > kHeadLimit) {
    exchange.too_large = true;
    return 0;
  }
  std::string_view line(data, size);
  if (line.starts_with("HTTP/")) {
    // A new head: what an interim answer (100, 103) said does not count.
    exchange.answer.headers.clear();
    const auto space = line.find(' ');
    exchange.answer.status =
        space == std::string_view::npos ? 0 : std::atoi(std::string(line.substr(space)).c_str());
    return size;
  }
  const auto colon = line.find(':');
  if (colon == std::string_view::npos) return size;
  std::string name(line.substr(0, colon));
  std::ranges::transform(name, name.begin(), [](unsigned char c) { return std::tolower(c); });
  line.remove_prefix(colon + 1);
  const auto first = line.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) line = {};
  if (!line.empty()) line = line.substr(first, line.find_last_not_of(" \t\r\n") - first + 1);
  exchange.answer.headers.emplace_back(std::move(name), std::string(line));
  return size;
}

std::size_t on_body(const char* data, std::size_t, std::size_t size, void* user) {
  auto& exchange = *static_cast<Exchange*>(user);
  exchange.body_bytes += size;
  if (exchange.body_bytes > exchange.fetch.body_limit) {
    exchange.too_large = true;
    return 0;
  }
  if (exchange.fetch.sink && is_success(exchange.answer.status)) {
    // An exception must not pass through curl.
    try {
      exchange.stopped = !exchange.fetch.sink(bytes_of({data, size}));
    } catch (...) {
      exchange.stopped = true;
    }
    return exchange.stopped ? 0 : size;
  }
  exchange.answer.body.append(data, size);
  return size;
}

int on_progress(void* user, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  auto& exchange = *static_cast<Exchange*>(user);
  try {
    exchange.stopped = exchange.stopped || exchange.fetch.give_up();
  } catch (...) {
    exchange.stopped = true;
  }
  return exchange.stopped ? 1 : 0;
}

curl_socket_t on_socket(void* user, curlsocktype, curl_sockaddr* address) {
  auto& exchange = *static_cast<Exchange*>(user);
  const bool local = address->family == AF_UNIX && !exchange.fetch.unix_socket.empty();
  if (exchange.fetch.public_addresses_only && !local) {
    const auto target = Address::of(&address->addr);
    if (!target || !is_public(*target)) {
      exchange.refused_address = target ? target->text() : "not an IP address";
      return CURL_SOCKET_BAD;
    }
  }
  return ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

using HeaderList = std::unique_ptr<curl_slist, void (*)(curl_slist*)>;

void add(HeaderList& list, const std::string& line) {
  curl_slist* grown = curl_slist_append(list.get(), line.c_str());
  if (grown == nullptr) throw std::bad_alloc();
  static_cast<void>(list.release());
  list.reset(grown);
}

HeaderList header_lines(const Fetch& fetch, const ClientOptions& options) {
  HeaderList list(nullptr, curl_slist_free_all);
  // Without these, curl would wait for 100-continue before a larger body and call it a form.
  add(list, "Expect:");
  const auto given = [&](std::string_view name) {
    return std::ranges::any_of(
        fetch.headers, [&](const auto& header) { return equal_ignoring_case(header.first, name); });
  };
  if (!given("content-type")) add(list, "Content-Type:");
  if (!given("user-agent")) add(list, "User-Agent: " + options.user_agent);
  for (const auto& [name, value] : fetch.headers) {
    // "Name;" is curl's way to send a header without a value; "Name:" would remove it.
    add(list, value.empty() ? name + ";" : name + ": " + value);
  }
  return list;
}

/// The method with its body, in the way that curl frames them right.
void set_method(CURL* handle, const Fetch& fetch) {
  const bool has_body = !fetch.body.empty() || fetch.method == "POST" || fetch.method == "PUT" ||
                        fetch.method == "PATCH";
  if (fetch.method == "HEAD") {
    curl_easy_setopt(handle, CURLOPT_NOBODY, 1L);
  } else if (has_body) {
    curl_easy_setopt(handle, CURLOPT_POST, 1L);
    curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE,
                     static_cast<curl_off_t>(fetch.body.size()));
    curl_easy_setopt(handle, CURLOPT_POSTFIELDS, fetch.body.c_str());
    curl_easy_setopt(handle, CURLOPT_CUSTOMREQUEST, fetch.method.c_str());
  } else {
    curl_easy_setopt(handle, CURLOPT_HTTPGET, 1L);
    curl_easy_setopt(handle, CURLOPT_CUSTOMREQUEST, fetch.method.c_str());
  }
}

void set_options(CURL* handle, const Fetch& fetch, const ClientOptions& options,
                 Exchange& exchange) {
  const auto timeout = static_cast<long>(std::max<std::int64_t>(1, fetch.timeout.count()));
  curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(handle, CURLOPT_URL, fetch.url.c_str());
  curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, timeout);
  curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS, timeout);
  curl_easy_setopt(handle, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, fetch.https_only ? "https" : "http,https");
  curl_easy_setopt(handle, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
  curl_easy_setopt(handle, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  curl_easy_setopt(handle, CURLOPT_HTTP09_ALLOWED, 0L);
  if (!options.ca_file.empty()) {
    curl_easy_setopt(handle, CURLOPT_CAINFO, options.ca_file.c_str());
    curl_easy_setopt(handle, CURLOPT_CAPATH, nullptr);
  }
  const bool chooses_coding = std::ranges::any_of(fetch.headers, [](const auto& header) {
    return equal_ignoring_case(header.first, "accept-encoding");
  });
  if (!chooses_coding) curl_easy_setopt(handle, CURLOPT_ACCEPT_ENCODING, "");
  if (fetch.public_addresses_only || !fetch.unix_socket.empty()) {
    curl_easy_setopt(handle, CURLOPT_PROXY, "");
  }
  if (!fetch.unix_socket.empty()) {
    curl_easy_setopt(handle, CURLOPT_UNIX_SOCKET_PATH, fetch.unix_socket.c_str());
  }
  curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, on_header);
  curl_easy_setopt(handle, CURLOPT_HEADERDATA, &exchange);
  curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, on_body);
  curl_easy_setopt(handle, CURLOPT_WRITEDATA, &exchange);
  if (fetch.give_up) {
    curl_easy_setopt(handle, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(handle, CURLOPT_XFERINFOFUNCTION, on_progress);
    curl_easy_setopt(handle, CURLOPT_XFERINFODATA, &exchange);
  }
  curl_easy_setopt(handle, CURLOPT_OPENSOCKETFUNCTION, on_socket);
  curl_easy_setopt(handle, CURLOPT_OPENSOCKETDATA, &exchange);
}

std::unexpected<Failure> explain(CURLcode code, const Exchange& exchange, const char* details) {
  const std::string& url = exchange.fetch.url;
  const std::string detail =
      fmt::format("{}: {}", url, *details != '\0' ? details : curl_easy_strerror(code));
  if (!exchange.refused_address.empty()) {
    return refuse(
        FetchRefusal::address_refused,
        "The server's address is not a public one, and only public ones are allowed here.",
        fmt::format("{}: {}", url, exchange.refused_address));
  }
  if (exchange.too_large) {
    return refuse(FetchRefusal::body_too_large,
                  fmt::format("The answer is larger than the {} bytes allowed here.",
                              exchange.fetch.body_limit),
                  detail);
  }
  if (exchange.stopped) {
    return refuse(FetchRefusal::stopped, "The answer was not wanted any more.", detail);
  }
  switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
      return refuse(
          FetchRefusal::timed_out,
          fmt::format("The server did not answer within {} ms.", exchange.fetch.timeout.count()),
          detail);
    case CURLE_UNSUPPORTED_PROTOCOL:
      return refuse(FetchRefusal::scheme_refused,
                    exchange.fetch.https_only ? "Only https:// URLs are allowed here."
                                              : "Only http:// and https:// URLs are allowed here.",
                    detail);
    case CURLE_URL_MALFORMAT:
    case CURLE_LOGIN_DENIED:
      return refuse(FetchRefusal::request_invalid,
                    "The URL is malformed, or holds a user name, which is not allowed.", detail);
    case CURLE_COULDNT_RESOLVE_HOST:
      return refuse(FetchRefusal::unreachable, "The server's name has no address.", detail);
    case CURLE_COULDNT_CONNECT:
      return refuse(FetchRefusal::unreachable, "The server does not accept connections.", detail);
    case CURLE_PEER_FAILED_VERIFICATION:
      return refuse(FetchRefusal::unreachable, "The server's TLS certificate is not trusted.",
                    detail);
    case CURLE_SSL_CONNECT_ERROR:
      return refuse(FetchRefusal::unreachable, "The server does not speak TLS as it should.",
                    detail);
    default:
      return refuse(FetchRefusal::answer_invalid, "The server's answer broke off or is not HTTP.",
                    detail);
  }
}

}  // namespace

Result<Fetched> transfer(CURL* handle, const Fetch& fetch, const ClientOptions& options) {
  Exchange exchange{fetch, {}, 0, 0, false, false, {}};
  char details[CURL_ERROR_SIZE] = {};
  const HeaderList headers = header_lines(fetch, options);
  curl_easy_reset(handle);
  set_options(handle, fetch, options, exchange);
  set_method(handle, fetch);
  curl_easy_setopt(handle, CURLOPT_HTTPHEADER, headers.get());
  curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, details);
  const CURLcode code = curl_easy_perform(handle);
  // What the options point to ends here, and the handle stays.
  curl_easy_reset(handle);
  if (code != CURLE_OK) return explain(code, exchange, details);
  return std::move(exchange.answer);
}

}  // namespace imp::http
