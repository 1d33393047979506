#include "audit/transparency_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "audit/chain.h"
#include "audit/entry_text.h"
#include "audit/open_tree.h"
#include "tlog/naive.h"
#include "tlog/proof_file.h"

namespace imp::audit {
namespace {

using testing::HasSubstr;

/// The leaves as the documentation defines them, from the rows.
tlog::Leaves leaves_of(db::Database& store) {
  return store
      .read([](db::Session& session) -> Result<tlog::Leaves> {
        tlog::Leaves leaves;
        std::string previous(kFirstPrevious);
        for (const db::Row& row : session.rows("SELECT " + std::string(kColumns) +
                                               " FROM audit_records ORDER BY sequence")) {
          leaves.push_back(tlog::leaf_hash(entry_text(chained_text(previous, stored_record(row)))));
          previous = row.text(kHashColumn);
        }
        return leaves;
      })
      .value();
}

TEST(TransparencyLog, HasNoCheckpointBeforeTheFirstSeal) {
  OpenTree tree;
  EXPECT_EQ(tree.log.checkpoint().error().code(), "audit_log_not_sealed");
  EXPECT_EQ(tree.log.inclusion(1).error().code(), "audit_log_not_sealed");
  EXPECT_EQ(tree.log.tile(0, {.index = 0, .width = 1}).error().code(), "audit_log_not_sealed");
  EXPECT_TRUE(tree.verified().intact());
}

TEST(TransparencyLog, NothingIsSignedWithoutAKey) {
  const auto store = log_with(3);
  const crypto::Sealer sealer(Bytes(32, 7));
  const SystemClock clock;
  TransparencyLog log(*store, sealer, clock);
  EXPECT_EQ(log.seal().error().code(), "audit_log_without_key");
  EXPECT_EQ(log.keys().rotate(LogKeys::OldKey::stops).error().code(), "audit_log_without_key");
}

TEST(TransparencyLog, ALogFromBeforeItsKeyIsSealedFromItsFirstRecord) {
  const auto store = log_with(300);
  const crypto::Sealer sealer(Bytes(32, 7));
  const SystemClock clock;
  TransparencyLog log(*store, sealer, clock);
  ASSERT_TRUE(log.keys().ensure(std::string(kOrigin)));
  ASSERT_TRUE(log.seal_all());
  EXPECT_EQ(log.checkpoint()->size, 301);
  EXPECT_EQ(log.checkpoint()->root, tlog::hash_text(tlog::naive_root(leaves_of(*store))));
}

TEST(TransparencyLog, SealsTheRecordsInTheirOrderUnderASignedRoot) {
  OpenTree tree;
  for (const std::int64_t size : {1, 2, 3, 10, 255, 256, 257, 600}) {
    SCOPED_TRACE(size);
    tree.grow_and_seal(size);
    const auto opened = tlog::open_checkpoint(tree.log.checkpoint()->checkpoint, tree.trusted());
    ASSERT_TRUE(opened) << opened.error().message;
    EXPECT_EQ(opened->checkpoint.origin, kOrigin);
    EXPECT_EQ(opened->checkpoint.size, static_cast<std::uint64_t>(size));
    EXPECT_EQ(opened->checkpoint.root, tlog::naive_root(leaves_of(*tree.store)));
  }
  EXPECT_TRUE(tree.verified().intact());
  // With nothing new there is nothing to sign.
  const std::string before = tree.log.checkpoint()->checkpoint;
  EXPECT_EQ(tree.log.seal()->added, 0);
  EXPECT_EQ(tree.log.checkpoint()->checkpoint, before);
}

TEST(TransparencyLog, SealsMoreThanABatchInSeveral) {
  OpenTree tree;
  tree.grow(TransparencyLog::kSealBatch + 5);
  const auto first = tree.log.seal();
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_EQ(first->added, TransparencyLog::kSealBatch);
  EXPECT_EQ(first->records, TransparencyLog::kSealBatch + 5);
  EXPECT_EQ(tree.log.seal_all()->size, TransparencyLog::kSealBatch + 5);
  EXPECT_TRUE(tree.verified().intact());
}

// However the sealing is cut into batches, the tree is the same.
TEST(TransparencyLog, TheTreeDoesNotDependOnWhenItWasSealed) {
  OpenTree tree;
  for (std::int64_t size = 1; size <= 530; size += 23) tree.grow_and_seal(size);
  tree.grow_and_seal(530);
  EXPECT_EQ(tree.log.checkpoint()->root, tlog::hash_text(tlog::naive_root(leaves_of(*tree.store))));
  EXPECT_EQ(db::number(*tree.store, "SELECT COUNT(*) FROM audit_tiles"),
            3 + 1);  // two full ones and one that is not, and one above
}

TEST(TransparencyLog, ProvesEveryRecordInEveryTree) {
  OpenTree tree;
  constexpr std::int64_t kRecords = 70;
  tree.grow_and_seal(kRecords);
  const tlog::Leaves leaves = leaves_of(*tree.store);
  for (std::int64_t size = 1; size <= kRecords; ++size) {
    const tlog::Hash root =
        tlog::naive_root(tlog::slice(leaves, 0, static_cast<std::size_t>(size)));
    for (std::int64_t sequence = 1; sequence <= size; ++sequence) {
      const auto proof = tree.log.inclusion(sequence, size);
      ASSERT_TRUE(proof) << proof.error().message;
      ASSERT_EQ(proof->root, root);
      ASSERT_EQ(proof->leaf, leaves[static_cast<std::size_t>(sequence - 1)]);
      ASSERT_TRUE(tlog::verify_inclusion(proof->leaf, static_cast<std::uint64_t>(sequence - 1),
                                         static_cast<std::uint64_t>(size), root, proof->hashes));
    }
    const auto proof = tree.log.consistency(size);
    ASSERT_TRUE(proof) << proof.error().message;
    ASSERT_EQ(proof->from_root, root);
    ASSERT_TRUE(tlog::verify_consistency(static_cast<std::uint64_t>(size), kRecords, root,
                                         tlog::naive_root(leaves), proof->hashes));
  }
}

TEST(TransparencyLog, RefusesWhatIsNotInTheCheckpoint) {
  OpenTree tree;
  tree.grow_and_seal(300);
  tree.grow(310);  // on record, not sealed yet
  const auto code_of = [](const auto& result) { return result.error().code(); };
  constexpr std::string_view kCode = "audit_log_out_of_range";
  for (const std::int64_t sequence : {-1, 0, 301, 310, 1000}) {
    EXPECT_EQ(code_of(tree.log.inclusion(sequence)), kCode) << sequence;
    EXPECT_EQ(code_of(tree.log.prove(sequence)), kCode) << sequence;
  }
  EXPECT_EQ(code_of(tree.log.inclusion(5, 4)), kCode);
  EXPECT_EQ(code_of(tree.log.inclusion(5, 301)), kCode);
  EXPECT_EQ(code_of(tree.log.inclusion(5, -1)), kCode);
  EXPECT_EQ(code_of(tree.log.consistency(-1)), kCode);
  EXPECT_EQ(code_of(tree.log.consistency(301)), kCode);
  EXPECT_EQ(code_of(tree.log.consistency(5, 4)), kCode);
  EXPECT_EQ(code_of(tree.log.consistency(5, 301)), kCode);
  EXPECT_TRUE(tree.log.consistency(0));
  EXPECT_EQ(code_of(tree.log.tile(0, {.index = 1})), kCode);
  EXPECT_EQ(code_of(tree.log.tile(0, {.index = 1, .width = 45})), kCode);
  EXPECT_EQ(code_of(tree.log.tile(2, {.index = 0, .width = 1})), kCode);
  EXPECT_EQ(code_of(tree.log.tile(63, {.index = 0, .width = 1})), kCode);
  EXPECT_EQ(code_of(tree.log.entry_bundle({.index = 1, .width = 45})), kCode);
}

TEST(TransparencyLog, TilesAreThoseOfTheSpecification) {
  OpenTree tree;
  tree.grow_and_seal(300);
  const tlog::Leaves leaves = leaves_of(*tree.store);
  const auto bytes = [](const tlog::Hashes& hashes) {
    std::string text;
    for (const tlog::Hash& hash : hashes) text += text_of(hash);
    return text;
  };
  EXPECT_EQ(tree.log.tile(0, {.index = 0}).value(), bytes(tlog::slice(leaves, 0, 256)));
  EXPECT_EQ(tree.log.tile(0, {.index = 1, .width = 44}).value(),
            bytes(tlog::slice(leaves, 256, 300)));
  // Of smaller trees, for which a checkpoint was signed.
  EXPECT_EQ(tree.log.tile(0, {.index = 0, .width = 10}).value(), bytes(tlog::slice(leaves, 0, 10)));
  EXPECT_EQ(tree.log.tile(1, {.index = 0, .width = 1}).value(),
            bytes({tlog::naive_root(tlog::slice(leaves, 0, 256))}));
}

TEST(TransparencyLog, EntriesHashToTheirTile) {
  OpenTree tree;
  // One that is too long for a bundle is there by its hash.
  Record large = sample(2);
  large.detail["text"] = std::string(65'400, 'x');
  ASSERT_TRUE(append_alone(*tree.store, large));
  tree.grow_and_seal(300);
  const tlog::Leaves leaves = leaves_of(*tree.store);
  for (const tlog::TileName name :
       {tlog::TileName{.index = 0}, tlog::TileName{.index = 1, .width = 44}}) {
    const auto bundle = tree.log.entry_bundle(name);
    ASSERT_TRUE(bundle) << bundle.error().message;
    std::string_view rest = *bundle;
    std::size_t at = name.index * 256;
    while (!rest.empty()) {
      ASSERT_GE(rest.size(), 2u);
      const std::size_t size =
          static_cast<unsigned char>(rest[0]) << 8 | static_cast<unsigned char>(rest[1]);
      ASSERT_GE(rest.size(), size + 2);
      EXPECT_EQ(tlog::leaf_hash(rest.substr(2, size)), leaves[at++]);
      rest.remove_prefix(size + 2);
    }
    EXPECT_EQ(at, name.index * 256 + name.width);
  }
}

TEST(TransparencyLog, AProofIsCheckedWithTheKeyAlone) {
  OpenTree tree;
  tree.grow_and_seal(300);
  const auto text = tree.log.prove(123);
  ASSERT_TRUE(text) << text.error().message;
  const auto proof = tlog::parse_proof(*text);
  ASSERT_TRUE(proof) << proof.error().message;
  EXPECT_EQ(proof->index, 122u);
  EXPECT_THAT(*proof->extra, HasSubstr("package:@acme/widget-123"));
  EXPECT_TRUE(tlog::check_proof(*proof, *proof->extra, tree.trusted()));
}

TEST(TransparencyLog, ARecordThatWasChangedIsNotProven) {
  OpenTree tree;
  tree.grow_and_seal(10);
  tree.sql("UPDATE audit_records SET actor = 'user:eve' WHERE sequence = 4");
  EXPECT_EQ(tree.log.prove(4).error().code(), "audit_tree_damaged");
  EXPECT_TRUE(tree.log.prove(3));
}

// ---- What is never signed

TEST(Sealing, StopsBeforeARecordThatDoesNotFollow) {
  OpenTree tree;
  tree.grow_and_seal(5);
  tree.grow(12);
  tree.sql("UPDATE audit_records SET outcome = 'x' WHERE sequence = 9");
  const auto sealed = tree.log.seal();
  ASSERT_TRUE(sealed) << sealed.error().message;
  EXPECT_EQ(sealed->size, 8);  // the sound ones
  const auto refused = tree.log.seal();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), "audit_tree_damaged");
  EXPECT_THAT(refused.error().message, HasSubstr("Record 9"));
  EXPECT_EQ(tree.log.checkpoint()->size, 8);
}

struct Sabotage {
  const char* what;
  std::vector<std::string> sql;
};
// The tree has 300 records and the log 310 before each of these.
const Sabotage kSabotages[] = {
    {"the last sealed record removed", {"DELETE FROM audit_records WHERE sequence = 300"}},
    {"its hash edited", {"UPDATE audit_records SET hash = 'ab' WHERE sequence = 300"}},
    {"the next record removed", {"DELETE FROM audit_records WHERE sequence = 301"}},
    {"cut below the tree",
     {"DELETE FROM audit_records WHERE sequence > 250", "UPDATE audit_head SET records = 250"}},
    {"the head removed", {"DELETE FROM audit_head"}},
    {"the tree's head removed", {"DELETE FROM audit_tree"}},
    {"the tree's root edited", {"UPDATE audit_tree SET root = 'ab'"}},
    {"the tree's size lowered", {"UPDATE audit_tree SET size = 299"}},
    {"a tile of the edge removed", {"DELETE FROM audit_tiles WHERE level = 0 AND tile = 1"}},
    {"a tile of the edge edited",
     {"UPDATE audit_tiles SET hashes = (SELECT hashes FROM audit_tiles WHERE level = 0 AND tile = "
      "0) WHERE level = 0 AND tile = 1"}},
    {"a tile above edited",
     {"UPDATE audit_tiles SET hashes = (SELECT hashes FROM audit_tiles WHERE level = 0 AND tile = "
      "0) WHERE level = 1"}},
    {"a tile that is no base64", {"UPDATE audit_tiles SET hashes = '!' WHERE level = 1"}},
};

TEST(Sealing, SignsNothingThatContradictsWhatItSigned) {
  for (const Sabotage& sabotage : kSabotages) {
    SCOPED_TRACE(sabotage.what);
    OpenTree tree;
    tree.grow_and_seal(300);
    tree.grow(310);
    const std::string before = tree.log.checkpoint()->checkpoint;
    for (const std::string& sql : sabotage.sql) tree.sql(sql);
    const auto sealed = tree.log.seal();
    ASSERT_FALSE(sealed);
    EXPECT_EQ(sealed.error().kind(), FailureKind::internal);
    const auto after = tree.store->read([](db::Session& session) -> Result<std::string> {
      const auto row = session.row("SELECT checkpoint FROM audit_tree");
      return row ? row->text(0) : "";
    });
    EXPECT_TRUE(*after == before || after->empty());
  }
}

// Whoever can write to the database but has no key cannot have another tree continued.
TEST(Sealing, GoesOnOnlyFromARootThatTheLogSigned) {
  for (const char* sql : {"UPDATE audit_tree SET checkpoint = ''",
                          "UPDATE audit_tree SET checkpoint = replace(checkpoint, '300', '301')"}) {
    SCOPED_TRACE(sql);
    OpenTree tree;
    tree.grow_and_seal(300);
    tree.sql(sql);
    // Not even a new key makes it good.
    ASSERT_TRUE(tree.log.keys().rotate(LogKeys::OldKey::signs_on));
    const auto sealed = tree.log.seal();
    ASSERT_FALSE(sealed);
    EXPECT_EQ(sealed.error().code(), "audit_tree_damaged");
    EXPECT_THAT(sealed.error().message, HasSubstr("The checkpoint that is kept"));
  }
}

TEST(Sealing, ATreeThatWasSetBackOrReplacedWhileItRunsIsNotSignedAnew) {
  for (const bool replaced : {false, true}) {
    SCOPED_TRACE(replaced);
    OpenTree tree;
    tree.grow_and_seal(300);
    tree.sql("DELETE FROM audit_tiles");
    tree.sql("UPDATE audit_tree SET size = 0, root = '', checkpoint = ''");
    if (replaced) {  // by a process that has not seen it, over another past
      tree.sql("DELETE FROM audit_records WHERE sequence > 100");
      tree.sql(
          "UPDATE audit_head SET records = 100, hash = (SELECT hash FROM audit_records WHERE "
          "sequence = 100)");
      ASSERT_TRUE(append_alone(*tree.store, sample(9999)));
      tree.grow(310);
      TransparencyLog other(*tree.store, tree.sealer, tree.clock);
      ASSERT_TRUE(other.seal_all());
      tree.grow(320);
    }
    const auto sealed = tree.log.seal();
    ASSERT_FALSE(sealed);
    EXPECT_EQ(sealed.error().code(), "audit_tree_damaged");
    EXPECT_THAT(sealed.error().message, HasSubstr("it had 300 records"));
  }
}

TEST(Sealing, GoesOnFromWhatAnotherProcessSealed) {
  OpenTree tree;
  tree.grow_and_seal(300);
  tree.grow(700);
  TransparencyLog other(*tree.store, tree.sealer, tree.clock);
  ASSERT_TRUE(other.seal_all());
  tree.grow_and_seal(701);
  EXPECT_TRUE(other.seal_all());
  EXPECT_TRUE(tree.verified().intact());
}

TEST(Sealing, OfSeveralAtOnceEachRecordIsSealedOnce) {
  const test::TemporaryDirectory directory;
  OpenTree tree(directory.file("store.db"));
  std::atomic<bool> done = false;
  std::vector<std::jthread> sealers;
  for (int i = 0; i < 3; ++i) {
    sealers.emplace_back([&] {
      TransparencyLog log(*tree.store, tree.sealer, tree.clock);
      while (!done) EXPECT_TRUE(log.seal_all());
    });
  }
  for (std::int64_t size = 10; size <= 700; size += 30) tree.grow(size);
  done = true;
  sealers.clear();
  tree.grow_and_seal(700);
  EXPECT_TRUE(tree.verified().intact()) << tree.verified().finding->text;
  EXPECT_EQ(tree.log.checkpoint()->root, tlog::hash_text(tlog::naive_root(leaves_of(*tree.store))));
}

// ---- Keys

TEST(LogKeys, TheFirstIsMadeOnceAndOnRecord) {
  OpenTree tree;
  ASSERT_TRUE(tree.log.keys().ensure("another.example/-/audit"));  // the name stays
  const auto keys = tree.log.keys().list();
  ASSERT_EQ(keys->size(), 1u);
  EXPECT_EQ((*keys)[0].key.name(), kOrigin);
  EXPECT_FALSE((*keys)[0].signs_until);
  const auto records = list(*tree.store, {.action_prefix = "audit.key."});
  ASSERT_EQ(records->entries.size(), 1u);
  EXPECT_EQ(records->entries[0].record.subject, "key:" + (*keys)[0].key.text());
  EXPECT_EQ(records->entries[0].record.detail.at("salt").as_string().size(), 32u);
}

TEST(LogKeys, AnOldKeySignsBesideTheNewOneForAWhile) {
  OpenTree tree;
  tree.grow_and_seal(3);
  const auto old = tree.trusted();
  const auto made = tree.log.keys().rotate(LogKeys::OldKey::signs_on);
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(made->name(), kOrigin);
  tree.grow_and_seal(5);
  // Who knows only one of them can go on reading.
  EXPECT_TRUE(tlog::open_checkpoint(tree.log.checkpoint()->checkpoint, old));
  EXPECT_TRUE(tlog::open_checkpoint(tree.log.checkpoint()->checkpoint, {*made}));
  // The new key is in the log that the old one signs.
  EXPECT_THAT(*tlog::parse_proof(*tree.log.prove(4))->extra, HasSubstr(made->text()));

  tree.clock.advance(kKeyOverlap);
  tree.grow_and_seal(6);
  EXPECT_FALSE(tlog::open_checkpoint(tree.log.checkpoint()->checkpoint, old));
  EXPECT_TRUE(tlog::open_checkpoint(tree.log.checkpoint()->checkpoint, {*made}));
  EXPECT_EQ(db::number(*tree.store,
                       "SELECT COUNT(*) FROM audit_log_keys WHERE sealed_private_key IS NOT NULL"),
            1);
  EXPECT_EQ(tree.log.keys().list()->size(), 2u);  // public halves stay
  EXPECT_TRUE(tree.verified().intact());
}

TEST(LogKeys, AKeyThatSomebodyElseMayKnowStopsAtOnceWithThoseBeforeIt) {
  OpenTree tree;
  ASSERT_TRUE(tree.log.keys().rotate(LogKeys::OldKey::signs_on));
  const auto old = tree.trusted();
  const auto made = tree.log.keys().rotate(LogKeys::OldKey::stops);
  ASSERT_TRUE(made);
  EXPECT_EQ(db::number(*tree.store,
                       "SELECT COUNT(*) FROM audit_log_keys WHERE sealed_private_key IS NOT NULL"),
            1);
  tree.grow_and_seal(5);
  EXPECT_FALSE(tlog::open_checkpoint(tree.log.checkpoint()->checkpoint, old));
  EXPECT_TRUE(tlog::open_checkpoint(tree.log.checkpoint()->checkpoint, {*made}));
}

TEST(LogKeys, TheKeptCheckpointIsSignedByTheKeyThatSigns) {
  OpenTree tree;
  tree.grow_and_seal(3);
  const auto made = tree.log.keys().rotate(LogKeys::OldKey::stops);
  ASSERT_TRUE(made);
  EXPECT_EQ(tlog::open_checkpoint(tree.log.checkpoint()->checkpoint, {*made})->checkpoint.size, 3u);
  EXPECT_TRUE(tree.verified().intact()) << tree.verified().finding->text;
  tree.grow_and_seal(5);
}

TEST(LogKeys, AreRotatedWhileTheLogIsSealed) {
  const test::TemporaryDirectory directory;
  OpenTree tree(directory.file("store.db"));
  std::atomic<bool> done = false;
  std::jthread sealing([&] {
    TransparencyLog log(*tree.store, tree.sealer, tree.clock);
    while (!done) {
      const auto sealed = log.seal_all();
      EXPECT_TRUE(sealed) << sealed.error().message;
    }
  });
  for (int i = 0; i < 30; ++i) EXPECT_TRUE(tree.log.keys().rotate(LogKeys::OldKey::stops));
  done = true;
  sealing.join();
  ASSERT_TRUE(tree.log.seal_all());
  EXPECT_TRUE(tree.verified().intact()) << tree.verified().finding->text;
}

TEST(LogKeys, AnotherMasterKeyCannotSign) {
  OpenTree tree;
  const crypto::Sealer other(Bytes(32, 8));
  TransparencyLog log(*tree.store, other, tree.clock);
  EXPECT_FALSE(log.seal());
}

TEST(LogKeys, APrivateKeyCannotBeMovedToAnotherName) {
  OpenTree tree;
  const auto other = tlog::VerifierKey(
      "other.example", crypto::PrivateKey::generate(crypto::KeyKind::ed25519).public_key());
  tree.sql("UPDATE audit_log_keys SET vkey = '" + other.text() + "'");
  EXPECT_FALSE(tree.log.seal());
}

}  // namespace
}  // namespace imp::audit
