#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/encoding.h"
#include "webauthn/assertion.h"
#include "webauthn/authenticator_data.h"
#include "webauthn/cbor_bounds.h"
#include "webauthn/client_data.h"
#include "webauthn/registration.h"

/// What a browser and an authenticator answer, as JSON and as the bytes inside of it. The client
/// data is right, so that the authenticator data is reached; nothing may verify as an assertion,
/// since the key's private half exists nowhere.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace imp;
  using namespace imp::webauthn;
  const ByteView bytes(data, size);
  const RelyingParty party{.id = "localhost", .origin = "http://localhost:4873"};
  constexpr std::string_view asked =
      R"({"type":"webauthn.create","challenge":"AAAA","origin":"http://localhost:4873"})";
  constexpr std::string_view used =
      R"({"type":"webauthn.get","challenge":"AAAA","origin":"http://localhost:4873"})";
  const auto owned = [](auto view) { return Bytes(view.begin(), view.end()); };

  const auto length = cbor_item_length(bytes);
  if (length && (*length == 0 || *length > size)) std::abort();
  (void)ClientData::parse(bytes);

  const auto made = verify_registration(
      party, "AAAA", {.client_data = owned(bytes_of(asked)), .authenticator_data = owned(bytes)});
  if (made && (made->id.empty() || made->public_key.empty())) std::abort();
  for (const Algorithm algorithm : kAlgorithms) {
    const Credential credential{.id = Bytes(16, 1),
                                .algorithm = algorithm,
                                .public_key = made ? made->public_key : Bytes(64, 4)};
    if (verify_assertion(party, "AAAA",
                         {.credential_id = credential.id,
                          .client_data = owned(bytes_of(used)),
                          .authenticator_data = owned(bytes),
                          .signature = owned(bytes.first(std::min<std::size_t>(size, 72))),
                          .user_handle = {}},
                         credential)) {
      std::abort();
    }
  }

  const std::string_view text = text_of(bytes);
  (void)RegistrationResponse::parse(text);
  if (const auto answer = AssertionResponse::parse(text)) (void)answer->challenge();
  return 0;
}
