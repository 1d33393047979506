#pragma once

#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "demo/outcome.h"

namespace imp::demo {

enum class Verdict : std::uint8_t { as_expected, surprised, not_run };

/// A row of the table at the end.
struct Row {
  int number = 0;
  std::string title;
  Verdict verdict = Verdict::not_run;
  std::string text;
};

/// Tells the walk, a line at a time. Everything that it prints passes shorten_secrets().
class Narrator {
 public:
  Narrator(std::ostream& out, bool colour) : out_(out), colour_(colour) {}

  void title(std::string_view text);
  void step(int number, std::string_view title);
  /// A sentence of explanation.
  void note(std::string_view text);
  /// What somebody typed: "alice $ npm publish".
  void command(std::string_view who, std::string_view line);
  /// What a program or a job printed: its last lines, without npm's table of the tarball.
  void output(std::string_view text, std::size_t most_lines = 6);
  void request(std::string_view who, std::string_view method, std::string_view path,
               std::string_view body);
  void answer(int status, std::string_view body);
  void good(std::string_view text);
  void bad(const Surprise& met);
  void table(const std::vector<Row>& rows);

 private:
  enum class Colour : std::uint8_t { plain, bold, dim, green, red, cyan };
  std::string painted(Colour colour, std::string_view text) const;
  void line(std::string_view indent, const std::string& text);

  std::ostream& out_;
  bool colour_;
};

/// The first `width` characters of the text on one line, with "…" when there was more.
std::string clipped(std::string_view text, std::size_t width);

}  // namespace imp::demo
