#include "ci/runner/masker.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace imp::ci::runner {
namespace {

std::string mask(const std::vector<std::string>& secrets, const std::vector<std::string>& pieces) {
  Secrets known;
  for (const auto& secret : secrets) known.add(secret);
  Masker masker(known);
  std::string out;
  for (const auto& piece : pieces) out += masker.push(piece);
  return out + masker.finish();
}

struct Case {
  const char* why;
  std::vector<std::string> secrets;
  std::vector<std::string> pieces;
  std::string shown;
};

TEST(Masker, Table) {
  const Case cases[] = {
      {"plain", {"hunter2"}, {"my hunter2!"}, "my ****!"},
      {"nothing to hide", {}, {"as it is"}, "as it is"},
      {"cut between pieces", {"hunter2"}, {"my hun", "te", "r2!"}, "my ****!"},
      {"cut, and then it was something else", {"hunter2"}, {"hunt", "ing"}, "hunting"},
      {"the start of a secret at the end of the stream", {"hunter2"}, {"hunter"}, "hunter"},
      {"longest match", {"abcd", "abcdef"}, {"abcdefg"}, "****g"},
      {"the longest is only known later", {"abcd", "abcdef"}, {"abcd", "e", "f!"}, "****!"},
      {"… or turns out not to be it", {"abcd", "abcdef"}, {"abcd", "e", "x!"}, "****ex!"},
      {"overlapping secrets leave nothing of the second", {"abcd", "cdef"}, {"abcdef"}, "****"},
      {"overlap across pieces", {"abcd", "cdef"}, {"abcd", "ef!"}, "****!"},
      {"a secret inside another", {"bcde", "abcdef"}, {"abcdef"}, "****"},
      {"overlapping itself", {"aaaa"}, {"aaaaaaa b"}, "**** b"},
      {"two in a row are two", {"abcd"}, {"abcdabcd"}, "********"},
      {"too short", {"abc", "", "x"}, {"abc x"}, "abc x"},
      {"words that are no secrets",
       {"true", "True", "false", "False"},
       {"true False"},
       "true False"},
      {"other spellings are secrets", {"TRUE"}, {"TRUE"}, "****"},
      {"case counts", {"Secret"}, {"secret Secret"}, "secret ****"},
      {"several lines", {"-----KEY\nabc\n-----"}, {"x-----KEY\n", "abc\n-----y"}, "x****y"},
      {"one line of several",
       {"-----BEGIN KEY-----\nMIIEvQIBADANBg\nab\n"},
       {"x MIIEvQIBADANBg\nab\n"},
       "x ****\nab\n"},
      {"lines with carriage returns", {"first-line\r\nsecond-line"}, {"second-line"}, "****"},
      {"printed without the line break that it ends with",
       {"hunter22\n"},
       {"=hunter22="},
       "=****="},
      {"in base64", {"npm_token_1"}, {"bnBtX3Rva2VuXzE="}, "****E="},
      {"… as the password of user:npm_token_1",
       {"npm_token_1"},
       {"dXNlcjpucG1fdG9rZW5fMQ=="},
       "dXNlcjp****Q=="},
      {"… before something else", {"npm_token_1"}, {"dW5wbV90b2tlbl8xeA=="}, "dW****eA=="},
      {"… as in URLs", {"\?\?>>~~~~~~"}, {"Pz8-Pn5-fn5-fg"}, "****g"},
      {"any bytes",
       {std::string("\xff\0\xfe\x01", 4)},
       {std::string("a\xff\0\xfe\x01z", 6)},
       "a****z"},
      {"prefix restarted inside a failed match", {"ababac"}, {"abab", "abac"}, "ab****"},
  };
  for (const Case& c : cases) EXPECT_EQ(mask(c.secrets, c.pieces), c.shown) << c.why;
}

/// Every occurrence of every secret, unions of overlapping ones, by trying all places.
std::string naive(const std::vector<std::string>& secrets, const std::string& text) {
  std::vector<bool> hidden(text.size(), false);
  std::vector<bool> starts(text.size(), false);
  std::size_t covered = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    std::size_t longest = 0;
    for (const auto& secret : secrets) {
      if (text.compare(at, secret.size(), secret) == 0) longest = std::max(longest, secret.size());
    }
    if (longest == 0) continue;
    if (at >= covered) starts[at] = true;
    for (std::size_t i = at; i < at + longest; ++i) hidden[i] = true;
    covered = std::max(covered, at + longest);
  }
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (starts[at]) out += "****";
    if (!hidden[at]) out += text[at];
  }
  return out;
}

// A two-letter alphabet makes overlaps and near misses the rule.
TEST(Masker, RandomSplitsAgreeWithTheNaiveModel) {
  std::mt19937 random(20);
  const auto letters = [&](std::size_t least, std::size_t most) {
    std::string out(least + random() % (most - least + 1), 'a');
    for (char& c : out) c = random() % 2 == 0 ? 'a' : 'b';
    return out;
  };
  for (int round = 0; round < 3000; ++round) {
    std::vector<std::string> secrets;
    for (std::size_t i = 0; i < 1 + random() % 4; ++i) secrets.push_back(letters(4, 9));
    const std::string text = letters(0, 60);
    std::vector<std::string> pieces;
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t size = 1 + random() % 7;
      pieces.push_back(text.substr(at, size));
      at += size;
    }
    ASSERT_EQ(mask(secrets, pieces), naive(secrets, text)) << text;
  }
}

TEST(Masker, HoldsBackLessThanTheLongestSecret) {
  Secrets known;
  known.add("aaaaaaaa");
  Masker masker(known);
  std::size_t given = 0;
  std::size_t shown = 0;
  for (int i = 0; i < 1000; ++i) {
    given += 3;
    shown += masker.push("bab").size();
    EXPECT_LT(given - shown, 8u);
  }
}

// A flood of one secret's letters must not pile up in memory: it is covered by one mask.
TEST(Masker, AnEndlessOverlapStaysSmall) {
  Secrets known;
  known.add("aaaa");
  Masker masker(known);
  std::string out;
  for (int i = 0; i < 10000; ++i) out += masker.push("aaaaaaaaaa");
  out += masker.push("b");
  EXPECT_EQ(out + masker.finish(), "****b");
}

TEST(Masker, KnowsTokensThatAreMintedWhileTheStreamRuns) {
  Secrets known;
  Masker masker(known);
  EXPECT_EQ(masker.push("token: "), "token: ");
  known.add("eyJhbGciOi.new");
  EXPECT_EQ(masker.push("eyJhbGciOi.ne"), "");
  EXPECT_EQ(masker.push("w\n"), "****\n");
}

}  // namespace
}  // namespace imp::ci::runner
