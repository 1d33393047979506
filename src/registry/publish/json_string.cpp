#include "registry/publish/json_string.h"

#include <array>

namespace imp::registry {
namespace {

void append_utf8(std::string& out, std::uint32_t point) {
  const auto add = [&](std::uint32_t byte) { out += static_cast<char>(byte); };
  if (point < 0x80) {
    add(point);
  } else if (point < 0x800) {
    add(0xc0 | point >> 6);
    add(0x80 | (point & 0x3f));
  } else if (point < 0x10000) {
    add(0xe0 | point >> 12);
    add(0x80 | (point >> 6 & 0x3f));
    add(0x80 | (point & 0x3f));
  } else {
    add(0xf0 | point >> 18);
    add(0x80 | (point >> 12 & 0x3f));
    add(0x80 | (point >> 6 & 0x3f));
    add(0x80 | (point & 0x3f));
  }
}

// Characters that stand for themselves: ASCII but for controls, quote and backslash.
constexpr std::array<bool, 256> kOrdinary = [] {
  std::array<bool, 256> out{};
  for (int c = 0x20; c < 0x80; ++c) out[static_cast<std::size_t>(c)] = c != '"' && c != '\\';
  return out;
}();

std::size_t ordinary_run(std::string_view bytes) {
  const bool* const ordinary = kOrdinary.data();
  const char* at = bytes.data();
  const char* const end = at + bytes.size();
  while (at != end && ordinary[static_cast<unsigned char>(*at)]) ++at;
  return static_cast<std::size_t>(at - bytes.data());
}

}  // namespace

bool JsonStringDecoder::fail(std::string_view what) {
  fault_ = what;
  return false;
}

JsonStringDecoder::Outcome JsonStringDecoder::write(std::string_view bytes, std::string& out,
                                                    std::size_t& taken) {
  taken = 0;
  while (taken < bytes.size()) {
    if (state_ == State::plain && missing_ == 0) {
      // The long runs of base64 and prose go through here.
      const std::string_view run = bytes.substr(taken, ordinary_run(bytes.substr(taken)));
      out.append(run);
      taken += run.size();
      if (taken == bytes.size()) break;
    }
    const char byte = bytes[taken++];
    bool good = true;
    switch (state_) {
      case State::plain:
        if (byte == '"' && missing_ == 0) return Outcome::end;
        good = plain(static_cast<unsigned char>(byte), out);
        break;
      case State::escape:
        good = escape(byte, out);
        break;
      case State::unicode:
        good = unicode(byte, out);
        break;
      case State::low_backslash:
        good = byte == '\\' || fail("a high surrogate without its low one");
        state_ = State::low_u;
        break;
      case State::low_u:
        good = byte == 'u' || fail("a high surrogate without its low one");
        state_ = State::unicode;
        break;
    }
    if (!good) return Outcome::malformed;
  }
  return Outcome::more;
}

// The table of well-formed byte sequences of Unicode §3.9.
bool JsonStringDecoder::plain(unsigned char byte, std::string& out) {
  if (missing_ > 0) {
    if (byte < lowest_ || byte > highest_) return fail("text that is not UTF-8");
    lowest_ = 0x80;
    highest_ = 0xbf;
    --missing_;
    out += static_cast<char>(byte);
    return true;
  }
  if (byte == '\\') {
    state_ = State::escape;
    return true;
  }
  if (byte < 0x20) return fail("a control character that is not escaped");
  if (byte >= 0xc2 && byte <= 0xdf) {
    missing_ = 1;
  } else if (byte >= 0xe0 && byte <= 0xef) {
    missing_ = 2;
    if (byte == 0xe0) lowest_ = 0xa0;
    if (byte == 0xed) highest_ = 0x9f;
  } else if (byte >= 0xf0 && byte <= 0xf4) {
    missing_ = 3;
    if (byte == 0xf0) lowest_ = 0x90;
    if (byte == 0xf4) highest_ = 0x8f;
  } else {
    return fail("text that is not UTF-8");
  }
  out += static_cast<char>(byte);
  return true;
}

bool JsonStringDecoder::escape(char byte, std::string& out) {
  state_ = State::plain;
  switch (byte) {
    case '"':
    case '\\':
    case '/':
      out += byte;
      return true;
    case 'b':
      out += '\b';
      return true;
    case 'f':
      out += '\f';
      return true;
    case 'n':
      out += '\n';
      return true;
    case 'r':
      out += '\r';
      return true;
    case 't':
      out += '\t';
      return true;
    case 'u':
      state_ = State::unicode;
      unit_ = 0;
      digits_ = 0;
      return true;
    default:
      return fail("an escape that JSON does not have");
  }
}

bool JsonStringDecoder::unicode(char byte, std::string& out) {
  std::uint32_t digit = 0;
  if (byte >= '0' && byte <= '9') {
    digit = static_cast<std::uint32_t>(byte - '0');
  } else if (byte >= 'a' && byte <= 'f') {
    digit = static_cast<std::uint32_t>(byte - 'a' + 10);
  } else if (byte >= 'A' && byte <= 'F') {
    digit = static_cast<std::uint32_t>(byte - 'A' + 10);
  } else {
    return fail("a \\u escape without four hexadecimal digits");
  }
  unit_ = unit_ << 4 | digit;
  if (++digits_ < 4) return true;
  const std::uint32_t unit = unit_;
  unit_ = 0;
  digits_ = 0;
  const bool low = unit >= 0xdc00 && unit <= 0xdfff;
  if (high_ != 0) {
    if (!low) return fail("a high surrogate without its low one");
    append_utf8(out, 0x10000 + ((high_ - 0xd800) << 10) + (unit - 0xdc00));
    high_ = 0;
    state_ = State::plain;
    return true;
  }
  if (low) return fail("a low surrogate without its high one");
  if (unit >= 0xd800 && unit <= 0xdbff) {
    high_ = unit;
    state_ = State::low_backslash;
    return true;
  }
  append_utf8(out, unit);
  state_ = State::plain;
  return true;
}

}  // namespace imp::registry
