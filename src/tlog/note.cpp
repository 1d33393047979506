#include "tlog/note.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/encoding.h"
#include "crypto/hash.h"
#include "tlog/refusal.h"

namespace imp::tlog {

namespace {

constexpr std::string_view kDash = "\xE2\x80\x94 ";  // U+2014 and a space
constexpr std::uint8_t kEd25519 = 1;
constexpr std::size_t kIdBytes = 4;

std::unexpected<Failure> malformed(std::string what) {
  return refuse(LogRefusal::malformed, "This is not a signed note: " + std::move(what) + ".");
}

std::uint32_t big_endian(ByteView bytes) {
  return std::uint32_t{bytes[0]} << 24 | std::uint32_t{bytes[1]} << 16 |
         std::uint32_t{bytes[2]} << 8 | bytes[3];
}

Bytes typed_key(const crypto::PublicKey& key) {
  Bytes bytes = key.components().x;
  bytes.insert(bytes.begin(), kEd25519);
  return bytes;
}

std::uint32_t key_id(std::string_view name, const crypto::PublicKey& key) {
  std::string text(name);
  text += '\n';
  text += text_of(typed_key(key));
  return big_endian(crypto::sha256(bytes_of(text)));
}

// Unicode's white space, as UTF-8.
constexpr std::string_view kSpaces[] = {" ",
                                        "\xC2\x85",
                                        "\xC2\xA0",
                                        "\xE1\x9A\x80",
                                        "\xE2\x80\x80",
                                        "\xE2\x80\x81",
                                        "\xE2\x80\x82",
                                        "\xE2\x80\x83",
                                        "\xE2\x80\x84",
                                        "\xE2\x80\x85",
                                        "\xE2\x80\x86",
                                        "\xE2\x80\x87",
                                        "\xE2\x80\x88",
                                        "\xE2\x80\x89",
                                        "\xE2\x80\x8A",
                                        "\xE2\x80\xA8",
                                        "\xE2\x80\xA9",
                                        "\xE2\x80\xAF",
                                        "\xE2\x81\x9F",
                                        "\xE3\x80\x80"};

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20; }

Result<NoteSignature> parse_signature(std::string_view line) {
  if (!line.starts_with(kDash)) return malformed("a signature line does not begin with a dash");
  line.remove_prefix(kDash.size());
  const std::size_t space = line.find(' ');
  if (space == std::string_view::npos || !is_key_name(line.substr(0, space))) {
    return malformed("a signature line has no key name");
  }
  const auto bytes = from_base64(line.substr(space + 1));
  if (!bytes || bytes->size() <= kIdBytes) {
    return malformed("a signature is not base64, or too short");
  }
  return NoteSignature{std::string(line.substr(0, space)), big_endian(*bytes),
                       Bytes(bytes->begin() + kIdBytes, bytes->end())};
}

}  // namespace

bool is_key_name(std::string_view name) {
  return !name.empty() && is_utf8(name) && !name.contains('+') &&
         std::ranges::none_of(name, is_control) &&
         std::ranges::none_of(kSpaces, [&](std::string_view one) { return name.contains(one); });
}

VerifierKey::VerifierKey(std::string name, crypto::PublicKey key)
    : name_(std::move(name)), key_(std::move(key)), id_(key_id(name_, key_)) {}

std::string VerifierKey::text() const {
  return fmt::format("{}+{:08x}+{}", name_, id_, base64(typed_key(key_)));
}

Result<VerifierKey> VerifierKey::parse(std::string_view text) {
  const auto refused = [](std::string_view why) {
    return refuse(LogRefusal::malformed,
                  fmt::format("This is not a verifier key, <name>+<key id>+<key>: {}.", why));
  };
  const std::size_t first = text.find('+');
  const std::size_t second = first == std::string_view::npos ? first : text.find('+', first + 1);
  if (second == std::string_view::npos) return refused("it has no two plus signs");
  const std::string_view name = text.substr(0, first);
  if (!is_key_name(name)) return refused("the name is empty or has a space");
  const auto bytes = from_base64(text.substr(second + 1));
  if (!bytes || bytes->size() != 33) return refused("the key is not 33 bytes in base64");
  if (bytes->front() != kEd25519) return refused("only Ed25519 keys (type 1) are known");
  const auto key = crypto::PublicKey::ed25519(ByteView(*bytes).subspan(1));
  if (!key) return refused("the key is no Ed25519 key");
  VerifierKey result{std::string(name), *key};
  if (result.text() != text) return refused("the key id does not belong to the name and the key");
  return result;
}

Result<std::vector<VerifierKey>> parse_keys(const std::vector<std::string>& texts) {
  std::vector<VerifierKey> keys;
  for (const std::string& text : texts) {
    auto key = VerifierKey::parse(text);
    if (!key) return pass_on(key);
    keys.push_back(std::move(*key));
  }
  return keys;
}

Result<Note> parse_note(std::string_view note) {
  if (note.size() > kLongestNote) return malformed("it is too long");
  if (!is_utf8(note)) return malformed("it is not UTF-8");
  if (std::ranges::any_of(note, [](char c) { return is_control(c) && c != '\n'; })) {
    return malformed("it holds a control character");
  }
  if (!note.ends_with('\n')) return malformed("the last line has no end");
  const std::size_t blank = note.rfind("\n\n");
  if (blank == std::string_view::npos) return malformed("no empty line before the signatures");
  Note result{.text = std::string(note.substr(0, blank + 1)), .signatures = {}};
  std::string_view rest = note.substr(blank + 2);
  while (!rest.empty()) {
    if (result.signatures.size() == kMostSignatures) return malformed("too many signatures");
    const std::size_t end = rest.find('\n');
    auto signature = parse_signature(rest.substr(0, end));
    if (!signature) return pass_on(signature);
    result.signatures.push_back(std::move(*signature));
    rest.remove_prefix(end + 1);
  }
  if (result.signatures.empty()) return malformed("it has no signature");
  return result;
}

Result<std::vector<VerifierKey>> signers_of(const Note& note,
                                            const std::vector<VerifierKey>& keys) {
  std::vector<VerifierKey> signers;
  for (const VerifierKey& key : keys) {
    for (const NoteSignature& signature : note.signatures) {
      if (signature.name != key.name() || signature.id != key.id()) continue;
      if (!key.verify(note.text, signature.signature)) {
        return refuse(LogRefusal::untrusted,
                      fmt::format("The signature of {} is wrong: the text was changed, or the key "
                                  "is another one.",
                                  key.text()));
      }
      if (std::ranges::find(signers, key) == signers.end()) signers.push_back(key);
    }
  }
  if (signers.empty()) {
    return refuse(LogRefusal::untrusted,
                  fmt::format("None of the keys that are trusted signed this; {} did.",
                              fmt::format("{} (key id {:08x})", note.signatures.front().name,
                                          note.signatures.front().id)));
  }
  return signers;
}

std::string sign_note(std::string_view text, const std::vector<NoteSigner>& signers) {
  std::string note(text);
  note += '\n';
  for (const NoteSigner& signer : signers) {
    const std::uint32_t id = signer.verifier().id();
    Bytes bytes = {static_cast<std::uint8_t>(id >> 24), static_cast<std::uint8_t>(id >> 16),
                   static_cast<std::uint8_t>(id >> 8), static_cast<std::uint8_t>(id)};
    const Bytes signature = signer.key.sign(bytes_of(text));
    bytes.insert(bytes.end(), signature.begin(), signature.end());
    note += fmt::format("{}{} {}\n", kDash, signer.name, base64(bytes));
  }
  return note;
}

}  // namespace imp::tlog
