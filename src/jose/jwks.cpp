#include "jose/jwks.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <expected>

#include "base/encoding.h"
#include "jose/jwk.h"
#include "jose/strict_json.h"
#include "jose/token.h"

namespace imp::jose {

namespace {

namespace json = boost::json;

constexpr JsonLimits kLimits{.depth = 8, .values = 4'000};

/// What is wrong with one key, to follow "Key 3 is left out: ".
using Why = std::string;

constexpr std::array<std::string_view, 6> kPrivateMembers = {"d", "p", "q", "dp", "dq", "qi"};

bool has_private_members(const json::object& jwk) {
  return std::ranges::any_of(kPrivateMembers,
                             [&](std::string_view member) { return jwk.contains(member); });
}

std::optional<std::string> text_member(const json::object& jwk, std::string_view member) {
  const json::value* value = jwk.if_contains(member);
  if (!value || !value->is_string()) return std::nullopt;
  return std::string(value->get_string());
}

std::expected<Bytes, Why> binary_member(const json::object& jwk, std::string_view member) {
  const auto text = text_member(jwk, member);
  auto bytes = text ? from_base64url(*text) : std::nullopt;
  if (!bytes) return std::unexpected(fmt::format("\"{}\" is not a base64url string", member));
  return std::move(*bytes);
}

std::expected<crypto::PublicKey, Why> accepted(Result<crypto::PublicKey> key) {
  if (!key) return std::unexpected(key.error().message);
  return std::move(*key);
}

std::expected<crypto::PublicKey, Why> read_rsa(const json::object& jwk) {
  const auto n = binary_member(jwk, "n");
  if (!n) return std::unexpected(n.error());
  const auto e = binary_member(jwk, "e");
  if (!e) return std::unexpected(e.error());
  return accepted(crypto::PublicKey::rsa(*n, *e));
}

std::expected<crypto::PublicKey, Why> read_p256(const json::object& jwk) {
  if (text_member(jwk, "crv") != "P-256") return std::unexpected("its curve is not P-256");
  const auto x = binary_member(jwk, "x");
  if (!x) return std::unexpected(x.error());
  const auto y = binary_member(jwk, "y");
  if (!y) return std::unexpected(y.error());
  return accepted(crypto::PublicKey::p256(*x, *y));
}

std::expected<crypto::PublicKey, Why> read_ed25519(const json::object& jwk) {
  if (text_member(jwk, "crv") != "Ed25519") return std::unexpected("its curve is not Ed25519");
  const auto x = binary_member(jwk, "x");
  if (!x) return std::unexpected(x.error());
  return accepted(crypto::PublicKey::ed25519(*x));
}

std::expected<crypto::PublicKey, Why> read_key(const json::object& jwk) {
  const auto kty = text_member(jwk, "kty");
  if (kty == "RSA") return read_rsa(jwk);
  if (kty == "EC") return read_p256(jwk);
  if (kty == "OKP") return read_ed25519(jwk);
  return std::unexpected("its \"kty\" is not RSA, EC or OKP");
}

/// RFC 7517 §4.2 and §4.3: what the key's owner says it is for.
std::optional<Why> why_not_for_verifying(const json::object& jwk) {
  if (jwk.contains("use") && text_member(jwk, "use") != "sig") return "its \"use\" is not sig";
  const json::value* operations = jwk.if_contains("key_ops");
  if (!operations) return std::nullopt;
  const json::array* list = operations->if_array();
  if (!list || std::ranges::find(*list, json::value("verify")) == list->end()) {
    return "its \"key_ops\" does not contain verify";
  }
  return std::nullopt;
}

std::expected<VerificationKey, Why> read_usable(const json::object& jwk) {
  const auto key_id = text_member(jwk, "kid");
  if (!key_id || key_id->empty() || key_id->size() > kMaxKeyIdBytes) {
    return std::unexpected("it has no \"kid\" that a token could name");
  }
  if (auto why = why_not_for_verifying(jwk)) return std::unexpected(*why);
  auto key = read_key(jwk);
  if (!key) return std::unexpected(key.error());
  const Algorithm algorithm = algorithm_of(key->kind());
  if (jwk.contains("alg") && text_member(jwk, "alg") != name(algorithm)) {
    return std::unexpected(fmt::format("its \"alg\" is not {}", name(algorithm)));
  }
  return VerificationKey{*key_id, algorithm, std::move(*key)};
}

}  // namespace

Result<KeySet> KeySet::parse(std::string_view text) {
  if (text.size() > kMaxKeySetBytes) {
    return refuse(KeySetRefusal::key_set_too_large,
                  fmt::format("The key set is longer than {} bytes.", kMaxKeySetBytes));
  }
  const auto document = parse_strict_object(text, kLimits);
  if (!document) {
    return refuse(KeySetRefusal::key_set_malformed,
                  fmt::format("The key set cannot be read: {}.", document.error()));
  }
  const json::value* keys = document->if_contains("keys");
  if (!keys || !keys->is_array()) {
    return refuse(KeySetRefusal::key_set_malformed, "The key set has no array \"keys\".");
  }
  if (keys->get_array().size() > kMaxKeys) {
    return refuse(KeySetRefusal::key_set_too_large,
                  fmt::format("The key set has more than {} keys.", kMaxKeys));
  }

  KeySet set;
  std::size_t position = 0;
  for (const json::value& entry : keys->get_array()) {
    ++position;
    const json::object* jwk = entry.if_object();
    if (!jwk) {
      return refuse(KeySetRefusal::key_set_malformed,
                    fmt::format("Key {} of the key set is not an object.", position));
    }
    if (has_private_members(*jwk)) {
      return refuse(KeySetRefusal::private_key_exposed,
                    fmt::format("Key {} of the key set carries its private part: whoever reads the "
                                "set can sign. Its issuer must replace the key.",
                                position));
    }
    if (const auto key_id = text_member(*jwk, "kid"); key_id && !set.claim(*key_id)) {
      set.skipped_.push_back(fmt::format(
          "Key {} is left out: its \"kid\" is repeated, so no key with it is used.", position));
      continue;
    }
    auto usable = read_usable(*jwk);
    if (!usable) {
      set.skipped_.push_back(fmt::format("Key {} is left out: {}.", position, usable.error()));
      continue;
    }
    set.keys_.emplace(usable->key_id, std::move(*usable));
  }
  return set;
}

KeySet KeySet::of(std::vector<std::pair<std::string, crypto::PublicKey>> keys) {
  KeySet set;
  for (auto& [key_id, key] : keys) {
    if (!set.claim(key_id)) continue;
    const Algorithm algorithm = algorithm_of(key.kind());
    set.keys_.emplace(key_id, VerificationKey{key_id, algorithm, std::move(key)});
  }
  return set;
}

bool KeySet::claim(const std::string& key_id) {
  if (seen_.insert(key_id).second) return true;
  ambiguous_.insert(key_id);
  keys_.erase(key_id);
  return false;
}

const VerificationKey* KeySet::find(std::string_view key_id) const {
  const auto found = keys_.find(key_id);
  return found == keys_.end() ? nullptr : &found->second;
}

bool KeySet::is_ambiguous(std::string_view key_id) const { return ambiguous_.contains(key_id); }

std::string to_jwks(std::span<const PublishedKey> keys) {
  json::array list;
  for (const PublishedKey& published : keys)
    list.push_back(to_jwk(published.key, published.key_id));
  return json::serialize(json::object{{"keys", std::move(list)}});
}

}  // namespace imp::jose
