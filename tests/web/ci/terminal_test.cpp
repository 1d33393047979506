#include "web/ci/terminal.h"

#include <gtest/gtest.h>

namespace imp::web {
namespace {

/// Runs as one text: "{style|text}" for styled ones, "<" before what begins its line again.
std::string shown(const std::vector<OutputRun>& runs) {
  std::string text;
  for (const OutputRun& run : runs) {
    if (run.restart) text += '<';
    text += run.style.empty() ? run.text : "{" + run.style + "|" + run.text + "}";
  }
  return text;
}

std::string shown(std::string_view bytes) {
  Terminal terminal;
  return shown(settled(terminal.read(bytes)));
}

TEST(TerminalTest, ShowsWhatATerminalWould) {
  const std::pair<std::string, std::string> cases[] = {
      {"plain", "plain"},
      {"\x1b[31mred\x1b[0m rest", "{fg-1|red} rest"},
      {"\x1b[1;32mgood\x1b[mplain", "{bold fg-2|good}plain"},
      {"\x1b[1mbold\x1b[22mnot", "{bold|bold}not"},
      {"\x1b[2mfaint\x1b[3mitalic\x1b[23;22mplain", "{faint|faint}{faint italic|italic}plain"},
      {"\x1b[4munder\x1b[24mplain", "{underline|under}plain"},
      {"\x1b[7minverse\x1b[27mplain", "{inverse|inverse}plain"},
      {"\x1b[91;44mbright\x1b[39;49mplain", "{fg-1 bg-4|bright}plain"},
      {"\x1b[38;5;196mred of the table\x1b[0m", "{fg-1|red of the table}"},
      {"\x1b[38;5;9mbright red\x1b[0m", "{fg-1|bright red}"},
      {"\x1b[38;2;30;200;40mgreen\x1b[0m", "{fg-2|green}"},
      {"\x1b[38;5;240mgrey\x1b[48;5;255mpaper", "{fg-0|grey}{fg-0 bg-7|paper}"},
      {"\x1b[38mhalf a colour\x1b[31mred", "half a colour{fg-1|red}"},
      {"\x1b[99999999999mno such style", "no such style"},
      // Nothing else of what terminals obey is shown or obeyed.
      {"\x1b[2J\x1b[10;5Hmoved\x1b[?25l", "moved"},
      {"\x1b]0;a title\aafter", "after"},
      {"\x1b]8;;http://evil.example\x1b\\link\x1b]8;;\x1b\\", "link"},
      {"\x1b]0;never ended\nnext line", "\nnext line"},
      {"\x1b(Bset", "set"},
      {"\x1b\x1b[31mred", "{fg-1|red}"},
      {"a\b\x7f\x01z", "a\x7fz"},
      // Progress bars and foreign ends of lines.
      {"10%\r50%\r100%\ndone", "100%\ndone"},
      {"first\n10%\r\x1b[32m50%\x1b[0m\n", "first\n{fg-2|50%}\n"},
      {"one\r\ntwo\r\r\nthree", "one\ntwo\nthree"},
      {"10%\x1b[2K\x1b[1G20%", "20%"},
      {"gone\x1b[2K\nnext", "\nnext"},
      {"ends with a return\r", "ends with a return"},
      {"\xff\xfeok", "\xEF\xBF\xBD\xEF\xBF\xBDok"},
  };
  for (const auto& [bytes, text] : cases)
    EXPECT_EQ(shown(bytes), text) << testing::PrintToString(bytes);
}

TEST(TerminalTest, PiecesMayEndAnywhere) {
  const std::string bytes =
      "caf\xc3\xa9 \xf0\x9f\x9a\x80 \x1b[1;31mred\x1b[0m\r\n10%\r20%\x1b]0;title\x1b\\ end\n";
  const std::string whole = shown(bytes);
  for (std::size_t size = 1; size < bytes.size(); ++size) {
    Terminal terminal;
    std::vector<OutputRun> runs;
    for (std::size_t at = 0; at < bytes.size(); at += size) {
      for (OutputRun& run : terminal.read(std::string_view(bytes).substr(at, size))) {
        runs.push_back(std::move(run));
      }
    }
    EXPECT_EQ(shown(settled(runs)), whole) << size;
  }
}

TEST(TerminalTest, AnEndlessSequenceIsNotKept) {
  Terminal terminal;
  EXPECT_TRUE(terminal.read("\x1b]0;" + std::string(100'000, 'x')).empty());
  EXPECT_EQ(shown(terminal.read("text")), "text");
}

TEST(TerminalTest, RestartsAreForWhoeverShowsThem) {
  Terminal terminal;
  EXPECT_EQ(shown(terminal.read("10%")), "10%");
  EXPECT_EQ(shown(terminal.read("\r")), "");
  EXPECT_EQ(shown(terminal.read("20%")), "<20%");
}

}  // namespace
}  // namespace imp::web
