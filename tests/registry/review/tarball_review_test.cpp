#include "registry/review/tarball_review.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>

#include "../publish/tarball_fixture.h"

namespace imp::registry {
namespace {

OpenTarball opener(std::string bytes) {
  return [bytes = std::move(bytes)]() -> Result<TarballSource> { return source_of(bytes); };
}

/// Files in order; an empty review when it was refused.
TarballReview review_of(const OpenTarball& before, const OpenTarball& after,
                        const ReviewLimits& limits = {}) {
  auto review = review_tarballs(before, after, limits);
  EXPECT_TRUE(review) << review.error().message;
  return review ? std::move(*review) : TarballReview();
}

std::vector<std::string> lines_of(const TarballReview& review) {
  std::vector<std::string> lines;
  for (const FileChange& change : review.files) {
    lines.push_back(
        fmt::format("{} {} {}>{}", name(change.what), change.path, change.before, change.after));
  }
  return lines;
}

TEST(TarballReview, FilesAreAddedRemovedAndChanged) {
  const std::string before = TarBuilder()
                                 .add("package/a.js", "one\n")
                                 .add("package/gone.js", "x")
                                 .add("package/package.json", "{}")
                                 .add("package/same.js", "same")
                                 .gzip();
  // Another directory at the top is the same place.
  const std::string after = TarBuilder()
                                .add("other/package.json", "{ }")
                                .add("other/a.js", "two\n")
                                .add("other/new.js", "hello\n")
                                .add("other/same.js", "same")
                                .gzip();
  const TarballReview review = review_of(opener(before), opener(after));
  EXPECT_EQ(lines_of(review),
            (std::vector<std::string>{"changed package.json 2>3", "changed a.js 4>4",
                                      "removed gone.js 1>0", "added new.js 0>6"}));
  EXPECT_EQ(review.added, 1u);
  EXPECT_EQ(review.removed, 1u);
  EXPECT_EQ(review.changed, 2u);
  EXPECT_EQ(review.unchanged, 1u);
  EXPECT_TRUE(review.notes.empty());
  ASSERT_EQ(review.files[1].hunks.size(), 1u);
  EXPECT_EQ(review.files[1].hunks[0][0].text, "one");
  EXPECT_EQ(review.files[1].hunks[0][1].text, "two");
  EXPECT_EQ(review.files[3].hunks[0][0].text, "hello");
}

TEST(TarballReview, AFirstReleaseIsAllNew) {
  const std::string only = TarBuilder().add("package/package.json", "{}\n").gzip();
  const TarballReview review = review_of({}, opener(only));
  EXPECT_EQ(lines_of(review), std::vector<std::string>{"added package.json 0>3"});
}

TEST(TarballReview, WhatNobodyReadsIsFlagged) {
  const std::string after =
      TarBuilder()
          .add("package/a.node", std::string("ELF\0x", 5))
          .add("package/dense.js", std::string(3000, 'x'))
          .add("package/lib.min.css", "a{}")
          .add("package/list.txt", std::string(3000, 'x'))  // long, but no code
          .add("package/trojan.js", "if (a /*\xe2\x80\xae*/) {}\n")
          .add("package/twice.js", "1")
          .add("package/twice.js", "2")
          .gzip();
  const TarballReview review = review_of({}, opener(after));
  std::vector<std::string> flagged;
  for (const FileChange& change : review.files) {
    flagged.push_back(fmt::format("{}{}{}{}{}", change.path, change.binary ? " binary" : "",
                                  change.minified ? " minified" : "",
                                  change.hidden_characters ? " hidden" : "",
                                  change.repeated ? " repeated" : ""));
  }
  EXPECT_EQ(flagged,
            (std::vector<std::string>{"a.node binary", "dense.js minified", "lib.min.css minified",
                                      "list.txt", "trojan.js hidden", "twice.js repeated"}));
  EXPECT_TRUE(review.files[0].hunks.empty());
  EXPECT_EQ(review.files[5].hunks[0][0].text, "2");  // the one that npm keeps
}

// A file that is there twice is shown although its last form is the old one: other unpackers may
// take the first.
TEST(TarballReview, AFileThatIsThereTwiceIsNeverUnchanged) {
  const std::string before = TarBuilder().add("package/a.js", "old").gzip();
  const std::string after =
      TarBuilder().add("package/a.js", "evil").add("package/a.js", "old").gzip();
  const TarballReview review = review_of(opener(before), opener(after));
  ASSERT_EQ(review.files.size(), 1u);
  EXPECT_TRUE(review.files[0].repeated);
}

std::size_t resident_bytes() {
  std::ifstream file("/proc/self/statm");
  std::size_t all = 0, resident = 0;
  file >> all >> resident;
  return resident * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

// How large a file is that is shown tells nothing of the ones before it in its place.
TEST(TarballReview, AFileThatIsThereTwiceIsNeverWhollyInMemory) {
  constexpr std::size_t mebibyte = 1 << 20;
  const std::string after =
      TarBuilder().zeros("package/a.txt", 96 * mebibyte).add("package/a.txt", "small\n").gzip();
  std::size_t least = SIZE_MAX, most = 0;
  const OpenTarball watched = [&]() -> Result<TarballSource> {
    return TarballSource([&, read = source_of(after)](std::span<std::uint8_t> out) mutable {
      const std::size_t now = resident_bytes();
      least = std::min(least, now);
      most = std::max(most, now);
      return read(out);
    });
  };
  ReviewLimits limits;
  limits.read.ratio = 1'000'000;
  const TarballReview review = review_of({}, watched, limits);
  ASSERT_EQ(review.files.size(), 1u);
  EXPECT_EQ(review.files[0].hunks[0][0].text, "small");
  EXPECT_LT(most - least, 32 * mebibyte);
}

TEST(TarballReview, BoundsAreSaidWhereTheyCut) {
  TarBuilder many;
  for (int i = 100; i < 110; ++i) {
    many.add("package/" + std::to_string(i), std::string(100, 'x') + "\n");
  }
  const std::string after = many.add("package/large", std::string(2000, 'y')).gzip();
  ReviewLimits limits;
  limits.files = 8;
  EXPECT_EQ(review_of({}, opener(after), limits).files.size(), 8u);
  EXPECT_EQ(review_of({}, opener(after), limits).added, 11u);
  EXPECT_EQ(review_of({}, opener(after), limits).notes.size(), 1u);
  limits = {};
  limits.text_bytes = 1000;
  TarballReview review = review_of({}, opener(after), limits);
  EXPECT_TRUE(review.files.back().hunks.empty());
  EXPECT_TRUE(review.files.back().left_out.starts_with("Larger than 1000 bytes"));
  EXPECT_EQ(review.notes.size(), 1u);
  limits.kept_bytes = 250;
  review = review_of({}, opener(after), limits);
  EXPECT_FALSE(review.files[1].hunks.empty());
  EXPECT_TRUE(review.files[2].left_out.starts_with("Not compared"));
  limits = {};
  limits.budget.lines = 3;
  review = review_of({}, opener(after), limits);
  EXPECT_EQ(review.files[2].left_out, "");
  EXPECT_TRUE(review.files[3].left_out.starts_with("Not shown"));
  limits = {};
  limits.name_bytes = 20;
  EXPECT_EQ(review_tarballs({}, opener(after), limits).error().code(), "tarball_too_many_files");
  limits = {};
  limits.read.unpacked_bytes = 1500;
  EXPECT_EQ(review_tarballs({}, opener(after), limits).error().code(), "tarball_unpacks_too_large");
}

TEST(TarballReview, DamageIsARefusal) {
  const std::string good = TarBuilder().add("package/package.json", "{}").gzip();
  EXPECT_EQ(review_tarballs(opener("no gzip"), opener(good), {}).error().code(),
            "tarball_unreadable");
  EXPECT_EQ(review_tarballs({}, opener(good.substr(0, good.size() / 2)), {}).error().code(),
            "tarball_unreadable");
}

}  // namespace
}  // namespace imp::registry
