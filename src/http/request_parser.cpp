#include "http/request_parser.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/beast/http/basic_parser.hpp>

namespace imp::http {

namespace {

namespace beast = boost::beast::http;
using BeastView = boost::beast::string_view;
using ErrorCode = boost::beast::error_code;

constexpr std::size_t kHeaderCountLimit = 500;
/// Extensions have no use here, and a chunk of one byte could carry kilobytes of them.
constexpr std::size_t kChunkExtensionLimit = 256;

std::string_view view(BeastView text) { return {text.data(), text.size()}; }

Method method_of(beast::verb verb) {
  switch (verb) {
    case beast::verb::get:
      return Method::get;
    case beast::verb::head:
      return Method::head;
    case beast::verb::post:
      return Method::post;
    case beast::verb::put:
      return Method::put;
    case beast::verb::patch:
      return Method::patch;
    case beast::verb::delete_:
      return Method::del;
    case beast::verb::options:
      return Method::options;
    default:
      return Method::other;
  }
}

/// True when a line of the head starts with white space: "obs-fold" (RFC 9112 §5.2).
bool has_folded_line(std::string_view head) {
  for (auto end = head.find('\n'); end != std::string_view::npos; end = head.find('\n', end + 1)) {
    if (end + 1 < head.size() && (head[end + 1] == ' ' || head[end + 1] == '\t')) return true;
  }
  return false;
}

/// True when the request line names a version that is well-formed but not 1.x.
bool names_other_version(std::string_view bytes) {
  const std::string_view line = bytes.substr(0, bytes.find('\n'));
  const auto at = line.rfind(" HTTP/");
  return at != std::string_view::npos && at + 6 < line.size() && line[at + 6] != '1' &&
         line[at + 6] >= '0' && line[at + 6] <= '9';
}

bool is_host(std::string_view value) {
  return !value.empty() && std::ranges::all_of(value, [](unsigned char c) {
    return std::isalnum(c) != 0 || std::string_view("-._~:[]%!$&'()*+;=").contains(char(c));
  });
}

class Parser final : public beast::basic_parser<true> {
 public:
  explicit Parser(std::size_t head_limit) {
    header_limit(static_cast<std::uint32_t>(std::min<std::size_t>(head_limit, UINT32_MAX)));
    body_limit(boost::none);
  }

  Request* request = nullptr;
  std::string* body = nullptr;
  std::optional<ParseFailure> failure;
  RequestParser::Expectation expectation = RequestParser::Expectation::none;
  std::string content_encoding;
  int version = 0;

 private:
  void refuse(ErrorCode& code, std::string message,
              HttpRefusal refusal = HttpRefusal::malformed_request) {
    failure = ParseFailure{refusal, std::move(message)};
    code = beast::error::bad_field;
  }

  void on_request_impl(beast::verb verb, BeastView, BeastView target, int number,
                       ErrorCode& code) override {
    version = number;
    request->method = method_of(verb);
    const bool plain =
        std::ranges::all_of(target, [](char c) { return c > 0x20 && c < 0x7f && c != '#'; });
    if (!plain) return refuse(code, "The request target holds characters that must be encoded.");
    request->target = view(target);
    if (request->target.starts_with('/') ||
        (request->target == "*" && request->method == Method::options)) {
      return;
    }
    take_absolute_form(code);
  }

  /// "http://host/path" (RFC 9112 §3.2.2): the path counts, and the authority instead of Host.
  void take_absolute_form(ErrorCode& code) {
    std::string_view rest = request->target;
    const auto colon = rest.find("://");
    const std::string_view scheme = rest.substr(0, colon);
    if (colon == std::string_view::npos ||
        !(equal_ignoring_case(scheme, "http") || equal_ignoring_case(scheme, "https"))) {
      return refuse(code, "The request target must start with '/'.");
    }
    rest.remove_prefix(colon + 3);
    authority_ = std::string(rest.substr(0, rest.find_first_of("/?")));
    if (!is_host(authority_)) return refuse(code, "The request target names no valid host.");
    rest.remove_prefix(authority_.size());
    request->target = rest.starts_with('/') ? std::string(rest) : "/" + std::string(rest);
  }

  void on_field_impl(beast::field field, BeastView name, BeastView value,
                     ErrorCode& code) override {
    if (is_header_done()) return;  // a trailer: nothing here needs one
    if (request->headers.size() >= kHeaderCountLimit) {
      return refuse(code, "The request has too many header lines.", HttpRefusal::head_too_large);
    }
    if (field == beast::field::content_length) {
      if (std::exchange(saw_length_, true)) return refuse(code, "Content-Length is given twice.");
      // Beast also takes a list of equal numbers; other servers read only the first, or refuse.
      if (!std::ranges::all_of(value, [](char c) { return c >= '0' && c <= '9'; })) {
        return refuse(code, "Content-Length is not a number.");
      }
    } else if (field == beast::field::transfer_encoding) {
      if (version < 11) return refuse(code, "Transfer-Encoding is not part of HTTP/1.0.");
      if (std::exchange(saw_coding_, true) || !equal_ignoring_case(view(value), "chunked")) {
        return refuse(code, "The only transfer coding accepted is one \"chunked\".");
      }
    } else if (field == beast::field::host) {
      if (std::exchange(saw_host_, true)) return refuse(code, "Host is given twice.");
      if (!is_host(view(value))) return refuse(code, "Host is not a valid host.");
      if (!authority_.empty()) {
        request->headers.emplace_back(view(name), authority_);
        return;
      }
    } else if (field == beast::field::expect) {
      expectation = equal_ignoring_case(view(value), "100-continue")
                        ? RequestParser::Expectation::continue_100
                        : RequestParser::Expectation::unknown;
      // HTTP/1.0 has no interim answers (RFC 9110 §10.1.1).
      if (version < 11) expectation = RequestParser::Expectation::none;
    } else if (field == beast::field::content_encoding) {
      if (!content_encoding.empty()) content_encoding += ",";
      content_encoding += view(value);
    }
    request->headers.emplace_back(view(name), view(value));
  }

  void on_header_impl(ErrorCode& code) override {
    if (version >= 11 && !saw_host_) refuse(code, "An HTTP/1.1 request needs a Host header.");
  }

  void on_body_init_impl(boost::optional<std::uint64_t> const&, ErrorCode&) override {}

  std::size_t on_body_impl(BeastView bytes, ErrorCode&) override {
    body->append(bytes.data(), bytes.size());
    return bytes.size();
  }

  void on_chunk_header_impl(std::uint64_t, BeastView extensions, ErrorCode& code) override {
    if (extensions.size() > kChunkExtensionLimit) refuse(code, "A chunk extension is too long.");
  }

  std::size_t on_chunk_body_impl(std::uint64_t, BeastView bytes, ErrorCode&) override {
    body->append(bytes.data(), bytes.size());
    return bytes.size();
  }

  void on_response_impl(int, BeastView, int, ErrorCode&) override {}
  void on_finish_impl(ErrorCode&) override {}

  std::string authority_;  ///< of a target in absolute form
  bool saw_length_ = false, saw_coding_ = false, saw_host_ = false;
};

}  // namespace

struct RequestParser::Impl {
  std::size_t head_limit;
  std::optional<Parser> parser;
  std::string body;
  std::size_t head_bytes = 0;
  bool skipped_blank_line = false;
};

RequestParser::RequestParser(std::size_t head_limit) : impl_(std::make_unique<Impl>()) {
  impl_->head_limit = head_limit;
  reset();
}

RequestParser::~RequestParser() = default;

void RequestParser::reset() {
  impl_->parser.emplace(impl_->head_limit);
  impl_->body.clear();
  impl_->head_bytes = 0;
  impl_->skipped_blank_line = false;
}

std::expected<std::size_t, ParseFailure> RequestParser::feed(std::string_view bytes,
                                                             Request& request) {
  Parser& parser = *impl_->parser;
  const bool in_head = !parser.is_header_done();
  std::size_t skipped = 0;
  if (in_head && impl_->head_bytes == 0 && !impl_->skipped_blank_line) {
    // One blank line before a request is forgiven (RFC 9112 §2.2): old clients send it after a
    // body.
    if (bytes == "\r") return 0;
    if (bytes.starts_with("\r\n")) {
      impl_->skipped_blank_line = true;
      skipped = 2;
      bytes.remove_prefix(2);
    }
  }
  // Beast asserts that a last chunk is presented again only with five bytes or more; a body that
  // has not ended still has at least "0\r\n\r\n" to come, so waiting for them loses nothing.
  const bool in_chunks = !in_head && !parser.content_length();
  if (bytes.empty() || (in_chunks && bytes.size() < 5)) return skipped;
  const std::size_t allowed = in_head ? impl_->head_limit - impl_->head_bytes : bytes.size();
  const std::string_view offered = bytes.substr(0, allowed);

  parser.request = &request;
  parser.body = &impl_->body;
  parser.eager(!in_head);
  ErrorCode code;
  const std::size_t used = parser.put({offered.data(), offered.size()}, code);
  if (in_head) impl_->head_bytes += used;
  if (parser.failure) return std::unexpected(*parser.failure);
  if (code && code != beast::error::need_more) {
    if (code == beast::error::header_limit) {
      return std::unexpected(ParseFailure{HttpRefusal::head_too_large, "The header is too large."});
    }
    if (code == beast::error::bad_version && names_other_version(offered)) {
      return std::unexpected(ParseFailure{HttpRefusal::unsupported_version,
                                          "This server speaks HTTP/1.1 and HTTP/1.0."});
    }
    return std::unexpected(
        ParseFailure{HttpRefusal::malformed_request,
                     fmt::format("The request is not valid HTTP/1.1 ({}).", code.message())});
  }
  if (in_head && has_folded_line(offered.substr(0, used))) {
    return std::unexpected(
        ParseFailure{HttpRefusal::malformed_request, "A header line is folded over two lines."});
  }
  if (!parser.is_header_done() && bytes.size() - used + impl_->head_bytes >= impl_->head_limit) {
    return std::unexpected(ParseFailure{
        HttpRefusal::head_too_large,
        fmt::format("The request's head is larger than {} bytes.", impl_->head_limit)});
  }
  return skipped + used;
}

bool RequestParser::head_done() const { return impl_->parser->is_header_done(); }
bool RequestParser::done() const { return impl_->parser->is_done(); }
std::string& RequestParser::body() { return impl_->body; }
bool RequestParser::is_http_1_1() const { return impl_->parser->version >= 11; }
bool RequestParser::keep_alive() const { return impl_->parser->keep_alive(); }
RequestParser::Expectation RequestParser::expectation() const { return impl_->parser->expectation; }
std::optional<std::uint64_t> RequestParser::content_length() const {
  const auto length = impl_->parser->content_length();
  return length ? std::optional(*length) : std::nullopt;
}
const std::string& RequestParser::content_encoding() const {
  return impl_->parser->content_encoding;
}

}  // namespace imp::http
