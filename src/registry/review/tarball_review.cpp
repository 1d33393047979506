#include "registry/review/tarball_review.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/printable.h"
#include "crypto/hash.h"
#include "registry/publish/refusal.h"

namespace imp::registry {
namespace {

/// What is remembered of a file whose text is not.
struct FileFacts {
  std::uint64_t size = 0;
  crypto::Sha512 hash = {};
  bool binary = false;
  bool minified = false;
  bool repeated = false;
};
using Facts = std::map<std::string, FileFacts>;  // by path
using Texts = std::map<std::string, std::string>;

/// Looks at a file's bytes as they pass.
class Look {
 public:
  void bytes(std::string_view piece) {
    hash_.update(bytes_of(piece));
    binary_ = binary_ || piece.contains('\0');
    size_ += piece.size();
    while (!piece.empty()) {
      const std::size_t end = piece.find('\n');
      line_ += std::min(end, piece.size());
      longest_ = std::max(longest_, line_);
      if (end == std::string_view::npos) break;
      line_ = 0;
      ++lines_;
      piece.remove_prefix(end + 1);
    }
  }
  FileFacts facts(std::string_view path) {
    const bool code = path.ends_with("js") || path.ends_with(".ts") || path.ends_with(".css");
    const bool dense = longest_ >= 1000 && size_ / (lines_ + 1) >= 200;
    return {size_, hash_.finish(), binary_, !binary_ && code && (dense || path.contains(".min."))};
  }

 private:
  crypto::Sha512Stream hash_;
  std::uint64_t size_ = 0, line_ = 0, longest_ = 0, lines_ = 0;
  bool binary_ = false;
};

Result<Facts> facts_of(const OpenTarball& open, const ReviewLimits& limits,
                       std::uint64_t& unpacked) {
  Facts facts;
  std::size_t name_bytes = 0;
  if (!open) return facts;
  const auto source = open();
  if (!source) return pass_on(source);
  TarballReader reader(*source, limits.read);
  while (true) {
    const auto next = reader.next();
    if (!next) return pass_on(next);
    if (!*next) break;
    name_bytes += (*next)->inside.size();
    if (name_bytes > limits.name_bytes) {
      return refuse(PublishRefusal::too_many_files,
                    fmt::format("The names of the tarball's files are longer than {} bytes in all.",
                                limits.name_bytes));
    }
    Look look;
    const auto read = reader.read([&](std::string_view piece) -> Result<void> {
      look.bytes(piece);
      return {};
    });
    if (!read) return pass_on(read);
    const bool repeated = facts.contains((*next)->inside);
    FileFacts& found = facts[(*next)->inside] = look.facts((*next)->inside);
    found.repeated = repeated;
  }
  unpacked = reader.unpacked();
  return facts;
}

/// The texts of some files, in memory. Each is small in its last form, which counts; an earlier one
/// may be of any size.
Result<Texts> texts_of(const OpenTarball& open, const ReviewLimits& limits,
                       const std::set<std::string>& wanted) {
  Texts texts;
  if (!open || wanted.empty()) return texts;
  const auto source = open();
  if (!source) return pass_on(source);
  TarballReader reader(*source, limits.read);
  while (true) {
    const auto next = reader.next();
    if (!next) return pass_on(next);
    if (!*next) break;
    const bool keep = wanted.contains((*next)->inside);
    std::string text;
    const auto read = reader.read([&](std::string_view piece) -> Result<void> {
      if (keep && text.size() <= limits.text_bytes) text += piece;
      return {};
    });
    if (!read) return pass_on(read);
    if (keep) texts[(*next)->inside] = std::move(text);
  }
  return texts;
}

class Review {
 public:
  explicit Review(const ReviewLimits& limits) : limits_(limits) {}

  Result<TarballReview> run(const OpenTarball& before, const OpenTarball& after);

 private:
  void list(const Facts& before, const Facts& after);
  void add(FileChange::What what, const std::string& path, const FileFacts* before,
           const FileFacts* after);
  /// Decides which files are compared, while there is memory for their texts.
  void choose();
  void compare(const Texts& before, const Texts& after);

  const ReviewLimits& limits_;
  TarballReview review_;
  std::vector<std::string> paths_;  ///< as in the tarball, of review_.files
  std::set<std::string> wanted_;
};

void Review::add(FileChange::What what, const std::string& path, const FileFacts* before,
                 const FileFacts* after) {
  ++(what == FileChange::What::added     ? review_.added
     : what == FileChange::What::removed ? review_.removed
                                         : review_.changed);
  if (review_.files.size() == limits_.files) return;
  FileChange change;
  change.what = what;
  change.path = printable_line(path, limits_.path_bytes);
  change.before = before ? before->size : 0;
  change.after = after ? after->size : 0;
  const FileFacts& shown = after ? *after : *before;
  change.binary = shown.binary || (before && before->binary);
  change.minified = shown.minified;
  change.repeated = after && after->repeated;
  review_.files.push_back(std::move(change));
  paths_.push_back(path);
}

void Review::list(const Facts& before, const Facts& after) {
  const auto one = [&](const std::string& path) {
    const auto old = before.find(path), now = after.find(path);
    if (now == after.end()) return add(FileChange::What::removed, path, &old->second, nullptr);
    if (old == before.end()) return add(FileChange::What::added, path, nullptr, &now->second);
    if (old->second.hash == now->second.hash && !now->second.repeated) {
      ++review_.unchanged;
      return;
    }
    add(FileChange::What::changed, path, &old->second, &now->second);
  };
  const std::string first = "package.json";
  if (before.contains(first) || after.contains(first)) one(first);
  auto old = before.begin();
  auto now = after.begin();
  while (old != before.end() || now != after.end()) {
    const bool both = old != before.end() && now != after.end() && old->first == now->first;
    const bool take_old =
        both || now == after.end() || (old != before.end() && old->first < now->first);
    const std::string& path = take_old ? old->first : now->first;
    if (path != first) one(path);
    if (take_old) ++old;
    if (!take_old || both) ++now;
  }
  const std::uint64_t changes = review_.added + review_.removed + review_.changed;
  if (changes > review_.files.size()) {
    review_.notes.push_back(fmt::format(
        "Only {} of {} files that changed are listed. Download both tarballs to see the others.",
        review_.files.size(), changes));
  }
}

void Review::choose() {
  std::uint64_t kept = 0;
  for (std::size_t i = 0; i < review_.files.size(); ++i) {
    FileChange& change = review_.files[i];
    if (change.what == FileChange::What::removed || change.binary) continue;
    if (std::max(change.before, change.after) > limits_.text_bytes) {
      change.left_out =
          fmt::format("Larger than {} bytes: not compared line by line.", limits_.text_bytes);
    } else if (kept + change.before + change.after > limits_.kept_bytes) {
      change.left_out = "Not compared: this release has too many changes for one review.";
    } else {
      kept += change.before + change.after;
      wanted_.insert(paths_[i]);
    }
  }
}

void Review::compare(const Texts& before, const Texts& after) {
  static const std::string none;
  DiffBudget budget = limits_.budget;
  for (std::size_t i = 0; i < review_.files.size(); ++i) {
    if (!wanted_.contains(paths_[i])) continue;
    FileChange& change = review_.files[i];
    const auto old = before.find(paths_[i]), now = after.find(paths_[i]);
    if (now == after.end()) continue;
    change.hidden_characters = has_hidden_characters(now->second);
    LineDiff diff =
        line_diff(old == before.end() ? none : old->second, now->second, limits_.diff, budget);
    change.hunks = std::move(diff.hunks);
    if (diff.cut && change.hunks.empty()) {
      change.left_out = "Not shown: this release has too many changes for one review.";
    } else if (diff.cut) {
      change.left_out = "There are more changes in this file than these.";
    } else if (diff.coarse) {
      change.left_out = "Too different to be compared line by line: all of it is shown.";
    }
  }
}

Result<TarballReview> Review::run(const OpenTarball& before, const OpenTarball& after) {
  {
    const auto old = facts_of(before, limits_, review_.unpacked_before);
    if (!old) return pass_on(old);
    const auto now = facts_of(after, limits_, review_.unpacked_after);
    if (!now) return pass_on(now);
    list(*old, *now);
  }
  choose();
  const auto old = texts_of(before, limits_, wanted_);
  if (!old) return pass_on(old);
  const auto now = texts_of(after, limits_, wanted_);
  if (!now) return pass_on(now);
  compare(*old, *now);
  const auto unseen = std::ranges::count_if(
      review_.files, [](const FileChange& change) { return !change.left_out.empty(); });
  if (unseen > 0) {
    review_.notes.push_back(fmt::format(
        "Of {} files not all changes are shown; each says why. Download both tarballs to see them.",
        unseen));
  }
  return std::move(review_);
}

}  // namespace

std::string_view name(FileChange::What what) {
  switch (what) {
    case FileChange::What::added:
      return "added";
    case FileChange::What::removed:
      return "removed";
    case FileChange::What::changed:
      return "changed";
  }
  return "changed";
}

Result<TarballReview> review_tarballs(const OpenTarball& before, const OpenTarball& after,
                                      const ReviewLimits& limits) {
  return Review(limits).run(before, after);
}

}  // namespace imp::registry
