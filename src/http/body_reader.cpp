#include "http/body_reader.h"

#include <fmt/format.h>

namespace imp::http {

Failure body_too_large(std::uint64_t limit) {
  return refuse(HttpRefusal::body_too_large,
                fmt::format("The request body is larger than the {} bytes allowed here.", limit))
      .error();
}

void BodyReader::begin(std::uint64_t limit, std::string_view content_encoding) {
  const auto coding = content_coding(content_encoding);
  decoder_.emplace(coding.value_or(ContentCoding::identity), limit);
  raw_ = {};
  failure_.reset();
  accepted_ = false;
  abandoned_ = false;
}

bool BodyReader::comes_unasked(std::uint64_t size) const {
  return parser_.expectation() == RequestParser::Expectation::none &&
         parser_.content_length().value_or(size + 1) <= size;
}

Awaitable<bool> BodyReader::accept() {
  accepted_ = true;
  const bool waits = parser_.expectation() == RequestParser::Expectation::continue_100;
  // A client that has begun to send does not wait any more (RFC 9110 §10.1.1).
  if (!waits || parser_.done() || !connection_.input().empty()) co_return true;
  co_return co_await connection_.write({"HTTP/1.1 100 Continue\r\n\r\n", {}, {}});
}

/// Gets more bytes of the body into parser_.body(), which must have been used up.
Awaitable<BodyReader::Step> BodyReader::next_bytes() {
  InputBuffer& input = connection_.input();
  parser_.body().clear();
  while (true) {
    if (parser_.done()) co_return Step::end;
    if (!input.empty()) {
      const auto used = parser_.feed(input.view(), request_);
      if (!used) {
        failure_ = refuse(used.error().refusal, used.error().message).error();
        co_return Step::malformed;
      }
      input.consume(*used);
      if (!parser_.body().empty()) co_return Step::bytes;
      if (parser_.done()) co_return Step::end;
      if (input.full()) {
        failure_ = refuse(HttpRefusal::malformed_request, "A chunk's head is too long.").error();
        co_return Step::malformed;
      }
    }
    connection_.set_deadline(connection_.server().options.body_stall_timeout);
    if (co_await connection_.read()) continue;
    if (!connection_.expired()) co_return Step::gone;
    failure_ = refuse(HttpRefusal::body_timed_out, "The request body stopped coming.").error();
    co_return Step::timed_out;
  }
}

BodyReader::Outcome BodyReader::fail(Failure failure, Outcome outcome) {
  failure_ = std::move(failure);
  return outcome;
}

Awaitable<BodyReader::Outcome> BodyReader::read(std::string& out, std::size_t full) {
  while (true) {
    if (!raw_.empty() || decoder_->has_more()) {
      const auto decoded = decoder_->decode(raw_, out, full);
      if (!decoded) co_return fail(decoded.error(), Outcome::refused);
    }
    if (out.size() >= full) co_return Outcome::more;
    switch (co_await next_bytes()) {
      case Step::bytes:
        raw_ = parser_.body();
        continue;
      case Step::malformed:
        co_return Outcome::refused;
      case Step::timed_out:
        co_return Outcome::timed_out;
      case Step::gone:
        co_return Outcome::gone;
      case Step::end:
        break;
    }
    const auto whole = decoder_->finish();
    if (!whole) co_return fail(whole.error(), Outcome::refused);
    co_return Outcome::complete;
  }
}

Awaitable<bool> BodyReader::drain(std::uint64_t limit) {
  if (abandoned_) co_return false;
  // A client that waits for 100-continue may or may not send the body after another answer.
  const bool waits = parser_.expectation() == RequestParser::Expectation::continue_100;
  if (waits && !accepted_) co_return false;
  if (parser_.content_length().value_or(0) > limit) co_return false;
  std::uint64_t dropped = 0;
  while (dropped <= limit) {
    const Step step = co_await next_bytes();
    if (step == Step::end) co_return true;
    if (step != Step::bytes) co_return false;
    dropped += parser_.body().size();
  }
  co_return false;
}

}  // namespace imp::http
