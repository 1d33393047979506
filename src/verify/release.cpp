#include "verify/release.h"

#include <fmt/format.h>

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

#include "base/encoding.h"

namespace imp::verify {

namespace {

constexpr std::string_view kSha512 = "sha512-";

}  // namespace

std::optional<Release> check_release(const Registry& registry, const registry::PackageName& name,
                                     const std::string& version, Report& report) {
  auto manifest = registry.required(fmt::format("/{}/{}", name.escaped(), percent_encode(version)));
  if (!manifest) {
    report.add("manifest", Outcome::failed, manifest.error().message);
    return std::nullopt;
  }
  Release release{name, version, std::move(*manifest), {}, {}, false, {}};
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
             release.trusted ? "the registry says that a trusted publisher published it"
                             : "the registry says that a person published it");
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

std::optional<Time> when_published(const Registry& registry, const Release& release) {
  const auto packument = registry.required("/" + release.name.escaped());
  if (!packument) return std::nullopt;
  const auto* times = object_member(*packument, "time");
  return times != nullptr ? parse_iso8601(text_member(*times, release.version)) : std::nullopt;
}

bool had_expired(const RegistryPublicKey& key, const Release& release) {
  if (key.expires.empty()) return false;
  const auto end = parse_iso8601(key.expires);
  return !end || !release.published || *release.published >= *end;
}

void check_signature(const Release& release, const std::vector<RegistryPublicKey>& keys,
                     Report& report) {
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
    if (had_expired(*key, release)) {
      return report.add(
          "signature", Outcome::failed,
          fmt::format("{} signed it after it expired ({})", key->keyid, time_text(key->expires)));
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
