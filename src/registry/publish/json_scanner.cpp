#include "registry/publish/json_scanner.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "registry/publish/refusal.h"

namespace imp::registry {
namespace {

bool blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool digit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

JsonScanner::JsonScanner(JsonEvents& events, const ScanLimits& limits)
    : events_(events), limits_(limits) {}

std::string JsonScanner::where() const {
  std::string path = fmt::format("{}", fmt::join(path_, "/"));
  // Keys are foreign text: only what is printable, and not too much of it, goes into a message.
  for (char& c : path) {
    if (c < ' ' || c == 0x7f) c = '?';
  }
  if (path.size() > 200) path = path.substr(0, 200) + "...";
  return fmt::format("at byte {}, in {}", offset_, path.empty() ? "the outermost value" : path);
}

std::unexpected<Failure> JsonScanner::malformed(std::string_view what) const {
  return refuse(PublishRefusal::malformed_json,
                fmt::format("The document is not valid JSON: {} {}.", what, where()));
}

Result<void> JsonScanner::write(std::string_view bytes) {
  // `kept` is where the run of bytes begins that text() has not been given yet.
  std::size_t kept = 0;
  std::size_t at = 0;
  while (at < bytes.size()) {
    if (state_ != State::string) {
      const char byte = bytes[at];
      if (Result<void> stepped = step(byte); !stepped) return stepped;
      ++at;
      ++offset_;
      if (state_ == State::string && streaming_) {
        if (Result<void> given = events_.text(bytes.substr(kept, at - kept)); !given) return given;
      }
      continue;
    }
    const bool streamed = streaming_;
    const Result<std::size_t> taken = scan_string(bytes.substr(at));
    if (!taken) return pass_on(taken);
    at += *taken;
    // The closing quote of a streamed string is kept, its content is not.
    if (streamed) kept = state_ == State::string ? at : at - 1;
  }
  if (kept == bytes.size()) return {};
  if (state_ == State::string && streaming_) return {};
  return events_.text(bytes.substr(kept));
}

Result<std::size_t> JsonScanner::scan_string(std::string_view bytes) {
  std::size_t taken = 0;
  const JsonStringDecoder::Outcome outcome = string_.write(bytes, decoded_, taken);
  offset_ += taken;
  if (outcome == JsonStringDecoder::Outcome::malformed) return malformed(string_.fault());
  if (streaming_) {
    if (!decoded_.empty()) {
      if (Result<void> given = events_.string_piece(decoded_); !given) return pass_on(given);
    }
    decoded_.clear();
  } else if (!is_key_) {
    decoded_.clear();
  }
  if (outcome == JsonStringDecoder::Outcome::end) {
    if (Result<void> ended = end_string(); !ended) return pass_on(ended);
  }
  return taken;
}

Result<void> JsonScanner::end_string() {
  if (is_key_) {
    path_.back() = decoded_;
    if (!levels_.back().keys.insert(decoded_).second) {
      return refuse(PublishRefusal::duplicate_key,
                    fmt::format("The document names a key twice in one object, {}.", where()));
    }
    if (++open_keys_ > limits_.open_keys) {
      return refuse(PublishRefusal::document_too_large,
                    fmt::format("The document has more than {} keys in its open objects, {}.",
                                limits_.open_keys, where()));
    }
    decoded_.clear();
    state_ = State::colon;
    return {};
  }
  if (streaming_) {
    streaming_ = false;
    if (Result<void> ended = events_.string_end(); !ended) return ended;
  }
  end_value();
  return {};
}

Result<void> JsonScanner::step(char byte) {
  if (state_ == State::number) {
    const Result<bool> continues = number_continues(byte);
    if (!continues) return pass_on(continues);
    if (*continues) return {};
    end_value();
  }
  if (state_ == State::literal) {
    if (byte != literal_.front()) return malformed("an unknown word");
    literal_.remove_prefix(1);
    if (literal_.empty()) end_value();
    return {};
  }
  if (blank(byte)) return {};
  switch (state_) {
    case State::first_value_or_end:
      if (byte == ']') return close(byte);
      return begin_value(byte);
    case State::value:
      return begin_value(byte);
    case State::first_key_or_end:
      if (byte == '}') return close(byte);
      [[fallthrough]];
    case State::key:
      if (byte != '"') return malformed("a key was expected");
      is_key_ = true;
      decoded_.clear();
      string_.reset();
      state_ = State::string;
      return {};
    case State::colon:
      if (byte != ':') return malformed("a colon was expected");
      state_ = State::value;
      return {};
    case State::comma_or_end:
      if (byte != ',') return close(byte);
      if (levels_.back().object) {
        state_ = State::key;
      } else {
        path_.back() = fmt::format("[{}]", ++levels_.back().index);
        state_ = State::value;
      }
      return {};
    case State::done:
      return malformed("something follows the document");
    default:
      return malformed("something unexpected");
  }
}

Result<void> JsonScanner::begin_value(char byte) {
  if (++values_ > limits_.values) {
    return refuse(
        PublishRefusal::document_too_large,
        fmt::format("The document has more than {} values, {}.", limits_.values, where()));
  }
  switch (byte) {
    case '{':
      return open(true);
    case '[':
      return open(false);
    case '"':
      is_key_ = false;
      decoded_.clear();
      string_.reset();
      streaming_ = events_.wants_stream();
      state_ = State::string;
      return {};
    case 't':
      literal_ = "rue";
      break;
    case 'f':
      literal_ = "alse";
      break;
    case 'n':
      literal_ = "ull";
      break;
    default:
      if (byte != '-' && !digit(byte)) return malformed("a value was expected");
      number_ = byte == '-' ? Number::minus : byte == '0' ? Number::zero : Number::digits;
      state_ = State::number;
      return {};
  }
  state_ = State::literal;
  return {};
}

Result<void> JsonScanner::open(bool object) {
  if (levels_.size() >= limits_.depth) {
    return refuse(
        PublishRefusal::too_deep,
        fmt::format("The document is nested deeper than {} levels, {}.", limits_.depth, where()));
  }
  levels_.push_back({object, {}, 0});
  path_.emplace_back(object ? "" : "[0]");
  state_ = object ? State::first_key_or_end : State::first_value_or_end;
  return {};
}

Result<void> JsonScanner::close(char byte) {
  if (levels_.empty() || byte != (levels_.back().object ? '}' : ']')) {
    return malformed("a comma or the end of an object or array was expected");
  }
  open_keys_ -= levels_.back().keys.size();
  levels_.pop_back();
  path_.pop_back();
  end_value();
  return {};
}

void JsonScanner::end_value() { state_ = levels_.empty() ? State::done : State::comma_or_end; }

// False when the number ended before this byte.
Result<bool> JsonScanner::number_continues(char byte) {
  switch (number_) {
    case Number::minus:
      if (!digit(byte)) return malformed("a minus without a number");
      number_ = byte == '0' ? Number::zero : Number::digits;
      return true;
    case Number::zero:
      if (digit(byte)) return malformed("a number with a leading zero");
      break;
    case Number::digits:
      if (digit(byte)) return true;
      break;
    case Number::point:
      if (!digit(byte)) return malformed("a decimal point without digits");
      number_ = Number::fraction;
      return true;
    case Number::fraction:
      if (digit(byte)) return true;
      break;
    case Number::exponent:
      if (byte == '+' || byte == '-') {
        number_ = Number::exponent_sign;
        return true;
      }
      [[fallthrough]];
    case Number::exponent_sign:
      if (!digit(byte)) return malformed("an exponent without digits");
      number_ = Number::exponent_digits;
      return true;
    case Number::exponent_digits:
      if (digit(byte)) return true;
      return false;
  }
  if (byte == '.' && number_ != Number::fraction) {
    number_ = Number::point;
    return true;
  }
  if (byte == 'e' || byte == 'E') {
    number_ = Number::exponent;
    return true;
  }
  return false;
}

bool JsonScanner::number_complete() const {
  return number_ == Number::zero || number_ == Number::digits || number_ == Number::fraction ||
         number_ == Number::exponent_digits;
}

Result<void> JsonScanner::finish() {
  if (state_ == State::number && levels_.empty() && number_complete()) end_value();
  if (state_ != State::done) return malformed("it ends too early,");
  return {};
}

}  // namespace imp::registry
