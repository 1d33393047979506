#include "tlog/note.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tlog/checkpoint.h"
#include "tlog/naive.h"
#include "tlog/proof_file.h"

namespace imp::tlog {
namespace {

using testing::HasSubstr;

constexpr std::string_view kExampleKey =
    "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
// The example of the specification.
const std::string kExample =
    "This is an example message.\n\n"
    "\xE2\x80\x94 example.com/foo "
    "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3"
    "mFXmRKuwHjG1Yu72IneyaQM=\n";

VerifierKey key_of(std::string_view text) {
  auto key = VerifierKey::parse(text);
  EXPECT_TRUE(key) << key.error().message;
  return *key;
}

NoteSigner signer(std::string name) {
  return {std::move(name), crypto::PrivateKey::generate(crypto::KeyKind::ed25519)};
}

TEST(Note, TheExampleOfTheSpecificationHolds) {
  const auto note = parse_note(kExample);
  ASSERT_TRUE(note) << note.error().message;
  EXPECT_EQ(note->text, "This is an example message.\n");
  const VerifierKey key = key_of(kExampleKey);
  EXPECT_EQ(key.name(), "example.com/foo");
  EXPECT_EQ(key.text(), kExampleKey);
  const auto signers = signers_of(*note, {key});
  ASSERT_TRUE(signers) << signers.error().message;
  EXPECT_EQ(signers->size(), 1u);
}

TEST(Note, IsSignedByEachSigner) {
  const NoteSigner old_key = signer("log.example"), new_key = signer("log.example");
  const std::string text = "a\n\nb\n";  // empty lines may be in it
  const auto note = parse_note(sign_note(text, {new_key, old_key}));
  ASSERT_TRUE(note) << note.error().message;
  EXPECT_EQ(note->text, text);
  EXPECT_EQ(note->signatures.size(), 2u);
  EXPECT_TRUE(signers_of(*note, {old_key.verifier()}));
  EXPECT_TRUE(signers_of(*note, {new_key.verifier()}));
  EXPECT_EQ(signers_of(*note, {new_key.verifier(), old_key.verifier()})->size(), 2u);
}

TEST(Note, OthersKeysAreIgnoredButNeverEnough) {
  const NoteSigner mine = signer("log.example"), other = signer("witness.example");
  const auto note = parse_note(sign_note("a\n", {other, mine}));
  EXPECT_TRUE(signers_of(*note, {mine.verifier()}));
  const auto refused = signers_of(*note, {signer("log.example").verifier()});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), "log_signature_untrusted");
  EXPECT_FALSE(signers_of(*note, {}));
  // The same key under another name is another signer.
  EXPECT_FALSE(signers_of(*note, {VerifierKey("other.example", mine.key.public_key())}));
}

TEST(Note, AWrongSignatureOfAKnownKeyIsRefusedEvenBesideARightOne) {
  const NoteSigner one = signer("log.example"), two = signer("log.example");
  auto note = parse_note(sign_note("a\n", {one, two}));
  note->signatures[1].signature[5] ^= 1;
  EXPECT_FALSE(signers_of(*note, {one.verifier(), two.verifier()}));
  EXPECT_TRUE(signers_of(*note, {one.verifier()}));
  auto changed = parse_note(sign_note("a\n", {one}));
  changed->text = "b\n";
  EXPECT_FALSE(signers_of(*changed, {one.verifier()}));
}

TEST(Note, WhatIsNoNoteIsRefused) {
  const std::string line = "\xE2\x80\x94 n AAAAAQE=\n";
  ASSERT_TRUE(parse_note("a\n\n" + line));
  const std::string many = [&] {
    std::string text = "a\n\n";
    for (std::size_t i = 0; i <= kMostSignatures; ++i) text += line;
    return text;
  }();
  for (const std::string& wrong :
       {std::string(),
        std::string("\n"),
        std::string("\n\n"),
        std::string("a\n\n"),
        "a\n" + line,
        "a\n\n" + line.substr(0, line.size() - 1),
        "a\n\n" + line + "x\n",
        "a\r\n\n" + line,
        "a\t\n\n" + line,
        "\xFF\n\n" + line,
        std::string("a\n\n- n AAAAAQE=\n"),
        std::string("a\n\n\xE2\x80\x94 AAAAAQE=\n"),
        std::string("a\n\n\xE2\x80\x94  AAAAAQE=\n"),
        std::string("a\n\n\xE2\x80\x94 n+m AAAAAQE=\n"),
        std::string("a\n\n\xE2\x80\x94 n\xC2\xA0m AAAAAQE=\n"),
        std::string("a\n\n\xE2\x80\x94 n AAAAAQ==\n"),  // a key id and no signature
        std::string("a\n\n\xE2\x80\x94 n AAAAAQE\n"),
        std::string("a\n\n\xE2\x80\x94 n AAAA AQE=\n"),
        many,
        std::string(kLongestNote, 'a') + "\n\n" + line}) {
    const auto note = parse_note(wrong);
    EXPECT_FALSE(note) << wrong.substr(0, 100);
  }
}

TEST(VerifierKey, IsReadInOneSpelling) {
  for (const std::string_view wrong :
       {"", "example.com/foo", "example.com/foo+530d903a",
        "example.com/foo+530d903b+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",  // another id
        "example.com/foo+530D903A+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "example.com/bar+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "example.com/foo+530d903a+AukyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",  // another type
        "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k\n",
        "example.com/foo+530d903a+AekyeRrm"}) {
    const auto key = VerifierKey::parse(wrong);
    ASSERT_FALSE(key) << wrong;
    EXPECT_EQ(key.error().code(), "log_text_malformed");
  }
}

// ---- Checkpoints

const std::string kBody =
    "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";

TEST(Checkpoint, TheExampleOfTheSpecificationIsRead) {
  const auto checkpoint = parse_checkpoint_text(kBody);
  ASSERT_TRUE(checkpoint) << checkpoint.error().message;
  EXPECT_EQ(checkpoint->origin, "example.com/behind-the-sofa");
  EXPECT_EQ(checkpoint->size, 20852163u);
  EXPECT_EQ(checkpoint_text(*checkpoint), kBody);
  EXPECT_TRUE(parse_checkpoint_text(kBody + "an extension\n"));
}

TEST(Checkpoint, WhatIsNoneIsRefused) {
  const std::string hash = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
  for (const std::string& wrong :
       {std::string(), std::string("o\n1\n"), "\n1\n" + hash, "o\n\n" + hash, "o\n01\n" + hash,
        "o\n-1\n" + hash, "o\n1 \n" + hash, "o\n9223372036854775808\n" + hash,
        "o\n99999999999999999999\n" + hash, std::string("o\n1\nCsUY\n"),
        "o\n1\n" + hash.substr(0, hash.size() - 1), "o\n1\n" + hash + "\n",
        "o\n1\n" + hash + "x\n\n", "o\n1\n" + hash + "x"}) {
    EXPECT_FALSE(parse_checkpoint_text(wrong)) << wrong;
  }
  EXPECT_TRUE(parse_checkpoint_text("o\n9223372036854775807\n" + hash));
}

TEST(Checkpoint, IsOpenedByTheKeyOfItsOrigin) {
  const NoteSigner log = signer("log.example"), other = signer("other.example");
  const std::string body = checkpoint_text({.origin = "log.example", .size = 3, .root = {}});
  const auto opened = open_checkpoint(sign_note(body, {log}), {log.verifier()});
  ASSERT_TRUE(opened) << opened.error().message;
  EXPECT_EQ(opened->checkpoint.size, 3u);
  // A trusted key of another log must not vouch for this one.
  EXPECT_FALSE(open_checkpoint(sign_note(body, {other}), {other.verifier(), log.verifier()}));
  EXPECT_FALSE(open_checkpoint(sign_note("no checkpoint\n", {log}), {log.verifier()}));
}

// ---- Proofs in files

class ProofFileTest : public testing::Test {
 protected:
  ProofFile proof_of(std::size_t index, std::size_t size) {
    const Leaves leaves = numbered_leaves(size);
    return {
        .extra = "leaf " + std::to_string(index),
        .index = index,
        .hashes = naive_path(index, leaves),
        .checkpoint = sign_note(checkpoint_text({log_.name, size, naive_root(leaves)}), {log_})};
  }
  NoteSigner log_ = signer("log.example");
};

TEST_F(ProofFileTest, IsCheckedWithTheKeyAlone) {
  for (const std::size_t index : {0, 5, 12}) {
    const ProofFile made = proof_of(index, 13);
    const auto read = parse_proof(proof_text(made));
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(proof_text(*read), proof_text(made));
    const auto checked = check_proof(*read, *read->extra, {log_.verifier()});
    ASSERT_TRUE(checked) << checked.error().message;
    EXPECT_EQ(checked->checkpoint.size, 13u);
  }
}

TEST_F(ProofFileTest, AnythingThatWasChangedMakesItFail) {
  const ProofFile made = proof_of(5, 13);
  const auto fails = [&](const ProofFile& proof, std::string_view entry) {
    return check_proof(proof, entry, {log_.verifier()}).error().code();
  };
  EXPECT_EQ(fails(made, "leaf 6"), "log_proof_false");
  ProofFile other = made;
  other.index = 6;
  EXPECT_EQ(fails(other, "leaf 5"), "log_proof_false");
  other = made;
  other.hashes.pop_back();
  EXPECT_EQ(fails(other, "leaf 5"), "log_proof_false");
  other = made;
  other.checkpoint = proof_of(5, 12).checkpoint;
  EXPECT_EQ(fails(other, "leaf 5"), "log_proof_false");
  other.checkpoint = made.checkpoint;
  other.checkpoint.replace(other.checkpoint.find("\n13\n"), 4, "\n14\n");
  EXPECT_EQ(fails(other, "leaf 5"), "log_signature_untrusted");
  EXPECT_EQ(check_proof(made, "leaf 5", {signer("log.example").verifier()}).error().code(),
            "log_signature_untrusted");
}

TEST_F(ProofFileTest, WhatIsNoProofIsRefused) {
  const std::string text = proof_text(proof_of(5, 13));
  const auto with = [&](std::string_view what, std::string_view instead) {
    std::string changed = text;
    changed.replace(changed.find(what), what.size(), instead);
    return changed;
  };
  ASSERT_TRUE(parse_proof(text));
  for (const std::string& wrong :
       {std::string(), text.substr(1), with("@v1", "@v2"), with("index 5", "index 05"),
        with("index 5", "index"), with("index 5\n", ""), with("extra ", "extra  "),
        with("extra ", "more "), with("\n\nlog", "\nlog"), text.substr(0, text.find("\n\n"))}) {
    EXPECT_FALSE(parse_proof(wrong)) << wrong;
  }
  std::string deep = "c2sp.org/tlog-proof@v1\nindex 0\n";
  for (int i = 0; i < 64; ++i) deep += hash_text(empty_root()) + "\n";
  EXPECT_FALSE(parse_proof(deep + "\nrest"));
}

}  // namespace
}  // namespace imp::tlog
