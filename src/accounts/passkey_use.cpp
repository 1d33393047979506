#include <fmt/format.h>

#include "accounts/passkeys.h"
#include "accounts/people.h"
#include "accounts/refusal.h"
#include "base/encoding.h"
#include "webauthn/assertion.h"

namespace imp::accounts {
namespace {

constexpr Limit kByAddress{.what = "passkey_sign_in", .attempts = 100};

struct StoredPasskey {
  std::string id, person_id, name;
  webauthn::Credential credential;
};

std::optional<StoredPasskey> stored_passkey(db::Session& session, ByteView credential_id) {
  const auto row = session.row(
      "SELECT id, person_id, name, algorithm, public_key, sign_count FROM accounts_passkeys WHERE "
      "credential_id = :p1",
      {base64url(credential_id)});
  if (!row) return std::nullopt;
  return StoredPasskey{
      .id = row->text(0),
      .person_id = row->text(1),
      .name = row->text(2),
      .credential = {.id = Bytes(credential_id.begin(), credential_id.end()),
                     .algorithm = static_cast<webauthn::Algorithm>(row->integer(3)),
                     .public_key = from_base64url(row->text(4)).value_or(Bytes()),
                     .sign_count = static_cast<std::uint32_t>(row->integer(5))}};
}

std::unexpected<Failure> unknown_passkey(std::string detail) {
  return refuse(AccountRefusal::passkey_not_yours,
                "This passkey is not registered for the account; use another one.",
                std::move(detail));
}

/// The counter must move on, or stay 0 for ever (synchronised passkeys). The statement compares, so
/// that of two answers that were made with the same count one is taken.
bool count_use(db::Session& session, const StoredPasskey& passkey,
               const webauthn::Assertion& assertion, Time now) {
  const auto count = static_cast<std::int64_t>(assertion.sign_count);
  return session.run(
             "UPDATE accounts_passkeys SET sign_count = :p1, backed_up = :p2, last_used = :p3 "
             "WHERE id = :p4 AND (sign_count < :p5 OR (sign_count = 0 AND :p6 = 0))",
             {count, std::int64_t{assertion.backed_up}, to_milliseconds(now), passkey.id, count,
              count}) == 1;
}

}  // namespace

Result<std::string> Passkeys::use(db::Session& session, const std::string& person_id,
                                  const std::string& browser, std::string_view answer,
                                  const Purpose& purpose) {
  const auto here = party();
  if (!here) return pass_on(here);
  const auto response = webauthn::AssertionResponse::parse(answer);
  if (!response) return pass_on(response);
  const auto challenge = response->challenge();
  if (!challenge) return pass_on(challenge);
  auto asked = challenges_.consume(session, *challenge, browser, purpose);
  if (!asked) return pass_on(asked);
  const auto passkey = stored_passkey(session, response->credential_id);
  if (!passkey) return unknown_passkey("unknown credential");
  if (passkey->person_id != person_id) return unknown_passkey("another person's " + passkey->id);
  // Without a list of credentials the authenticator says whose its answer is; with one it may.
  if (!response->user_handle.empty() && text_of(response->user_handle) != person_id) {
    return unknown_passkey("user handle of somebody else");
  }
  const auto assertion =
      webauthn::verify_assertion(*here, *challenge, *response, passkey->credential);
  if (!assertion) return pass_on(assertion);
  if (!count_use(session, *passkey, *assertion, services_.clock.now())) {
    return refuse(AccountRefusal::passkey_counter,
                  "The passkey has counted backwards: there may be a copy of it. Remove it on your "
                  "account page and add another one.",
                  fmt::format("{}: {} after {}", passkey->id, assertion->sign_count,
                              passkey->credential.sign_count));
  }
  return passkey->name;
}

Result<Person> Passkeys::sign_in(const std::string& browser, std::string_view answer,
                                 const Actor& from) {
  const std::string address = throttle_address(from.address);
  const auto refused = [&](const Failure& failure) {
    trail_.refused(from, "sign_in", "", failure);
    return std::unexpected(failure);
  };
  if (const auto admission = throttle_.admit(kByAddress, address); !admission.admitted) {
    return refuse(AccountRefusal::too_many_attempts,
                  "Too many failed sign-ins; wait 15 minutes and try again.");
  }
  const auto response = webauthn::AssertionResponse::parse(answer);
  if (!response) return refused(response.error());
  if (response->user_handle.empty()) {
    return refused(unknown_passkey("no user handle").error());
  }
  auto person = services_.database.write([&](db::Session& session) -> Result<Person> {
    const std::string id(text_of(response->user_handle));
    // An id that the store cannot hold is nobody's.
    const auto found = is_utf8(id) && !id.contains('\0') ? find_person(session, id) : std::nullopt;
    if (!found) return unknown_passkey("user handle of nobody");
    const auto used = use(session, id, browser, answer, passkey_sign_in());
    if (!used) return pass_on(used);
    Actor actor = from;
    actor.person_id = found->id;
    actor.name = found->name;
    trail_.append(session, actor, "second_factor.use", "user:" + found->name,
                  fmt::format("passkey {} for {}", *used, passkey_sign_in().action));
    return *found;
  });
  if (!person) return refused(person.error());
  throttle_.refund(kByAddress, address);
  return person;
}

}  // namespace imp::accounts
