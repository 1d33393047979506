#include "demo/narrator.h"

#include <fmt/format.h>

#include <algorithm>

#include "demo/secrets.h"

namespace imp::demo {

namespace {

constexpr std::size_t kWidth = 160;

/// npm describes the tarball in notices; only some notices say something.
bool is_tarball_notice(std::string_view line) {
  if (!line.starts_with("npm notice")) return false;
  constexpr std::string_view telling[] = {"OIDC", "oidc", "identity token", "Publishing", "stage"};
  return std::ranges::none_of(telling,
                              [&](std::string_view part) { return line.find(part) != line.npos; });
}

std::vector<std::string_view> telling_lines(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text = end == text.npos ? "" : text.substr(end + 1);
    while (!line.empty() && (line.back() == ' ' || line.back() == '\r')) line.remove_suffix(1);
    if (!line.empty() && !is_tarball_notice(line) && line.find("A complete log") == line.npos) {
      lines.push_back(line);
    }
  }
  return lines;
}

}  // namespace

std::string clipped(std::string_view text, std::size_t width) {
  std::string out;
  std::size_t characters = 0;
  for (const char c : text) {
    const bool continues = (static_cast<unsigned char>(c) & 0xc0) == 0x80;
    if (!continues && ++characters > width) return out + "…";
    out += c == '\n' || c == '\t' ? ' ' : c;
  }
  return out;
}

std::string Narrator::painted(Colour colour, std::string_view text) const {
  if (!colour_ || colour == Colour::plain) return std::string(text);
  constexpr std::string_view codes[] = {"", "1", "2", "32", "31", "36"};
  return fmt::format("\033[{}m{}\033[0m", codes[static_cast<std::size_t>(colour)], text);
}

void Narrator::line(std::string_view indent, const std::string& text) {
  // Flushed, so that somebody who watches sees each line when it happens.
  out_ << indent << text << std::endl;
}

void Narrator::title(std::string_view text) {
  line("", painted(Colour::bold, shorten_secrets(text)));
}

void Narrator::step(int number, std::string_view title) {
  line("", "");
  line("", painted(Colour::bold, fmt::format("{:2}  {}", number, title)));
}

void Narrator::note(std::string_view text) { line("    ", shorten_secrets(text)); }

void Narrator::command(std::string_view who, std::string_view command) {
  line("    ", painted(Colour::cyan, fmt::format("{} $ ", who)) +
                   clipped(shorten_secrets(command), kWidth * 2));
}

void Narrator::output(std::string_view text, std::size_t most_lines) {
  const auto lines = telling_lines(text);
  for (std::size_t i = lines.size() - std::min(lines.size(), most_lines); i < lines.size(); ++i) {
    line("      ", painted(Colour::dim, "| " + clipped(shorten_secrets(lines[i]), kWidth * 2)));
  }
}

void Narrator::request(std::string_view who, std::string_view method, std::string_view path,
                       std::string_view body) {
  line("    ", painted(Colour::cyan, fmt::format("{} → ", who)) +
                   clipped(shorten_secrets(fmt::format("{} {} {}", method, path, body)), kWidth));
}

void Narrator::answer(int status, std::string_view body) {
  line("      ",
       painted(Colour::dim,
               "← " + clipped(shorten_secrets(fmt::format("{} {}", status, body)), kWidth)));
}

void Narrator::good(std::string_view text) {
  line("    ", painted(Colour::green, "✓ ") + shorten_secrets(text));
}

void Narrator::bad(const Surprise& met) {
  line("    ", painted(Colour::red, "✗ expected: ") + shorten_secrets(met.expected));
  line("    ", painted(Colour::red, "      came: ") + shorten_secrets(met.came));
}

void Narrator::table(const std::vector<Row>& rows) {
  std::size_t width = 0;
  for (const Row& row : rows) width = std::max(width, row.title.size());
  line("", "");
  for (const Row& row : rows) {
    const auto [colour, word] = [&]() -> std::pair<Colour, std::string_view> {
      switch (row.verdict) {
        case Verdict::as_expected:
          return {Colour::green, "as expected"};
        case Verdict::surprised:
          return {Colour::red, "SURPRISED  "};
        case Verdict::not_run:
          return {Colour::dim, "not run    "};
      }
      return {Colour::plain, ""};
    }();
    line("", fmt::format("{:2}  {:{}}  {}  {}", row.number, row.title, width, painted(colour, word),
                         shorten_secrets(row.text)));
  }
}

}  // namespace imp::demo
