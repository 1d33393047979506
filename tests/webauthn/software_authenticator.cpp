#include "webauthn/software_authenticator.h"

#include <fmt/format.h>

#include "crypto/hash.h"

namespace imp::test {
namespace {

void append(Bytes& to, ByteView bytes) { to.insert(to.end(), bytes.begin(), bytes.end()); }
void append_hex(Bytes& to, std::string_view text) { append(to, *from_hex(text)); }

Bytes header(const Behaviour& behaviour, std::uint8_t more_flags, std::uint32_t count) {
  Bytes data;
  append(data, crypto::sha256(bytes_of(behaviour.site)));
  data.push_back(behaviour.flags | more_flags);
  for (int shift = 24; shift >= 0; shift -= 8) {
    data.push_back(static_cast<std::uint8_t>(count >> shift));
  }
  return data;
}

}  // namespace

SoftwareAuthenticator::SoftwareAuthenticator(crypto::KeyKind kind, std::string id)
    : id(std::move(id)), key_(crypto::PrivateKey::generate(kind)) {}

std::string SoftwareAuthenticator::client_data(std::string_view challenge,
                                               const Behaviour& behaviour, std::string_view type) {
  return fmt::format(R"({{"type":"{}","challenge":"{}","origin":"{}","crossOrigin":false{}}})",
                     behaviour.type.value_or(std::string(type)), challenge, behaviour.origin,
                     behaviour.client_data_end);
}

// RFC 9053 §7, RFC 8230 §4: the keys in the order and form that CTAP2 demands.
Bytes SoftwareAuthenticator::cose_key() const {
  const auto parts = key_.public_key().components();
  Bytes key;
  switch (key_.kind()) {
    case crypto::KeyKind::p256:
      append_hex(key, "a5010203262001215820");
      append(key, parts.x);
      append_hex(key, "225820");
      append(key, parts.y);
      break;
    case crypto::KeyKind::ed25519:
      append_hex(key, "a4010103272006215820");
      append(key, parts.x);
      break;
    case crypto::KeyKind::rsa:
      append_hex(key, "a401030339010020590100");
      append(key, parts.n);
      append_hex(key, "2143");
      append(key, parts.e);
      break;
  }
  return key;
}

Bytes SoftwareAuthenticator::attested_data(const Behaviour& behaviour) const {
  Bytes data = header(behaviour, 0x40, behaviour.count.value_or(0));
  append(data, Bytes(16, 0));
  data.push_back(static_cast<std::uint8_t>(id.size() >> 8));
  data.push_back(static_cast<std::uint8_t>(id.size()));
  append(data, bytes_of(id));
  append(data, cose_key());
  append(data, behaviour.data_end);
  return data;
}

std::string SoftwareAuthenticator::registration_json(ByteView client_data,
                                                     ByteView authenticator_data) {
  return fmt::format(
      R"({{"type":"public-key","response":{{"clientDataJSON":"{}","authenticatorData":"{}"}}}})",
      base64url(client_data), base64url(authenticator_data));
}

std::string SoftwareAuthenticator::create(std::string_view challenge,
                                          const Behaviour& behaviour) const {
  return registration_json(bytes_of(client_data(challenge, behaviour, "webauthn.create")),
                           attested_data(behaviour));
}

std::string SoftwareAuthenticator::get(std::string_view challenge, const Behaviour& behaviour,
                                       std::string_view user_handle) {
  if (counts) ++count;
  Bytes data = header(behaviour, 0, behaviour.count.value_or(count));
  append(data, behaviour.data_end);
  const std::string client = client_data(challenge, behaviour, "webauthn.get");
  Bytes message = data;
  append(message, crypto::sha256(bytes_of(client)));
  const Bytes signature =
      key_.kind() == crypto::KeyKind::p256 ? key_.sign_der(message) : key_.sign(message);
  return fmt::format(R"({{"id":"{}","type":"public-key","response":{{"clientDataJSON":"{}",)"
                     R"("authenticatorData":"{}","signature":"{}","userHandle":"{}"}}}})",
                     base64url(bytes_of(id)), base64url(bytes_of(client)), base64url(data),
                     base64url(signature), base64url(bytes_of(user_handle)));
}

}  // namespace imp::test
