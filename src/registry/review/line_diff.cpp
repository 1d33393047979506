#include "registry/review/line_diff.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

#include "base/printable.h"

namespace imp::registry {
namespace {

using Line = std::uint32_t;  ///< equal lines have equal numbers

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    lines.push_back(text.substr(0, end));
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return lines;
}

/// What becomes of the lines of both texts, in order.
struct Edit {
  DiffLine::Kind kind;
  std::uint32_t before, after;  ///< from 0
};

/// The shortest way from one row of lines to another, or nothing when it is too long. Between the
/// beginnings and ends that both share.
class Myers {
 public:
  Myers(const std::vector<Line>& before, const std::vector<Line>& after, std::size_t edits,
        std::uint64_t& steps)
      : before_(before), after_(after), most_(edits), steps_(steps) {}

  bool run(std::size_t begin, std::size_t before_end, std::size_t after_end,
           std::vector<Edit>& out);

 private:
  const std::vector<Line>& before_;
  const std::vector<Line>& after_;
  std::size_t most_;
  std::uint64_t& steps_;
};

bool Myers::run(std::size_t begin, std::size_t before_end, std::size_t after_end,
                std::vector<Edit>& out) {
  const auto n = static_cast<std::int64_t>(before_end - begin);
  const auto m = static_cast<std::int64_t>(after_end - begin);
  const auto limit = std::min<std::int64_t>(n + m, static_cast<std::int64_t>(most_));
  std::vector<std::int64_t> reach(static_cast<std::size_t>(2 * limit + 3), 0);
  const auto at = [&](std::int64_t k) -> std::int64_t& {
    return reach[static_cast<std::size_t>(k + limit + 1)];
  };
  std::vector<std::vector<std::int32_t>> trace;  // of each d: how far diagonals -d…d reached before
  for (std::int64_t d = 0; d <= limit; ++d) {
    trace.emplace_back();
    for (std::int64_t k = -d - 1; k <= d + 1; ++k) {
      trace.back().push_back(static_cast<std::int32_t>(at(std::clamp(k, -limit - 1, limit + 1))));
    }
    for (std::int64_t k = -d; k <= d; k += 2) {
      if (steps_ == 0) return false;
      --steps_;
      std::int64_t x = k == -d || (k != d && at(k - 1) < at(k + 1)) ? at(k + 1) : at(k - 1) + 1;
      while (x < n && x - k < m && steps_ > 0 &&
             before_[begin + static_cast<std::size_t>(x)] ==
                 after_[begin + static_cast<std::size_t>(x - k)]) {
        ++x;
        --steps_;
      }
      at(k) = x;
      if (x < n || x - k < m) continue;
      // Back along the trace.
      std::vector<Edit> reversed;
      std::int64_t y = x - k;
      for (std::int64_t e = d; e >= 0; --e) {
        const std::vector<std::int32_t>& seen = trace[static_cast<std::size_t>(e)];
        const auto reached = [&](std::int64_t diagonal) -> std::int64_t {
          return seen[static_cast<std::size_t>(diagonal + e + 1)];
        };
        const std::int64_t diagonal = x - y;
        const bool down =
            diagonal == -e || (diagonal != e && reached(diagonal - 1) < reached(diagonal + 1));
        const std::int64_t from = down ? diagonal + 1 : diagonal - 1;
        const std::int64_t px = e == 0 ? 0 : reached(from);
        const std::int64_t py = e == 0 ? 0 : px - from;
        while (x > px && y > py) {
          --x, --y;
          reversed.push_back(
              {DiffLine::Kind::same, static_cast<std::uint32_t>(x), static_cast<std::uint32_t>(y)});
        }
        if (e == 0) break;
        if (down) {
          --y;
          reversed.push_back({DiffLine::Kind::added, static_cast<std::uint32_t>(x),
                              static_cast<std::uint32_t>(y)});
        } else {
          --x;
          reversed.push_back({DiffLine::Kind::removed, static_cast<std::uint32_t>(x),
                              static_cast<std::uint32_t>(y)});
        }
      }
      for (auto edit = reversed.rbegin(); edit != reversed.rend(); ++edit) {
        edit->before += static_cast<std::uint32_t>(begin);
        edit->after += static_cast<std::uint32_t>(begin);
        out.push_back(*edit);
      }
      return true;
    }
  }
  return false;
}

/// Turns edits into hunks as they come, and stops at the limits.
class Hunks {
 public:
  Hunks(const std::vector<std::string_view>& before, const std::vector<std::string_view>& after,
        const DiffLimits& limits, DiffBudget& budget)
      : before_(before), after_(after), limits_(limits), budget_(budget) {}

  /// Numbers of lines from 0. False when no more fit.
  bool add(const std::vector<Edit>& edits, std::size_t at) {
    const Edit& edit = edits[at];
    const std::size_t hunk_end = last_ + limits_.context;
    const bool follows = !diff_.hunks.empty() && at <= hunk_end + 1 + limits_.context;
    if (!follows) diff_.hunks.emplace_back();
    const std::size_t from = follows ? next_ : at - std::min(at, limits_.context);
    for (std::size_t i = std::max(from, next_); i < at; ++i) {
      if (!put(edits[i])) return false;
    }
    last_ = at;
    next_ = at + 1;
    return put(edit);
  }
  /// The same lines after the last change before `end`.
  bool close(const std::vector<Edit>& edits, std::size_t end) {
    if (diff_.hunks.empty()) return true;
    for (; next_ < edits.size() && next_ <= last_ + limits_.context && next_ < end; ++next_) {
      if (edits[next_].kind != DiffLine::Kind::same) break;
      if (!put(edits[next_])) return false;
    }
    return true;
  }
  LineDiff take() { return std::move(diff_); }

 private:
  bool put(const Edit& edit) {
    if (count_ == limits_.file_lines || budget_.lines == 0) {
      diff_.cut = true;
      if (diff_.hunks.back().empty()) diff_.hunks.pop_back();
      return false;
    }
    ++count_;
    --budget_.lines;
    const bool old = edit.kind != DiffLine::Kind::added;
    const bool now = edit.kind != DiffLine::Kind::removed;
    diff_.hunks.back().push_back(
        {edit.kind, old ? edit.before + 1 : 0, now ? edit.after + 1 : 0,
         printable_line(now ? after_[edit.after] : before_[edit.before], limits_.line_bytes)});
    return true;
  }

  const std::vector<std::string_view>& before_;
  const std::vector<std::string_view>& after_;
  const DiffLimits& limits_;
  DiffBudget& budget_;
  LineDiff diff_;
  std::size_t count_ = 0;
  std::size_t last_ = 0;  ///< edit of the last change
  std::size_t next_ = 0;  ///< first edit that was not looked at
};

LineDiff hunks_of(const std::vector<Edit>& edits, const std::vector<std::string_view>& before,
                  const std::vector<std::string_view>& after, const DiffLimits& limits,
                  DiffBudget& budget) {
  Hunks hunks(before, after, limits, budget);
  std::size_t previous = edits.size();
  for (std::size_t i = 0; i < edits.size(); ++i) {
    if (edits[i].kind == DiffLine::Kind::same) continue;
    if (previous != edits.size() && i > previous + 1 && !hunks.close(edits, i)) break;
    if (!hunks.add(edits, i)) return hunks.take();
    previous = i;
  }
  hunks.close(edits, edits.size());
  return hunks.take();
}

}  // namespace

std::string printable_line(std::string_view line, std::size_t bytes) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  std::string out;
  while (!line.empty() && out.size() < bytes) {
    line.remove_prefix(append_printable(out, line, "\t"));
  }
  if (!line.empty()) out += fmt::format("… ({} more bytes)", line.size());
  return out;
}

LineDiff line_diff(std::string_view before_text, std::string_view after_text,
                   const DiffLimits& limits, DiffBudget& budget) {
  const std::vector<std::string_view> before = lines_of(before_text), after = lines_of(after_text);
  std::unordered_map<std::string_view, Line> numbers;
  const auto numbered = [&](const std::vector<std::string_view>& lines) {
    std::vector<Line> out;
    out.reserve(lines.size());
    for (const std::string_view line : lines) {
      out.push_back(numbers.try_emplace(line, static_cast<Line>(numbers.size())).first->second);
    }
    return out;
  };
  const std::vector<Line> old = numbered(before), now = numbered(after);
  std::size_t same = 0;
  while (same < old.size() && same < now.size() && old[same] == now[same]) ++same;
  std::size_t old_end = old.size(), now_end = now.size();
  while (old_end > same && now_end > same && old[old_end - 1] == now[now_end - 1]) {
    --old_end, --now_end;
  }
  const auto number = [](std::size_t i) { return static_cast<std::uint32_t>(i); };
  std::vector<Edit> edits;
  for (std::size_t i = same - std::min(same, limits.context); i < same; ++i) {
    edits.push_back({DiffLine::Kind::same, number(i), number(i)});
  }
  const bool whole = old_end == same || now_end == same;  // only added, or only removed
  const bool fine =
      !whole && Myers(old, now, limits.edits, budget.steps).run(same, old_end, now_end, edits);
  if (!fine) {
    for (std::size_t i = same; i < old_end; ++i) {
      edits.push_back({DiffLine::Kind::removed, number(i), number(same)});
    }
    for (std::size_t i = same; i < now_end; ++i) {
      edits.push_back({DiffLine::Kind::added, number(old_end), number(i)});
    }
  }
  for (std::size_t i = 0; i < limits.context && old_end + i < old.size(); ++i) {
    edits.push_back({DiffLine::Kind::same, number(old_end + i), number(now_end + i)});
  }
  LineDiff diff = hunks_of(edits, before, after, limits, budget);
  diff.coarse = !fine && !whole;
  return diff;
}

}  // namespace imp::registry
