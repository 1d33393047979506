#include "webauthn/assertion.h"

#include <fido.h>
#include <fido/eddsa.h>
#include <fido/es256.h>
#include <fido/rs256.h>

#include <memory>

#include "webauthn/authenticator_data.h"
#include "webauthn/client_data.h"
#include "webauthn/refusal.h"
#include "webauthn/response_json.h"

namespace imp::webauthn {
namespace {

constexpr std::size_t kLongestSignature = 1024;

template <auto Release>
struct Free {
  template <class T>
  void operator()(T* held) const {
    Release(&held);
  }
};

/// A key of one of libfido2's types, as the untyped pointer that it takes.
using Key = std::unique_ptr<void, void (*)(void*)>;

template <class T, T* (*New)(), void (*Release)(T**), int (*Read)(T*, const void*, std::size_t)>
Key key_of(ByteView bytes) {
  Key key(New(), [](void* held) {
    T* typed = static_cast<T*>(held);
    Release(&typed);
  });
  if (!key) throw std::bad_alloc();
  if (Read(static_cast<T*>(key.get()), bytes.data(), bytes.size()) != FIDO_OK) key.reset();
  return key;
}

Key key_of(const Credential& credential) {
  switch (credential.algorithm) {
    case Algorithm::es256:
      return key_of<es256_pk_t, es256_pk_new, es256_pk_free, es256_pk_from_ptr>(
          credential.public_key);
    case Algorithm::eddsa:
      return key_of<eddsa_pk_t, eddsa_pk_new, eddsa_pk_free, eddsa_pk_from_ptr>(
          credential.public_key);
    case Algorithm::rs256:
      return key_of<rs256_pk_t, rs256_pk_new, rs256_pk_free, rs256_pk_from_ptr>(
          credential.public_key);
  }
  return Key(nullptr, [](void*) {});
}

bool signed_by(const RelyingParty& party, const AssertionResponse& response,
               const Credential& credential) {
  const Key key = key_of(credential);
  const std::unique_ptr<fido_assert_t, Free<fido_assert_free>> assertion(fido_assert_new());
  if (!key || !assertion) return false;
  const auto& data = response.authenticator_data;
  const auto& client = response.client_data;
  const auto& signature = response.signature;
  return fido_assert_set_rp(assertion.get(), party.id.c_str()) == FIDO_OK &&
         fido_assert_set_clientdata(assertion.get(), client.data(), client.size()) == FIDO_OK &&
         fido_assert_set_up(assertion.get(), FIDO_OPT_TRUE) == FIDO_OK &&
         fido_assert_set_uv(assertion.get(), FIDO_OPT_TRUE) == FIDO_OK &&
         fido_assert_set_count(assertion.get(), 1) == FIDO_OK &&
         fido_assert_set_authdata_raw(assertion.get(), 0, data.data(), data.size()) == FIDO_OK &&
         fido_assert_set_sig(assertion.get(), 0, signature.data(), signature.size()) == FIDO_OK &&
         fido_assert_verify(assertion.get(), 0, static_cast<int>(credential.algorithm),
                            key.get()) == FIDO_OK;
}

}  // namespace

Result<AssertionResponse> AssertionResponse::parse(std::string_view json) {
  const auto parsed = ResponseJson::parse(json);
  if (!parsed) return pass_on(parsed);
  AssertionResponse response;
  if (auto id = bytes_member(parsed->credential, "id")) {
    response.credential_id = std::move(*id);
  } else {
    return pass_on(id);
  }
  for (const auto& [name, target] : {std::pair{"clientDataJSON", &response.client_data},
                                     std::pair{"authenticatorData", &response.authenticator_data},
                                     std::pair{"signature", &response.signature},
                                     std::pair{"userHandle", &response.user_handle}}) {
    auto bytes = bytes_member(parsed->response, name);
    if (!bytes) return pass_on(bytes);
    *target = std::move(*bytes);
  }
  return response;
}

Result<std::string> AssertionResponse::challenge() const {
  auto data = ClientData::parse(client_data);
  if (!data) return pass_on(data);
  return std::move(data->challenge);
}

Result<Assertion> verify_assertion(const RelyingParty& party, std::string_view challenge,
                                   const AssertionResponse& response,
                                   const Credential& credential) {
  const auto asked = check_client_data(response.client_data, Ceremony::get, challenge, party);
  if (!asked) return pass_on(asked);
  const auto data = AuthenticatorData::parse(response.authenticator_data, false);
  if (!data) return pass_on(data);
  if (const auto good = check_authenticator_data(*data, party); !good) return pass_on(good);
  if (response.credential_id != credential.id || response.signature.size() > kLongestSignature ||
      !signed_by(party, response, credential)) {
    return refuse(WebAuthnRefusal::passkey_signature_wrong, "The signature is not this passkey's.");
  }
  return Assertion{.sign_count = data->sign_count, .backed_up = data->backed_up};
}

}  // namespace imp::webauthn
