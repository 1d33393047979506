#include "webauthn/registration.h"

#include <fido.h>

#include <memory>

#include "webauthn/authenticator_data.h"
#include "webauthn/client_data.h"
#include "webauthn/refusal.h"
#include "webauthn/response_json.h"

namespace imp::webauthn {
namespace {

struct Free {
  void operator()(fido_cred_t* credential) const { fido_cred_free(&credential); }
};
using FidoCredential = std::unique_ptr<fido_cred_t, Free>;

/// The credential in authenticator data, when its key is of this algorithm and well-formed.
FidoCredential decode(ByteView authenticator_data, Algorithm algorithm) {
  FidoCredential credential(fido_cred_new());
  if (!credential) throw std::bad_alloc();
  if (fido_cred_set_type(credential.get(), static_cast<int>(algorithm)) != FIDO_OK ||
      fido_cred_set_authdata_raw(credential.get(), authenticator_data.data(),
                                 authenticator_data.size()) != FIDO_OK ||
      fido_cred_pubkey_ptr(credential.get()) == nullptr) {
    return nullptr;
  }
  return credential;
}

}  // namespace

Result<RegistrationResponse> RegistrationResponse::parse(std::string_view json) {
  const auto parsed = ResponseJson::parse(json);
  if (!parsed) return pass_on(parsed);
  auto client_data = bytes_member(parsed->response, "clientDataJSON");
  if (!client_data) return pass_on(client_data);
  auto authenticator_data = bytes_member(parsed->response, "authenticatorData");
  if (!authenticator_data) return pass_on(authenticator_data);
  return RegistrationResponse{.client_data = std::move(*client_data),
                              .authenticator_data = std::move(*authenticator_data)};
}

Result<std::string> RegistrationResponse::challenge() const {
  auto data = ClientData::parse(client_data);
  if (!data) return pass_on(data);
  return std::move(data->challenge);
}

Result<Credential> verify_registration(const RelyingParty& party, std::string_view challenge,
                                       const RegistrationResponse& response) {
  const auto asked = check_client_data(response.client_data, Ceremony::create, challenge, party);
  if (!asked) return pass_on(asked);
  const auto data = AuthenticatorData::parse(response.authenticator_data, true);
  if (!data) return pass_on(data);
  if (const auto good = check_authenticator_data(*data, party); !good) return pass_on(good);
  for (const Algorithm algorithm : kAlgorithms) {
    const FidoCredential decoded = decode(response.authenticator_data, algorithm);
    if (!decoded) continue;
    const ByteView key(fido_cred_pubkey_ptr(decoded.get()), fido_cred_pubkey_len(decoded.get()));
    return Credential{.id = Bytes(data->credential_id.begin(), data->credential_id.end()),
                      .algorithm = algorithm,
                      .public_key = Bytes(key.begin(), key.end()),
                      .sign_count = data->sign_count,
                      .backed_up = data->backed_up};
  }
  return refuse(WebAuthnRefusal::passkey_unsupported,
                "The authenticator made a key that is neither ES256, EdDSA nor RS256; use "
                "another one.");
}

}  // namespace imp::webauthn
