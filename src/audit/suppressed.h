#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "audit/record.h"
#include "base/clock.h"
#include "base/failure.h"
#include "db/database.h"

namespace imp::audit {

/// A refusal that is not written down by itself, because too many of its kind were.
struct Refusal {
  std::string_view action;   ///< as the record's: "trust.exchange"
  std::string_view subject;  ///< as the record's; empty where it is a stranger's text
  std::string_view code;
  std::string_view address;  ///< what the limit counts: an address, or the network it lies in
  bool proved = false;       ///< of somebody whose identity was proved; kept apart from the others
};

/// The refusals of one window that are alike but for their codes.
struct SuppressedRefusals {
  std::string action, subject, address;
  bool proved = false;
  Time from{}, until{};  ///< the window
  std::map<std::string, std::int64_t> codes;

  std::int64_t total() const;
  /// "150 more were refused between … and …: 120 malformed, 30 expired."
  std::string text() const;
  /// The record that stands for all of them: its outcome is "suppressed", and its detail has
  /// `count`, and `codes` with the number of each.
  Record record(Time now) const;
};

/// Counts what a limit on records leaves out, so that a flood cannot fill the log and is in it all
/// the same: one record for each window, address and subject tells how many there were. Counts are
/// kept in memory, for at most kMost such groups, kMostOfAddress of them of one address: who makes
/// up subjects has the others counted without one. Refusals beyond are counted together, without
/// address and subject. Where nothing can be written down for many windows, so that there are twice
/// as many groups, all that comes is one more, of the action "refusals". What was not yet taken
/// when a process is killed is lost, with the metrics that counted the same. Thread-safe.
class Suppressed {
 public:
  static constexpr std::size_t kMost = 256;
  static constexpr std::ptrdiff_t kMostOfAddress = 32;
  static constexpr std::size_t kLongestSubject = 300;  ///< bytes; a longer one is left out

  Suppressed(const Clock& clock, Milliseconds window) : clock_(clock), window_(window) {}

  void add(const Refusal& refusal);
  enum class Which { of_past_windows, all };
  /// Those that are to be written down now, which are forgotten here.
  std::vector<SuppressedRefusals> take(Which which);
  /// Those that could not be written down count again.
  void put_back(std::vector<SuppressedRefusals> refusals);
  /// take(), and `write` for each in one transaction; put_back() when that fails.
  using Write = std::function<void(db::Session&, const SuppressedRefusals&, Time now)>;
  Result<void> write_down(db::Database& database, Which which, const Write& write);

 private:
  struct Key {
    std::int64_t window = 0;
    std::string action, subject, address;
    bool proved = false;
    auto operator<=>(const Key&) const = default;
  };
  using Codes = std::map<std::string, std::int64_t, std::less<>>;
  Codes& codes_of(Key key);

  const Clock& clock_;
  Milliseconds window_;
  std::mutex mutex_;
  std::map<Key, Codes> groups_;
};

}  // namespace imp::audit
