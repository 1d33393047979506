#include "web/ci/terminal.h"

#include <charconv>
#include <optional>
#include <utility>

#include "ci/projects/readable.h"

namespace imp::web {

namespace {

constexpr char kEscape = '\x1b';
constexpr std::size_t kLongestSequence = 512;  // longer ones (window titles) are text to nobody

bool between(char c, char first, char last) { return c >= first && c <= last; }

/// The length of the sequence at the start of `text`; nothing while its end is still to come.
std::optional<std::size_t> sequence_length(std::string_view text) {
  if (text.size() < 2) return std::nullopt;
  if (text[1] == '[') {
    std::size_t at = 2;
    while (at < text.size() && between(text[at], ' ', '?')) ++at;
    if (at == text.size()) return std::nullopt;
    return between(text[at], '@', '~') ? at + 1 : at;
  }
  if (text[1] == ']') {  // a string, ended by BEL or ST; a line feed ends a broken one
    for (std::size_t at = 2; at < text.size(); ++at) {
      if (text[at] == '\a') return at + 1;
      if (text[at] == '\n') return at;
      if (text[at] != kEscape) continue;
      if (at + 1 == text.size()) return std::nullopt;
      return text[at + 1] == '\\' ? at + 2 : at;
    }
    return std::nullopt;
  }
  if (text[1] == '\n' || text[1] == kEscape) return 1;
  // Others may have bytes between: "ESC ( B" chooses a character set.
  std::size_t at = 1;
  while (at < text.size() && between(text[at], ' ', '/')) ++at;
  if (at == text.size()) return std::nullopt;
  return at + 1;
}

std::vector<int> numbers(std::string_view parameters) {
  std::vector<int> values;
  while (true) {
    const auto end = parameters.find_first_of(";:");
    const std::string_view word = parameters.substr(0, end);
    int value = 0;
    std::from_chars(word.data(), word.data() + word.size(), value);
    values.push_back(value);
    if (end == std::string_view::npos) return values;
    parameters.remove_prefix(end + 1);
  }
}

/// The nearest of the eight colours: a bit each for red, green and blue.
int nearest(int red, int green, int blue) {
  constexpr int half = 112;
  return (red > half ? 1 : 0) | (green > half ? 2 : 0) | (blue > half ? 4 : 0);
}

/// A colour of the table of 256.
int nearest_of_table(int index) {
  if (index < 16) return index % 8;
  if (index >= 232) return index < 244 ? 0 : 7;
  const int cube = index - 16;
  constexpr int level = 51;
  return nearest(cube / 36 * level, cube / 6 % 6 * level, cube % 6 * level);
}

}  // namespace

std::vector<OutputRun> Terminal::read(std::string_view bytes) {
  std::string held = std::move(pending_);
  held += bytes;
  pending_.clear();
  const std::size_t unfinished = ci::unfinished_character(held);
  const std::string tail = held.substr(held.size() - unfinished);
  held.resize(held.size() - unfinished);
  const std::string text = ci::readable(held);
  std::string_view rest = text;
  while (!rest.empty()) {
    if (rest.front() == kEscape) {
      const auto length = sequence_length(rest);
      if (!length && rest.size() < kLongestSequence) {
        pending_ = rest;
        break;
      }
      const std::size_t taken = length.value_or(rest.size());
      control(rest.substr(0, taken));
      rest.remove_prefix(taken);
    } else if (rest.front() == '\n') {
      put_line_feed();
      rest.remove_prefix(1);
    } else if (rest.front() == '\r') {
      returned_ = true;
      rest.remove_prefix(1);
    } else if (static_cast<unsigned char>(rest.front()) < ' ' && rest.front() != '\t') {
      rest.remove_prefix(1);
    } else {
      std::size_t end = 0;
      while (end < rest.size() &&
             (static_cast<unsigned char>(rest[end]) >= ' ' || rest[end] == '\t')) {
        ++end;
      }
      put(rest.substr(0, end));
      rest.remove_prefix(end);
    }
  }
  pending_ += tail;
  return std::exchange(runs_, {});
}

void Terminal::put(std::string_view text) {
  const bool restart = std::exchange(restart_, false) || returned_;
  returned_ = false;
  std::string style = style_classes();
  if (!restart && !runs_.empty() && runs_.back().style == style) {
    runs_.back().text += text;
    return;
  }
  runs_.push_back({std::move(style), std::string(text), restart});
}

void Terminal::put_line_feed() {
  returned_ = false;  // CR LF is one end of line, and CR CR LF too
  const bool restart = std::exchange(restart_, false);
  if (!restart && !runs_.empty() && runs_.back().style.empty()) {
    runs_.back().text += '\n';
    return;
  }
  runs_.push_back({{}, "\n", restart});
}

void Terminal::control(std::string_view sequence) {
  if (sequence.size() < 3 || !sequence.starts_with("\x1b[")) return;
  const std::string_view parameters = sequence.substr(2, sequence.size() - 3);
  switch (sequence.back()) {
    case 'm':
      return select_graphics(parameters);
    case 'G':  // to a column
      if (parameters.empty() || parameters == "1") returned_ = true;
      return;
    case 'K':  // erase in the line
      if (parameters == "2") restart_ = true;
      return;
    default:
      return;
  }
}

void Terminal::select_graphics(std::string_view parameters) {
  const std::vector<int> codes = numbers(parameters);
  for (std::size_t at = 0; at < codes.size(); ++at) {
    const int code = codes[at];
    if (code == 38 || code == 48) {  // 5;index or 2;red;green;blue
      int& colour = code == 38 ? style_.foreground : style_.background;
      if (at + 2 < codes.size() && codes[at + 1] == 5) {
        colour = nearest_of_table(codes[at + 2]);
        at += 2;
      } else if (at + 4 < codes.size() && codes[at + 1] == 2) {
        colour = nearest(codes[at + 2], codes[at + 3], codes[at + 4]);
        at += 4;
      }
    } else if (code == 0) {
      style_ = {};
    } else if (code == 1) {
      style_.bold = true;
    } else if (code == 2) {
      style_.faint = true;
    } else if (code == 3 || code == 23) {
      style_.italic = code == 3;
    } else if (code == 4 || code == 24) {
      style_.underline = code == 4;
    } else if (code == 7 || code == 27) {
      style_.inverse = code == 7;
    } else if (code == 22) {
      style_.bold = style_.faint = false;
    } else if (code >= 30 && code <= 37) {
      style_.foreground = code - 30;
    } else if (code >= 40 && code <= 47) {
      style_.background = code - 40;
    } else if (code >= 90 && code <= 97) {
      style_.foreground = code - 90;
    } else if (code >= 100 && code <= 107) {
      style_.background = code - 100;
    } else if (code == 39) {
      style_.foreground = -1;
    } else if (code == 49) {
      style_.background = -1;
    }
  }
}

std::string Terminal::style_classes() const {
  std::string classes;
  const auto add = [&](std::string_view name) {
    if (!classes.empty()) classes += ' ';
    classes += name;
  };
  if (style_.bold) add("bold");
  if (style_.faint) add("faint");
  if (style_.italic) add("italic");
  if (style_.underline) add("underline");
  if (style_.inverse) add("inverse");
  if (style_.foreground >= 0) add("fg-" + std::to_string(style_.foreground));
  if (style_.background >= 0) add("bg-" + std::to_string(style_.background));
  return classes;
}

std::vector<OutputRun> settled(const std::vector<OutputRun>& runs) {
  std::vector<OutputRun> settled;
  for (const OutputRun& run : runs) {
    while (run.restart && !settled.empty()) {
      std::string& last = settled.back().text;
      const auto line = last.rfind('\n');
      if (line != std::string::npos) {
        last.resize(line + 1);
        break;
      }
      settled.pop_back();
    }
    if (!settled.empty() && settled.back().style == run.style) {
      settled.back().text += run.text;
    } else {
      settled.push_back({run.style, run.text, false});
    }
  }
  return settled;
}

}  // namespace imp::web
