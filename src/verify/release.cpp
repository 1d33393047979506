#include "verify/release.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

#include "base/encoding.h"

namespace imp::verify {

namespace {

constexpr std::string_view kSha512 = "sha512-";

std::string key_id(const crypto::PublicKey& key) {
  std::string fingerprint = base64(crypto::sha256(key.spki_der()));
  while (fingerprint.ends_with('=')) fingerprint.pop_back();
  return "SHA256:" + fingerprint;
}

/// When the packument says that the version was published; a key that expired signs nothing later.
std::string published_at(const Registry& registry, const Release& release) {
  const auto packument = registry.required("/" + release.name.escaped());
  if (!packument) return {};
  const auto* times = object_member(*packument, "time");
  return times != nullptr ? text_member(*times, release.version) : std::string();
}

}  // namespace

std::vector<RegistryPublicKey> registry_keys(const boost::json::object& document) {
  std::vector<RegistryPublicKey> keys;
  const auto* list = array_member(document, "keys");
  if (list == nullptr) return keys;
  for (const boost::json::value& one : *list) {
    const auto* object = one.if_object();
    if (object == nullptr) continue;
    const auto der = from_base64(text_member(*object, "key"));
    if (!der) continue;
    auto key = crypto::PublicKey::from_spki(*der);
    if (!key || key->kind() != crypto::KeyKind::p256) continue;
    if (text_member(*object, "keyid") != key_id(*key)) continue;
    keys.push_back({key_id(*key), std::move(*key), text_member(*object, "expires")});
  }
  return keys;
}

const RegistryPublicKey* key_of(const std::vector<RegistryPublicKey>& keys,
                                std::string_view keyid) {
  const auto found = std::ranges::find(keys, keyid, &RegistryPublicKey::keyid);
  return found == keys.end() ? nullptr : &*found;
}

std::optional<Release> check_release(const Registry& registry, const registry::PackageName& name,
                                     const std::string& version, Report& report) {
  auto manifest = registry.required(fmt::format("/{}/{}", name.escaped(), percent_encode(version)));
  if (!manifest) {
    report.add("manifest", Outcome::failed, manifest.error().message);
    return std::nullopt;
  }
  Release release{name, version, std::move(*manifest), {}, {}, false};
  if (text_member(release.manifest, "name") != name.text() ||
      text_member(release.manifest, "version") != version) {
    report.add("manifest", Outcome::failed,
               fmt::format("the registry answers with {}@{}", text_member(release.manifest, "name"),
                           text_member(release.manifest, "version")));
    return std::nullopt;
  }
  const auto* user = object_member(release.manifest, "_npmUser");
  release.trusted = user != nullptr && user->contains("trustedPublisher");
  report.add("manifest", Outcome::passed,
             release.trusted ? "published by a trusted publisher" : "published by a person");
  const auto* dist = object_member(release.manifest, "dist");
  const std::string integrity = dist != nullptr ? text_member(*dist, "integrity") : std::string();
  const auto tarball = registry.digest(name.tarball_path(version));
  if (!tarball) {
    report.add("tarball", Outcome::failed, tarball.error().message);
    return std::nullopt;
  }
  if (integrity != std::string(kSha512) + base64(tarball->sha512)) {
    report.add("tarball", Outcome::failed,
               fmt::format("its SHA-512 is {}{}, and dist.integrity says {}", kSha512,
                           base64(tarball->sha512), integrity.empty() ? "nothing" : integrity));
    return std::nullopt;
  }
  release.integrity = integrity;
  release.sha512 = hex(tarball->sha512);
  report.add("tarball", Outcome::passed,
             fmt::format("{} bytes, {}", tarball->size, release.integrity));
  return release;
}

void check_signature(const Registry& registry, const Release& release,
                     const std::vector<RegistryPublicKey>& keys, Report& report) {
  const auto* dist = object_member(release.manifest, "dist");
  const auto* signatures = dist != nullptr ? array_member(*dist, "signatures") : nullptr;
  const std::string statement =
      fmt::format("{}@{}:{}", release.name.text(), release.version, release.integrity);
  std::string signer;
  for (const boost::json::value& one : signatures != nullptr ? *signatures : boost::json::array()) {
    const auto* object = one.if_object();
    if (object == nullptr) continue;
    const RegistryPublicKey* key = key_of(keys, text_member(*object, "keyid"));
    if (key == nullptr) continue;
    const auto bytes = from_base64(text_member(*object, "sig"));
    if (!bytes || !key->key.verify_der(bytes_of(statement), *bytes)) {
      return report.add("signature", Outcome::failed,
                        fmt::format("the signature by {} does not hold", key->keyid));
    }
    if (!key->expires.empty()) {
      const std::string at = published_at(registry, release);
      if (at.empty() || at >= key->expires) {
        return report.add(
            "signature", Outcome::failed,
            fmt::format("{} signed it after it expired ({})", key->keyid, key->expires));
      }
    }
    signer = key->keyid;
  }
  if (signer.empty()) {
    return report.add("signature", Outcome::failed,
                      keys.empty() ? "there is no key of the registry to check it with"
                                   : "no key of the registry signed it");
  }
  report.add("signature", Outcome::passed, fmt::format("dist.signatures, by {}", signer));
}

}  // namespace imp::verify
