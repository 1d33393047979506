#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace imp::web {

/// A stretch of a step's output in one style.
struct OutputRun {
  std::string style;  ///< classes of style.css ("bold fg-1"); empty for plain text
  std::string text;   ///< UTF-8 without control characters but tabs and line feeds
  bool restart =
      false;  ///< what stands on the present line goes first: a progress bar's next state

  bool operator==(const OutputRun&) const = default;
};

/// What a terminal would show of the bytes that a program prints (ECMA-48): colours and weight by
/// SGR, carriage returns, no other sequence. Bytes may come in pieces that end anywhere.
class Terminal {
 public:
  /// What `bytes` add. Ends of characters and of sequences that are still to come are kept.
  std::vector<OutputRun> read(std::string_view bytes);

 private:
  struct Style {
    bool bold = false, faint = false, italic = false, underline = false, inverse = false;
    int foreground = -1, background = -1;  ///< 0 to 7; -1: the page's own
  };

  void control(std::string_view sequence);
  void select_graphics(std::string_view parameters);
  void put(std::string_view text);
  void put_line_feed();
  std::string style_classes() const;

  Style style_;
  std::string pending_;          ///< the start of a character or sequence
  bool returned_ = false;        ///< after a carriage return: what follows decides what it was
  bool restart_ = false;         ///< the next text begins the line again
  std::vector<OutputRun> runs_;  ///< of the present call
};

/// The runs one after the other, as they stand once every restart is done; neighbours of one style
/// are one.
std::vector<OutputRun> settled(const std::vector<OutputRun>& runs);

}  // namespace imp::web
