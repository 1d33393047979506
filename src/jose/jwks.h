#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/failure.h"
#include "crypto/keys.h"
#include "jose/algorithm.h"
#include "jose/refusal.h"

namespace imp::jose {

inline constexpr std::size_t kMaxKeySetBytes = 256uz * 1024;
inline constexpr std::size_t kMaxKeys = 64;

/// One key that may verify tokens, for one algorithm.
struct VerificationKey {
  std::string key_id;
  Algorithm algorithm = Algorithm::rs256;
  crypto::PublicKey key;
};

/// The keys of one issuer. Immutable: share it as shared_ptr<const KeySet> between threads.
class KeySet {
 public:
  /// Parses a JWK set (RFC 7517 §5) as an issuer publishes it; see KeySetRefusal for what refuses
  /// the whole set. A single key that cannot be used is left out and noted in skipped(): one
  /// without a `kid` that a token could name, of an unknown `kty` or curve, with an `alg` that is
  /// not the one of its type, a `use` other than sig, `key_ops` without verify, or values that
  /// crypto::PublicKey refuses (RSA below 2048 bits, a point off the curve).
  static Result<KeySet> parse(std::string_view json);
  /// From keys known otherwise. The algorithm of each is that of its kind; a repeated `kid` is
  /// ambiguous here too.
  static KeySet of(std::vector<std::pair<std::string, crypto::PublicKey>> keys);

  /// The key with exactly this id; null when there is none or is_ambiguous().
  const VerificationKey* find(std::string_view key_id) const;
  /// The set names this id more than once (even if only one of them was usable), so nobody can tell
  /// which key was meant.
  bool is_ambiguous(std::string_view key_id) const;

  std::size_t size() const { return keys_.size(); }
  bool empty() const { return keys_.empty(); }
  /// One sentence for each key left out, for the operator.
  const std::vector<std::string>& skipped() const { return skipped_; }

 private:
  /// False when the id is already there, which makes it ambiguous for good.
  bool claim(const std::string& key_id);

  std::set<std::string, std::less<>> seen_;
  std::set<std::string, std::less<>> ambiguous_;
  std::map<std::string, VerificationKey, std::less<>> keys_;
  std::vector<std::string> skipped_;
};

/// One of our own public keys and the id under which it is published.
struct PublishedKey {
  std::string key_id;
  crypto::PublicKey key;
};

/// The JWK set document of our own issuer: `{"keys":[...]}`, in the order given.
std::string to_jwks(std::span<const PublishedKey> keys);

}  // namespace imp::jose
