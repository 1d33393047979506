#include "cli/event_reader.h"

#include <charconv>

namespace imp::cli {

namespace {

constexpr std::size_t kLongest = std::size_t{1} << 20;
constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

}  // namespace

bool EventReader::read(std::string_view bytes) {
  for (const char byte : bytes) {
    if (too_long_) return false;
    if (std::exchange(after_return_, false) && byte == '\n') continue;
    if (byte == '\n' || byte == '\r') {
      after_return_ = byte == '\r';
      const std::string text = std::exchange(line_, {});
      line(text);
      continue;
    }
    line_ += byte;
    too_long_ = line_.size() > kLongest;
  }
  return !too_long_;
}

void EventReader::begin_again() {
  line_.clear();
  name_.clear();
  data_.clear();
  id_ = last_id_;
  after_return_ = too_long_ = false;
  first_line_ = true;
}

void EventReader::line(std::string_view text) {
  if (std::exchange(first_line_, false) && text.starts_with(kByteOrderMark)) {
    text.remove_prefix(kByteOrderMark.size());
  }
  if (text.empty()) return dispatch();
  const std::size_t colon = text.find(':');
  if (colon == 0) return;  // a comment
  std::string_view value = colon == std::string_view::npos ? "" : text.substr(colon + 1);
  if (value.starts_with(' ')) value.remove_prefix(1);
  field(text.substr(0, colon), value);
}

void EventReader::field(std::string_view name, std::string_view value) {
  if (name == "event") {
    name_ = value;
  } else if (name == "data") {
    data_ += value;
    data_ += '\n';
    too_long_ = data_.size() > kLongest;
  } else if (name == "id") {
    if (value.find('\0') == std::string_view::npos) id_ = value;
  } else if (name == "retry") {
    std::int64_t milliseconds = 0;
    const auto [end, error] =
        std::from_chars(value.data(), value.data() + value.size(), milliseconds);
    if (error == std::errc() && end == value.data() + value.size() && milliseconds >= 0) {
      retry_ = Milliseconds(milliseconds);
    }
  }
}

void EventReader::dispatch() {
  last_id_ = id_;
  if (!data_.empty()) {
    data_.pop_back();  // the last line feed
    sink_({last_id_, name_.empty() ? "message" : name_, data_});
  }
  name_.clear();
  data_.clear();
}

}  // namespace imp::cli
