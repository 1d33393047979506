#include "audit/tree_verify.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "audit/chain.h"
#include "audit/open_tree.h"

namespace imp::audit {
namespace {

using testing::HasSubstr;

constexpr std::int64_t kRecords = 600;  // two full tiles, one that is not, one above

TEST(VerifyLog, AgreesWithEveryCheckpointOfASoundLog) {
  OpenTree tree;
  std::vector<Remembered> remembered;
  for (const std::int64_t size : {1, 5, 256, 300, 600}) {
    tree.grow_and_seal(size);
    remembered.push_back(tree.remember());
  }
  tree.grow(610);                    // not sealed yet
  std::ranges::reverse(remembered);  // in any order
  const LogReport report = tree.verified(remembered);
  EXPECT_TRUE(report.intact()) << report.finding->text;
  EXPECT_EQ(report.chain.records, 610);
  EXPECT_EQ(report.tree.size, 600);
}

/// One record's outcome changes, and the chain is written anew from there to its end, head
/// included, as one could who knows the method.
void rewrite_chain(OpenTree& tree, std::int64_t from) {
  ASSERT_TRUE(tree.store->write([&](db::Session& session) -> Result<void> {
    std::string previous(kFirstPrevious);
    for (const db::Row& row : session.rows("SELECT " + std::string(kColumns) +
                                           " FROM audit_records ORDER BY sequence")) {
      StoredRecord record = stored_record(row);
      if (row.integer(0) == from) record.outcome = "forged";
      previous = chained_hash(previous, record);
      session.run("UPDATE audit_records SET outcome = :p1, hash = :p2 WHERE sequence = :p3",
                  {record.outcome, previous, row.integer(0)});
    }
    session.run("UPDATE audit_head SET hash = :p1", {previous});
    return {};
  }));
}

/// Removes the newest records and mends the head of the chain.
void cut_chain(OpenTree& tree, std::int64_t left) {
  tree.sql("DELETE FROM audit_records WHERE sequence > " + std::to_string(left));
  tree.sql("UPDATE audit_head SET records = " + std::to_string(left) +
           ", hash = (SELECT hash FROM audit_records WHERE sequence = " + std::to_string(left) +
           ")");
}

/// Builds the tree anew over whatever the records are now, and signs it with the log's own key, as
/// one could who has the database and the master key.
void forge_tree(OpenTree& tree) {
  tree.sql("DELETE FROM audit_tiles");
  tree.sql("UPDATE audit_tree SET size = 0, root = '', checkpoint = ''");
  // Another process, which has not seen the tree that was there.
  TransparencyLog log(*tree.store, tree.sealer, tree.clock);
  ASSERT_TRUE(log.seal_all());
}

struct Tampering {
  const char* what;
  std::function<void(OpenTree&)> act;
  std::string_view code;
  std::int64_t position;
};

std::function<void(OpenTree&)> sql(std::string text) {
  return [text](OpenTree& tree) { tree.sql(text); };
}

// What the tree alone finds: the chain is sound after each of these.
const Tampering kTamperings[] = {
    {"chain rewritten", [](OpenTree& tree) { rewrite_chain(tree, 300); }, "rewritten", 300},
    {"chain rewritten from the first", [](OpenTree& tree) { rewrite_chain(tree, 1); }, "rewritten",
     1},
    {"last record rewritten", [](OpenTree& tree) { rewrite_chain(tree, 600); }, "rewritten", 600},
    {"chain cut", [](OpenTree& tree) { cut_chain(tree, 590); }, "cut", 591},
    {"chain cut at a tile's end", [](OpenTree& tree) { cut_chain(tree, 512); }, "cut", 513},
    {"tile removed", sql("DELETE FROM audit_tiles WHERE level = 0 AND tile = 1"), "tree", 257},
    {"tile of another place",
     sql("UPDATE audit_tiles SET hashes = (SELECT hashes FROM audit_tiles WHERE level = 0 AND tile "
         "= 0) WHERE level = 0 AND tile = 1"),
     "rewritten", 257},
    {"tile that is no base64", sql("UPDATE audit_tiles SET hashes = '!' WHERE tile = 2"), "tree",
     513},
    {"tile of one hash too few",
     [](OpenTree& tree) {
       tree.sql(
           "UPDATE audit_tiles SET hashes = substr(hashes, 1, 128) WHERE level = 0 AND tile = "
           "2");  // 3 hashes of 32 bytes
     },
     "tree", 516},
    {"tile above removed", sql("DELETE FROM audit_tiles WHERE level = 1"), "tree", 1},
    {"tile above edited",
     sql("UPDATE audit_tiles SET hashes = (SELECT hashes FROM audit_tiles WHERE tile = 2) WHERE "
         "level = 1"),
     "tree", 1},
    {"tile too many", sql("INSERT INTO audit_tiles VALUES (0, 3, 'x')"), "tree", 600},
    {"root edited", sql("UPDATE audit_tree SET root = 'x'"), "tree", 600},
    {"size lowered", sql("UPDATE audit_tree SET size = 599"), "tree", 513},
    {"size raised", sql("UPDATE audit_tree SET size = 601"), "cut", 601},
    {"tree's head removed", sql("DELETE FROM audit_tree"), "tree", 0},
    {"tree's size is no number", sql("UPDATE audit_tree SET size = 'many'"), "tree", 0},
    {"checkpoint removed", sql("UPDATE audit_tree SET checkpoint = ''"), "checkpoint", 600},
    {"checkpoint edited",
     sql("UPDATE audit_tree SET checkpoint = replace(checkpoint, '600', '601')"), "checkpoint",
     600},
    {"checkpoint signed by a key that was put in beside",
     [](OpenTree& tree) {
       const tlog::NoteSigner other{std::string(kOrigin),
                                    crypto::PrivateKey::generate(crypto::KeyKind::ed25519)};
       const auto state = tree.log.checkpoint();
       const std::string note = tlog::sign_note(
           tlog::checkpoint_text({std::string(kOrigin), 600, *tlog::parse_hash(state->root)}),
           {other});
       tree.sql("UPDATE audit_tree SET checkpoint = '" + note + "'");
       tree.sql("INSERT INTO audit_log_keys VALUES ('" + other.verifier().text() +
                "', NULL, 0, 1, 1893456000000)");
     },
     "checkpoint", 600},
    {"key replaced",
     [](OpenTree& tree) {
       const tlog::NoteSigner other{std::string(kOrigin),
                                    crypto::PrivateKey::generate(crypto::KeyKind::ed25519)};
       tree.sql("UPDATE audit_log_keys SET vkey = '" + other.verifier().text() + "'");
     },
     "checkpoint", 600},
};

TEST(VerifyLog, TheTreeFindsWhatTheChainCannot) {
  for (const Tampering& tampering : kTamperings) {
    SCOPED_TRACE(tampering.what);
    OpenTree tree;
    tree.grow_and_seal(kRecords);
    tampering.act(tree);
    const LogReport report = tree.verified();
    EXPECT_TRUE(report.chain.intact()) << report.chain.finding->text;
    ASSERT_TRUE(report.finding);
    EXPECT_EQ(code(report.finding->damage), tampering.code) << report.finding->text;
    EXPECT_EQ(report.finding->position, tampering.position) << report.finding->text;
    EXPECT_FALSE(report.intact());
  }
}

// Somebody has the database and every key of the server, and leaves nothing that contradicts
// itself. Only what was noted elsewhere is left to tell.
TEST(VerifyLog, ARememberedCheckpointFindsALogThatWasForgedWhole) {
  struct Case {
    const char* what;
    std::function<void(OpenTree&)> act;
    std::string_view code;
    std::int64_t position;
    std::string_view said;
  };
  const Case cases[] = {
      {"an edit", [](OpenTree& tree) { rewrite_chain(tree, 450); }, "rewritten", 301,
       "Records 301 to 600 are not those of the checkpoint in second.txt"},
      {"an edit before the older one", [](OpenTree& tree) { rewrite_chain(tree, 7); }, "rewritten",
       1, "Records 1 to 300 are not those of the checkpoint in first.txt"},
      {"truncation", [](OpenTree& tree) { cut_chain(tree, 500); }, "cut", 501,
       "the checkpoint in second.txt counts 600"},
      {"truncation to the older one", [](OpenTree& tree) { cut_chain(tree, 300); }, "cut", 301,
       "the checkpoint in second.txt counts 600"},
      {"truncation and other records after it",
       [](OpenTree& tree) {
         cut_chain(tree, 500);
         ASSERT_TRUE(append_alone(*tree.store, sample(9999)));
         tree.grow(610);
       },
       "rewritten", 301, "Records 301 to 600"},
      {"a deletion that was closed up",
       [](OpenTree& tree) {
         tree.sql("DELETE FROM audit_records WHERE sequence = 400");
         tree.sql("UPDATE audit_records SET sequence = sequence - 1 WHERE sequence > 400");
         tree.sql("UPDATE audit_head SET records = 599");
         rewrite_chain(tree, -1);
         tree.grow(600);
       },
       "rewritten", 301, "Records 301 to 600"},
  };
  for (const Case& one : cases) {
    SCOPED_TRACE(one.what);
    OpenTree tree;
    tree.grow_and_seal(300);
    const Remembered first = tree.remember("first.txt");
    tree.grow_and_seal(kRecords);
    const Remembered second = tree.remember("second.txt");
    one.act(tree);
    forge_tree(tree);
    EXPECT_TRUE(tree.verified().intact()) << tree.verified().finding->text;
    const LogReport report = tree.verified({second, first});
    ASSERT_TRUE(report.finding);
    EXPECT_EQ(code(report.finding->damage), one.code);
    EXPECT_EQ(report.finding->position, one.position);
    EXPECT_THAT(report.finding->text, HasSubstr(one.said));
  }
}

TEST(VerifyLog, AllRecordsRemovedIsFoundByAnyCheckpoint) {
  OpenTree tree;
  tree.grow_and_seal(3);
  const Remembered noted = tree.remember();
  tree.sql("DELETE FROM audit_records");
  tree.sql("UPDATE audit_head SET records = 0, hash = '" + std::string(kFirstPrevious) + "'");
  tree.sql("DELETE FROM audit_tiles");
  tree.sql("UPDATE audit_tree SET size = 0, root = '', checkpoint = ''");
  EXPECT_TRUE(tree.verified().intact());
  const LogReport report = tree.verified({noted});
  ASSERT_TRUE(report.finding);
  EXPECT_EQ(code(report.finding->damage), "cut");
  EXPECT_EQ(report.finding->position, 1);
}

// A break of the chain is told by the chain; what stands behind it is not called missing.
TEST(VerifyLog, WhereTheChainIsBrokenItSaysSo) {
  OpenTree tree;
  tree.grow_and_seal(kRecords);
  const Remembered noted = tree.remember();
  tree.sql("UPDATE audit_records SET actor = 'user:eve' WHERE sequence = 444");
  const LogReport report = tree.verified({noted});
  ASSERT_FALSE(report.intact());
  EXPECT_EQ(report.chain.finding->damage, Damage::altered);
  EXPECT_EQ(report.chain.finding->position, 444);
  EXPECT_FALSE(report.finding) << report.finding->text;
}

TEST(VerifyLog, ACheckpointOfNothingIsTheBeginningOfEverything) {
  OpenTree tree;
  tree.grow_and_seal(3);
  EXPECT_TRUE(
      tree.verified({{"empty.txt", {std::string(kOrigin), 0, tlog::empty_root()}}}).intact());
  EXPECT_FALSE(tree.verified({{"wrong.txt", {std::string(kOrigin), 0, {}}}}).intact());
}

}  // namespace
}  // namespace imp::audit
