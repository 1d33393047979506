#include "mail/smtp.h"

#include <curl/curl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstring>
#include <mutex>
#include <optional>

#include "http/addresses.h"
#include "mail/one_line.h"
#include "mail/refusal.h"

namespace imp::mail {

namespace {

constexpr std::size_t kAnswerKept = 500;
constexpr long kConnectTimeout = 15'000;

struct CloseHandle {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
};
struct FreeList {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using List = std::unique_ptr<curl_slist, FreeList>;

/// What curl's callbacks see of one message.
struct Exchange {
  std::string_view rest;  ///< of the message: what was not handed over yet
  const std::function<bool()>& give_up;
  const int& socket;
  bool handed_over = false;
  bool stopped = false;
  std::string last_line = {};  ///< of the server
};

std::size_t on_read(char* into, std::size_t size, std::size_t count, void* user) {
  auto& exchange = *static_cast<Exchange*>(user);
  const std::size_t taken = std::min(size * count, exchange.rest.size());
  std::memcpy(into, exchange.rest.data(), taken);
  exchange.rest.remove_prefix(taken);
  exchange.handed_over = exchange.rest.empty();
  return taken;
}

/// libcurl gives each line of a mail server as a header.
std::size_t on_line(const char* data, std::size_t, std::size_t size, void* user) {
  const std::string_view line(data, std::min(size, kAnswerKept));
  // The answer to QUIT, which curl says after a refusal, is not what is of interest.
  if (!line.starts_with("221")) static_cast<Exchange*>(user)->last_line = line;
  return size;
}

std::size_t on_body(const char*, std::size_t, std::size_t size, void*) { return size; }

int on_progress(void* user, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  auto& exchange = *static_cast<Exchange*>(user);
  exchange.stopped = exchange.stopped || (exchange.give_up && exchange.give_up());
  // Else curl would say QUIT to a server that does not answer, and wait for that.
  if (exchange.stopped && exchange.socket >= 0) ::shutdown(exchange.socket, SHUT_RDWR);
  return exchange.stopped ? 1 : 0;
}

curl_socket_t on_socket(void* user, curlsocktype, curl_sockaddr* address) {
  auto& kept = *static_cast<int*>(user);
  kept = ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
  return kept;
}

int on_close(void* user, curl_socket_t socket) {
  auto& kept = *static_cast<int*>(user);
  if (kept == socket) kept = -1;
  return ::close(socket);
}

/// The number at the beginning of a server's line; 0 when there is none.
int status_of(std::string_view line) {
  const std::string_view digits = line.substr(0, 3);
  int status = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), status);
  return status;
}

std::unexpected<Failure> bad(std::string message) {
  return refuse(MailRefusal::invalid_mail_settings, std::move(message));
}

/// The URL of a server, taken apart.
struct Place {
  std::string_view host;  ///< without brackets
  bool tls_at_once = false;
};

std::optional<Place> parse(std::string_view server) {
  Place place;
  place.tls_at_once = server.starts_with("smtps://");
  if (!place.tls_at_once && !server.starts_with("smtp://")) return std::nullopt;
  std::string_view rest = server.substr(server.find("://") + 3);
  if (rest.starts_with('[')) {
    const std::size_t close = rest.find(']');
    if (close == std::string_view::npos) return std::nullopt;
    place.host = rest.substr(1, close - 1);
    rest.remove_prefix(close + 1);
    if (!place.host.contains(':') || !http::Address::parse(place.host)) return std::nullopt;
  } else {
    place.host = rest.substr(0, rest.find(':'));
    rest.remove_prefix(place.host.size());
    const bool named = !place.host.empty() && std::ranges::all_of(place.host, [](char c) {
      return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '.' || c == '_';
    });
    if (!named) return std::nullopt;
  }
  if (rest.empty()) return place;
  unsigned port = 0;
  const auto [end, error] = std::from_chars(rest.data() + 1, rest.data() + rest.size(), port);
  const bool whole =
      rest.front() == ':' && error == std::errc() && end == rest.data() + rest.size();
  return whole && port > 0 && port < 65536 ? std::optional(place) : std::nullopt;
}

bool tls_wanted(const SmtpOptions& options) {
  return options.tls == Tls::required ||
         (options.tls == Tls::automatic && !is_this_machine(options.server));
}

class Smtp final : public Transport {
 public:
  Smtp(SmtpOptions options, const std::string& hello)
      : options_(std::move(options)), url_(options_.server + "/" + hello) {
    static std::once_flag once;
    std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
  }

  void rest() override { handle_.reset(); }

  Sent send(const std::string& from, const std::string& to, const std::string& mime,
            const std::function<bool()>& give_up) override {
    if (!handle_) handle_.reset(curl_easy_init());
    const List recipients(curl_slist_append(nullptr, ("<" + to + ">").c_str()));
    if (!handle_ || !recipients) return {.answer = "No connection can be made."};
    CURL* handle = handle_.get();
    Exchange exchange{.rest = mime, .give_up = give_up, .socket = socket_};
    char details[CURL_ERROR_SIZE] = {};
    curl_easy_reset(handle);
    set_connection(handle);
    curl_easy_setopt(handle, CURLOPT_MAIL_FROM, ("<" + from + ">").c_str());
    curl_easy_setopt(handle, CURLOPT_MAIL_RCPT, recipients.get());
    curl_easy_setopt(handle, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(handle, CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(mime.size()));
    curl_easy_setopt(handle, CURLOPT_READFUNCTION, on_read);
    curl_easy_setopt(handle, CURLOPT_READDATA, &exchange);
    curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, on_line);
    curl_easy_setopt(handle, CURLOPT_HEADERDATA, &exchange);
    curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(handle, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(handle, CURLOPT_XFERINFOFUNCTION, on_progress);
    curl_easy_setopt(handle, CURLOPT_XFERINFODATA, &exchange);
    curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, details);
    const CURLcode code = curl_easy_perform(handle);
    curl_easy_reset(handle);
    Sent sent = judged(code, exchange, details);
    // A dialogue that ended in the middle is not gone on with.
    if (sent.outcome != Sent::Outcome::delivered) rest();
    return sent;
  }

 private:
  void set_connection(CURL* handle) {
    curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(handle, CURLOPT_URL, url_.c_str());
    curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    curl_easy_setopt(handle, CURLOPT_PROXY, "");
    curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, static_cast<long>(options_.timeout.count()));
    curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS,
                     std::min(kConnectTimeout, static_cast<long>(options_.timeout.count())));
    curl_easy_setopt(handle, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
    curl_easy_setopt(handle, CURLOPT_USE_SSL,
                     static_cast<long>(tls_wanted(options_) ? CURLUSESSL_ALL : CURLUSESSL_NONE));
    if (!options_.ca_file.empty()) {
      curl_easy_setopt(handle, CURLOPT_CAINFO, options_.ca_file.c_str());
      curl_easy_setopt(handle, CURLOPT_CAPATH, nullptr);
    }
    if (!options_.username.empty()) {
      curl_easy_setopt(handle, CURLOPT_USERNAME, options_.username.c_str());
      curl_easy_setopt(handle, CURLOPT_PASSWORD, options_.password.c_str());
    }
    curl_easy_setopt(handle, CURLOPT_SERVER_RESPONSE_TIMEOUT,
                     std::max(1L, static_cast<long>(options_.timeout.count() / 1000)));
    curl_easy_setopt(handle, CURLOPT_OPENSOCKETFUNCTION, on_socket);
    curl_easy_setopt(handle, CURLOPT_OPENSOCKETDATA, &socket_);
    curl_easy_setopt(handle, CURLOPT_CLOSESOCKETFUNCTION, on_close);
    curl_easy_setopt(handle, CURLOPT_CLOSESOCKETDATA, &socket_);
  }

  static Sent judged(CURLcode code, const Exchange& exchange, std::string_view details) {
    using Outcome = Sent::Outcome;
    const std::string line = one_line(exchange.last_line, kAnswerKept);
    const int status = status_of(line);
    if (code == CURLE_OK) return {Outcome::delivered, line};
    if (exchange.stopped) return {Outcome::stopped, "The server is stopping."};
    // Servers may repeat what they were sent.
    if (code == CURLE_LOGIN_DENIED) {
      return {Outcome::server_failed,
              fmt::format("The mail server refuses the user name or the password ({}).", status)};
    }
    const bool about_message = details.starts_with("RCPT failed") ||
                               details.starts_with("DATA failed") || exchange.handed_over;
    if (about_message && status >= 400 && status < 600) {
      return {status >= 500 ? Outcome::refused : Outcome::later, line};
    }
    std::string why = details.empty() ? curl_easy_strerror(code) : std::string(details);
    if (status >= 400) why += ": " + line;
    return {Outcome::server_failed, one_line(why, kAnswerKept)};
  }

  const SmtpOptions options_;
  const std::string url_;
  int socket_ = -1;                            ///< of the connection, as long as curl has it open
  std::unique_ptr<CURL, CloseHandle> handle_;  // last: it closes the socket
};

}  // namespace

bool is_this_machine(std::string_view server) {
  const auto place = parse(server);
  if (!place) return false;
  if (place->host == "localhost") return true;
  const auto address = http::Address::parse(place->host);
  static const auto four = http::AddressBlock::parse("127.0.0.0/8");
  static const auto six = http::Address::parse("::1");
  return address && (four->contains(*address) || *address == *six);
}

Result<void> check(const SmtpOptions& options) {
  const auto place = parse(options.server);
  if (!place) {
    return bad(
        "mail.server must be smtp://host, smtp://host:port or smtps://host:port, without a path; "
        "the user name is mail.username.");
  }
  if (options.username.empty() != options.password.empty()) {
    return bad("mail.username and mail.password_file go together: one of them is missing.");
  }
  if (!place->tls_at_once && options.tls == Tls::none && !options.username.empty() &&
      !is_this_machine(options.server)) {
    return bad(
        "mail.tls: none would send the password of mail.username over the network in the clear. "
        "Leave it \"auto\", or send without a user name.");
  }
  return {};
}

std::unique_ptr<Transport> make_smtp(SmtpOptions options, const std::string& hello) {
  return std::make_unique<Smtp>(std::move(options), hello);
}

}  // namespace imp::mail
