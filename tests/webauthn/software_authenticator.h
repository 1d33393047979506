#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/encoding.h"
#include "crypto/keys.h"

namespace imp::test {

/// How an authenticator and a browser answer. The defaults are honest.
struct Behaviour {
  std::string origin;                       ///< of the page
  std::string site;                         ///< rpId
  std::uint8_t flags = 0x05;                ///< present and verified
  std::optional<std::string> type = {};     ///< "webauthn.create" or "webauthn.get" otherwise
  std::optional<std::uint32_t> count = {};  ///< instead of one more than the last time
  std::string client_data_end = {};         ///< more members of the client data
  Bytes data_end = {};                      ///< appended to the authenticator data
};

/// A passkey in a program: what a browser would post, as JSON.
class SoftwareAuthenticator {
 public:
  explicit SoftwareAuthenticator(crypto::KeyKind kind = crypto::KeyKind::p256,
                                 std::string id = "software-authenticator");

  std::string create(std::string_view challenge, const Behaviour& behaviour) const;
  std::string get(std::string_view challenge, const Behaviour& behaviour,
                  std::string_view user_handle = {});

  /// The parts of create(): bytes that tests bend.
  Bytes attested_data(const Behaviour& behaviour) const;
  Bytes cose_key() const;
  static std::string registration_json(ByteView client_data, ByteView authenticator_data);
  static std::string client_data(std::string_view challenge, const Behaviour& behaviour,
                                 std::string_view type);

  std::string id;
  std::uint32_t count = 0;  ///< how often it has signed
  bool counts = true;       ///< false for synchronised passkeys: always 0

 private:
  crypto::PrivateKey key_;
};

}  // namespace imp::test
