#include "webauthn/authenticator_data.h"

#include <algorithm>

#include "crypto/hash.h"
#include "webauthn/cbor_bounds.h"
#include "webauthn/refusal.h"

namespace imp::webauthn {
namespace {

constexpr std::size_t kSiteHash = 32, kHeader = kSiteHash + 1 + 4;
constexpr std::size_t kAaguid = 16, kLongestId = 1023;
constexpr std::size_t kLongest = 8192;

enum Flag : std::uint8_t {
  kPresent = 0x01,
  kVerified = 0x04,
  kBackupEligible = 0x08,
  kBackedUp = 0x10,
  kAttested = 0x40,
  kExtensions = 0x80
};

std::unexpected<Failure> malformed(std::string detail) {
  return refuse(WebAuthnRefusal::passkey_malformed,
                "The authenticator's answer is malformed; try again, or use another one.",
                std::move(detail));
}

}  // namespace

Result<AuthenticatorData> AuthenticatorData::parse(ByteView bytes, bool attested) {
  if (bytes.size() < kHeader || bytes.size() > kLongest) {
    return malformed("authenticator data too short or too long");
  }
  const std::uint8_t flags = bytes[kSiteHash];
  AuthenticatorData data{.site_hash = bytes.first(kSiteHash),
                         .user_present = (flags & kPresent) != 0,
                         .user_verified = (flags & kVerified) != 0,
                         .backed_up = (flags & kBackedUp) != 0};
  for (std::size_t at = kSiteHash + 1; at < kHeader; ++at) {
    data.sign_count = data.sign_count << 8 | bytes[at];
  }
  if (data.backed_up && (flags & kBackupEligible) == 0) {
    return malformed("backed up without being eligible for it");
  }
  if (((flags & kAttested) != 0) != attested) {
    return malformed(attested ? "no credential in it" : "a credential where none belongs");
  }
  ByteView rest = bytes.subspan(kHeader);
  if (attested) {
    if (rest.size() < kAaguid + 2) return malformed("credential cut off");
    const std::size_t length = static_cast<std::size_t>(rest[kAaguid]) << 8 | rest[kAaguid + 1];
    rest = rest.subspan(kAaguid + 2);
    if (length == 0 || length > kLongestId || length > rest.size()) {
      return malformed("credential id of a wrong length");
    }
    data.credential_id = rest.first(length);
    rest = rest.subspan(length);
    const auto key = cbor_item_length(rest);
    if (!key) return malformed("the public key is not CBOR");
    data.cose_key = rest.first(*key);
    rest = rest.subspan(*key);
  }
  if ((flags & kExtensions) != 0) {
    const auto extensions = cbor_item_length(rest);
    if (!extensions) return malformed("the extensions are not CBOR");
    rest = rest.subspan(*extensions);
  }
  if (!rest.empty()) return malformed("something follows the end");
  return data;
}

Result<void> check_authenticator_data(const AuthenticatorData& data, const RelyingParty& party) {
  if (!std::ranges::equal(data.site_hash, crypto::sha256(bytes_of(party.id)))) {
    return refuse(WebAuthnRefusal::passkey_wrong_site,
                  "The passkey belongs to another site than " + party.id + ".");
  }
  if (!data.user_present || !data.user_verified) {
    return refuse(WebAuthnRefusal::passkey_not_verified,
                  "The authenticator did not check who you are: it must ask for its PIN, a "
                  "fingerprint or a face each time.",
                  data.user_present ? "not verified" : "not present");
  }
  return {};
}

}  // namespace imp::webauthn
