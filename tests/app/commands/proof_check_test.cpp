#include "app/commands/proof_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "audit/chain.h"
#include "audit/entry_text.h"
#include "audit/open_tree.h"
#include "base/encoding.h"
#include "tlog/proof_file.h"

namespace imp::app {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class ProofCheckTest : public testing::Test {
 protected:
  ProofCheckTest() { tree_.grow_and_seal(300); }

  std::string consistency_answer(std::int64_t from) {
    const auto proof = tree_.log.consistency(from);
    boost::json::array hashes;
    for (const auto& hash : proof->hashes) hashes.emplace_back(tlog::hash_text(hash));
    return boost::json::serialize(boost::json::object{
        {"from", from}, {"hashes", hashes}, {"checkpoint", tree_.log.checkpoint()->checkpoint}});
  }

  audit::OpenTree tree_;
};

TEST_F(ProofCheckTest, TellsTheRecordThatIsProven) {
  const auto told = check_inclusion_file(*tree_.log.prove(123), tree_.trusted());
  ASSERT_TRUE(told) << told.error().message;
  const auto line = boost::json::parse(told->substr(0, told->find('\n'))).as_object();
  EXPECT_EQ(line.at("sequence").as_int64(), 123);
  EXPECT_EQ(line.at("at").as_string(), iso8601(audit::sample(123).at));
  EXPECT_EQ(line.at("subject").as_string(), "package:@acme/widget-123");
  EXPECT_EQ(line.at("organization").as_string(), "acme");
  EXPECT_EQ(line.at("detail").at("number").as_int64(), 123);
  EXPECT_THAT(*told, HasSubstr("in npm.example.org/-/audit at 300 records, signed by "));
}

TEST_F(ProofCheckTest, RefusesWhatTheKeysDoNotSignOrTheHashesDoNotSay) {
  const std::string proof = *tree_.log.prove(123);
  const audit::OpenTree other;
  EXPECT_EQ(check_inclusion_file(proof, other.trusted()).error().code(), "log_signature_untrusted");
  auto parsed = tlog::parse_proof(proof);
  const std::size_t at = parsed->extra->find("alice");
  parsed->extra->replace(at, 5, "eve  ");
  EXPECT_EQ(check_inclusion_file(tlog::proof_text(*parsed), tree_.trusted()).error().code(),
            "log_proof_false");
  parsed->extra.reset();
  EXPECT_EQ(check_inclusion_file(tlog::proof_text(*parsed), tree_.trusted()).error().code(),
            "unusable_input");
  EXPECT_EQ(check_inclusion_file("nothing", tree_.trusted()).error().code(), "log_text_malformed");
}

// A log may hold anything; a record that gives itself another number is not shown as that, and what
// is no record may hold what steers a terminal.
TEST_F(ProofCheckTest, ARecordStandsAtItsOwnNumber) {
  const tlog::NoteSigner log{"log.example", crypto::PrivateKey::generate(crypto::KeyKind::ed25519)};
  const auto code_of = [&](const std::string& entry) {
    const std::string proof = tlog::proof_text(
        {.extra = entry,
         .index = 0,
         .hashes = {},
         .checkpoint =
             tlog::sign_note(tlog::checkpoint_text({log.name, 1, tlog::leaf_hash(entry)}), {log})});
    const auto told = check_inclusion_file(proof, {log.verifier()});
    return told ? "ok" : std::string(told.error().code());
  };
  EXPECT_EQ(code_of(audit::chained_text(audit::kFirstPrevious, {.sequence = "1"})), "ok");
  EXPECT_EQ(code_of(audit::chained_text(audit::kFirstPrevious, {.sequence = "2"})),
            "log_proof_false");
  const std::string too_long = audit::entry_text(std::string(70'000, 'x'));
  EXPECT_EQ(code_of(too_long), "ok");
  for (const std::string& entry : {std::string("\x1b[2J"), too_long + "\x1b[2J\n",
                                   too_long.substr(0, too_long.size() - 3) + "X\n"}) {
    EXPECT_EQ(code_of(entry), "log_proof_false") << entry;
  }
}

TEST_F(ProofCheckTest, ALogThatGrewBeginsWithTheOlderCheckpoint) {
  const std::string older = tree_.log.checkpoint()->checkpoint;
  tree_.grow_and_seal(420);
  const auto told = check_consistency_file(consistency_answer(300), older, tree_.trusted());
  ASSERT_TRUE(told) << told.error().message;
  EXPECT_THAT(*told, StartsWith("the 300 records of the older checkpoint are the first in "
                                "npm.example.org/-/audit at 420 records"));
  EXPECT_EQ(check_consistency_file(consistency_answer(299), older, tree_.trusted()).error().code(),
            "log_proof_false");
}

TEST_F(ProofCheckTest, AnotherPastIsFound) {
  audit::OpenTree other;
  other.grow_and_seal(300);
  // The same key signs two histories.
  const auto noted = other.log.checkpoint()->checkpoint;
  const auto keys = [&] {
    auto all = tree_.trusted();
    for (auto& key : other.trusted()) all.push_back(key);
    return all;
  }();
  tree_.grow_and_seal(420);
  EXPECT_EQ(check_consistency_file(consistency_answer(300), noted, keys).error().code(),
            "log_proof_false");
}

TEST_F(ProofCheckTest, WhatIsNoAnswerIsRefused) {
  const std::string older = tree_.log.checkpoint()->checkpoint;
  for (const std::string& wrong :
       {std::string(), std::string("{}"), std::string("[]"),
        std::string(R"({"hashes": [], "checkpoint": 5})"),
        std::string(R"({"hashes": [5], "checkpoint": "x"})"),
        std::string(R"({"hashes": ["AA=="], "checkpoint": "x"})"), *tree_.log.prove(1)}) {
    EXPECT_EQ(check_consistency_file(wrong, older, tree_.trusted()).error().code(),
              "unusable_input")
        << wrong;
  }
}

}  // namespace
}  // namespace imp::app
