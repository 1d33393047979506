#include "http/response.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <cerrno>
#include <system_error>

#include "base/clean_text.h"
#include "http/http_refusal.h"
#include "http/prepared.h"

namespace imp::http {

namespace {

constexpr std::size_t kLongestMessage = std::size_t{16} << 10;

Response typed(int status, std::string_view type, std::string body) {
  Response response;
  response.status = status;
  response.headers.emplace_back("content-type", type);
  response.body = std::move(body);
  return response;
}

}  // namespace

Reply::~Reply() {
  if (!send_) return;
  (*this)(failure(refuse(HttpRefusal::handler_failed, "Something went wrong here.").error()));
}

void Reply::operator()(Response response) {
  // Taken out first: a reply is given once.
  auto send = std::move(send_);
  send_ = nullptr;
  send(std::move(response));
}

Response& Response::header(std::string_view name, std::string_view value) {
  headers.emplace_back(name, value);
  return *this;
}

Response& Response::member(std::string_view name, std::string_view value) {
  auto* document = std::get_if<std::string>(&body);
  if (!document || !document->ends_with('}')) return *this;
  document->pop_back();
  *document += fmt::format(",{}:{}}}", boost::json::serialize(boost::json::string(name)),
                           boost::json::serialize(boost::json::string(value)));
  return *this;
}

Response text(int status, std::string body) {
  return typed(status, "text/plain; charset=utf-8", std::move(body));
}

Response html(int status, std::string body) {
  return typed(status, "text/html; charset=utf-8", std::move(body));
}

Response json(int status, const boost::json::value& body) {
  return json_text(status, boost::json::serialize(body));
}

Response json_text(int status, std::string body) {
  return typed(status, "application/json", std::move(body));
}

Response later(std::function<void(Reply)> start) {
  Response response;
  response.body = AnswerLater{std::move(start)};
  return response;
}

Response no_content() {
  Response response;
  response.status = 204;
  return response;
}

Response see_other(std::string_view location) {
  Response response;
  response.status = 303;
  response.headers.emplace_back("location", location);
  return response;
}

int status_of(FailureKind kind) {
  switch (kind) {
    case FailureKind::invalid:
      return 400;
    case FailureKind::unauthenticated:
    case FailureKind::challenge:
      return 401;
    case FailureKind::forbidden:
      return 403;
    case FailureKind::not_found:
      return 404;
    case FailureKind::not_allowed:
      return 405;
    case FailureKind::conflict:
      return 409;
    case FailureKind::gone:
      return 410;
    case FailureKind::too_large:
      return 413;
    case FailureKind::unsupported:
      return 415;
    case FailureKind::unprocessable:
      return 422;
    case FailureKind::rate_limited:
      return 429;
    case FailureKind::internal:
      return 500;
    case FailureKind::upstream:
      return 502;
    case FailureKind::unavailable:
      return 503;
  }
  return 500;
}

std::string help_path(std::string_view code) {
  return fmt::format("/-/docs/guide/troubleshooting.md#{}", code);
}

Response failure(const Failure& failure) {
  // A message may quote what was sent, and JSON is UTF-8 (RFC 8259 §8.1).
  const std::string message = clean_text(failure.message, kLongestMessage);
  Response response = json(status_of(failure.kind()), {{"error", message},
                                                       {"message", message},
                                                       {"code", failure.code()},
                                                       {"help", help_path(failure.code())}});
  if (failure.kind() == FailureKind::challenge) response.header("www-authenticate", "OTP");
  if (failure.kind() == FailureKind::unavailable) response.header("retry-after", "1");
  return response;
}

Result<FileBody> open_file_body(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) {
    return refuse(HttpRefusal::file_unreadable, "A stored file cannot be read.",
                  fmt::format("{}: {}", path, std::system_category().message(errno)));
  }
  FileBody body;
  body.descriptor = std::shared_ptr<const int>(new int(descriptor), [](const int* owned) {
    ::close(*owned);
    delete owned;
  });
  struct stat facts{};
  if (::fstat(descriptor, &facts) != 0 || !S_ISREG(facts.st_mode)) {
    return refuse(HttpRefusal::file_unreadable, "A stored file cannot be read.",
                  path + ": not a regular file");
  }
  body.size = static_cast<std::uint64_t>(facts.st_size);
  return body;
}

}  // namespace imp::http
