#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/failure.h"
#include "crypto/keys.h"

namespace imp::tlog {

// Signed notes, C2SP signed-note. Of the signature types Ed25519 (0x01) alone is known; signatures
// of other types and other keys are kept and ignored.

/// The longest note that is read: a checkpoint has some hundred bytes, and room for signatures of
/// witnesses.
inline constexpr std::size_t kLongestNote = std::size_t{128} * 1024;
inline constexpr std::size_t kMostSignatures = 64;

/// Whether a name can stand in a signature line: not empty, UTF-8, no space, no '+', no control
/// character.
bool is_key_name(std::string_view name);

/// A public key with its name: <name>+<key id>+<base64 of type and key>.
class VerifierKey {
 public:
  /// `name` is a key name and `key` an Ed25519 key.
  VerifierKey(std::string name, crypto::PublicKey key);
  static Result<VerifierKey> parse(std::string_view text);

  const std::string& name() const { return name_; }
  std::uint32_t id() const { return id_; }
  std::string text() const;
  bool verify(std::string_view note_text, ByteView signature) const {
    return key_.verify(bytes_of(note_text), signature);
  }
  friend bool operator==(const VerifierKey& a, const VerifierKey& b) {
    return a.text() == b.text();
  }

 private:
  std::string name_;
  crypto::PublicKey key_;
  std::uint32_t id_;
};
/// Each of them, as `audit key` prints them.
Result<std::vector<VerifierKey>> parse_keys(const std::vector<std::string>& texts);

struct NoteSignature {
  std::string name;
  std::uint32_t id = 0;
  Bytes signature;
};

struct Note {
  std::string text;                       ///< with its last line feed; what is signed
  std::vector<NoteSignature> signatures;  ///< at least one
};
/// Proves nothing: see signers_of().
Result<Note> parse_note(std::string_view note);

/// Those of `keys` that signed the note. A key that is named and whose signature is wrong is a
/// refusal, and so is a note that none of them signed.
Result<std::vector<VerifierKey>> signers_of(const Note& note, const std::vector<VerifierKey>& keys);

struct NoteSigner {
  std::string name;
  crypto::PrivateKey key;

  VerifierKey verifier() const { return {name, key.public_key()}; }
};
/// The text, which ends with a line feed, with a signature line of each signer.
std::string sign_note(std::string_view text, const std::vector<NoteSigner>& signers);

}  // namespace imp::tlog
