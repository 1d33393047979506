#include "accounts/passkeys.h"

#include <fmt/format.h>
#include <algorithm>
#include <boost/json.hpp>

#include "accounts/recovery_codes.h"
#include "accounts/refusal.h"
#include "accounts/second_factor.h"
#include "base/encoding.h"
#include "base/uuid.h"
#include "webauthn/registration.h"

namespace imp::accounts {
namespace {

constexpr std::int64_t kMost = 20;
constexpr std::size_t kLongestName = 60;

/// Of challenges for new passkeys. Nobody can ask for one but through begin(), which stands behind
/// the password and the second factor.
constexpr std::string_view kCreate = "passkey.create";
Purpose creation() { return {.action = std::string(kCreate)}; }

Result<void> require_self(const Person& person, const Actor& actor) {
  if (auto full = require_full_credential(actor); !full) return full;
  if (actor.person_id == person.id) return {};
  return refuse(AccountRefusal::administrator_only,
                "Only the person themselves may change their passkeys.");
}

Result<void> check_name(std::string_view name) {
  const bool good =
      !name.empty() && name.size() <= kLongestName && is_utf8(name) &&
      name.find_first_not_of(' ') != std::string_view::npos &&
      std::ranges::none_of(name, [](unsigned char c) { return c < 0x20 || c == 0x7f; });
  if (good) return {};
  return refuse(
      AccountRefusal::passkey_name_invalid,
      fmt::format("Give the passkey a name of at most {} bytes, in one line.", kLongestName));
}

std::unexpected<Failure> too_many() {
  return refuse(AccountRefusal::passkey_limit,
                fmt::format("An account has at most {} passkeys; remove one first.", kMost));
}

boost::json::array descriptors(const std::vector<Passkey>& passkeys) {
  boost::json::array items;
  for (const Passkey& passkey : passkeys) {
    items.push_back({{"type", "public-key"}, {"id", passkey.credential_id}});
  }
  return items;
}

}  // namespace

std::vector<Passkey> passkeys_of(db::Session& session, const std::string& person_id) {
  std::vector<Passkey> passkeys;
  for (const db::Row& row : session.rows(
           "SELECT id, credential_id, name, backed_up, created, last_used FROM accounts_passkeys "
           "WHERE person_id = :p1 ORDER BY created, id",
           {person_id})) {
    Passkey passkey{.id = row.text(0),
                    .credential_id = row.text(1),
                    .name = row.text(2),
                    .backed_up = row.flag(3),
                    .created = from_milliseconds(row.integer(4)),
                    .last_used = std::nullopt};
    if (const auto used = row.maybe_integer(5)) passkey.last_used = from_milliseconds(*used);
    passkeys.push_back(std::move(passkey));
  }
  return passkeys;
}

std::int64_t count_passkeys(db::Session& session, const std::string& person_id) {
  return session.row("SELECT COUNT(*) FROM accounts_passkeys WHERE person_id = :p1", {person_id})
      ->integer(0);
}

Passkeys::Passkeys(const Services& services, Trail& trail, Throttle& throttle)
    : services_(services),
      trail_(trail),
      throttle_(throttle),
      challenges_(services),
      party_(webauthn::RelyingParty::of(services.settings.public_url)) {}

Result<webauthn::RelyingParty> Passkeys::party() const {
  if (party_) return *party_;
  return refuse(AccountRefusal::passkey_unavailable,
                fmt::format("Browsers allow passkeys only at an https address with a host name, or "
                            "at localhost; this server is at {}.",
                            services_.settings.public_url));
}

Result<std::vector<Passkey>> Passkeys::list(const std::string& person_id) const {
  return services_.database.read([&](db::Session& session) -> Result<std::vector<Passkey>> {
    return passkeys_of(session, person_id);
  });
}

Result<void> Passkeys::begin(const Person& person, const std::string& browser, const Actor& actor) {
  if (auto allowed = require_self(person, actor); !allowed) return allowed;
  if (auto here = party(); !here) return pass_on(here);
  return services_.database.write([&](db::Session& session) -> Result<void> {
    if (count_passkeys(session, person.id) >= kMost) return too_many();
    challenges_.issue(session, browser, creation());
    trail_.append(session, actor, "passkey.begin", "user:" + person.name);
    return {};
  });
}

Result<boost::json::object> Passkeys::creation_options(const Person& person,
                                                       const std::string& browser) const {
  const auto here = party();
  if (!here) return pass_on(here);
  return services_.database.read([&](db::Session& session) -> Result<boost::json::object> {
    const std::string challenge = challenges_.newest(session, browser, creation());
    if (challenge.empty()) {
      return refuse(AccountRefusal::passkey_challenge_unknown,
                    "No passkey is being added here; start again on the account page.");
    }
    boost::json::array algorithms;
    for (const webauthn::Algorithm algorithm : webauthn::kAlgorithms) {
      algorithms.push_back({{"type", "public-key"}, {"alg", static_cast<int>(algorithm)}});
    }
    return boost::json::object{
        {"rp", {{"id", here->id}, {"name", services_.settings.product}}},
        {"user",
         {{"id", base64url(bytes_of(person.id))},
          {"name", person.name},
          {"displayName", person.fullname.empty() ? person.name : person.fullname}}},
        {"challenge", challenge},
        {"pubKeyCredParams", std::move(algorithms)},
        {"excludeCredentials", descriptors(passkeys_of(session, person.id))},
        {"authenticatorSelection",
         {{"residentKey", "required"},
          {"requireResidentKey", true},
          {"userVerification", "required"}}},
        {"attestation", "none"},
        {"timeout", 300'000}};
  });
}

Result<AddedPasskey> Passkeys::add(const Person& person, const std::string& browser,
                                   std::string_view name, std::string_view answer,
                                   const Actor& actor) {
  const auto refused = [&](const Failure& failure) {
    trail_.refused(actor, "passkey.add", "user:" + person.name, failure);
    return std::unexpected(failure);
  };
  if (auto allowed = require_self(person, actor); !allowed) return refused(allowed.error());
  if (auto good = check_name(name); !good) return pass_on(good);
  const auto here = party();
  if (!here) return pass_on(here);
  const auto response = webauthn::RegistrationResponse::parse(answer);
  if (!response) return refused(response.error());
  const auto challenge = response->challenge();
  if (!challenge) return refused(challenge.error());
  const auto credential = webauthn::verify_registration(*here, *challenge, *response);
  if (!credential) return refused(credential.error());

  const Time now = services_.clock.now();
  AddedPasskey added{.passkey = {.id = new_uuid(),
                                 .credential_id = base64url(credential->id),
                                 .name = std::string(name),
                                 .backed_up = credential->backed_up,
                                 .created = now,
                                 .last_used = std::nullopt},
                     .recovery_codes = {}};
  auto done = services_.database.write([&](db::Session& session) -> Result<void> {
    auto asked = challenges_.consume(session, *challenge, browser, creation());
    if (!asked) return asked;
    if (count_passkeys(session, person.id) >= kMost) return too_many();
    const bool first = !has_second_factor(session, person.id);
    const bool is_new = session.insert_if_absent(
        "INSERT INTO accounts_passkeys (id, credential_id, person_id, name, algorithm, public_key, "
        "sign_count, backed_up, created) VALUES (:p1, :p2, :p3, :p4, :p5, :p6, :p7, :p8, :p9) ON "
        "CONFLICT DO NOTHING",
        {added.passkey.id, added.passkey.credential_id, person.id, added.passkey.name,
         static_cast<std::int64_t>(credential->algorithm), base64url(credential->public_key),
         static_cast<std::int64_t>(credential->sign_count), std::int64_t{credential->backed_up},
         to_milliseconds(now)});
    if (!is_new) {
      return refuse(AccountRefusal::passkey_exists,
                    "This passkey is registered already; use another authenticator.");
    }
    trail_.append_and_tell(session, actor, person, "passkey.add", "user:" + person.name,
                           fmt::format("{} ({})", added.passkey.name, added.passkey.id));
    if (first) {
      // An app whose set-up began while nothing guarded the account.
      session.run("DELETE FROM accounts_totp WHERE person_id = :p1", {person.id});
      added.recovery_codes = replace_recovery_codes(session, person.id, services_.random);
      trail_.append_and_tell(session, actor, person, "second_factor.enable", "user:" + person.name,
                             "passkey");
    }
    return {};
  });
  if (!done) return refused(done.error());
  return added;
}

Result<void> Passkeys::remove(const Person& person, const std::string& id, const Actor& actor) {
  if (auto allowed = require_self(person, actor); !allowed) return allowed;
  return services_.database.write([&](db::Session& session) -> Result<void> {
    const auto row = session.row(
        "SELECT name FROM accounts_passkeys WHERE id = :p1 AND person_id = :p2", {id, person.id});
    if (!row || session.run("DELETE FROM accounts_passkeys WHERE id = :p1", {id}) != 1) {
      return refuse(AccountRefusal::passkey_not_found, "You have no such passkey.");
    }
    trail_.append_and_tell(session, actor, person, "passkey.remove", "user:" + person.name,
                           fmt::format("{} ({})", row->text(0), id));
    if (!has_second_factor(session, person.id)) {
      forget_second_factor(session, person.id);
      trail_.append_and_tell(session, actor, person, "second_factor.disable",
                             "user:" + person.name);
    }
    return {};
  });
}

Result<boost::json::object> Passkeys::request_options(const std::string& person_id,
                                                      const std::string& browser,
                                                      const Purpose& purpose, const Actor& actor) {
  constexpr Limit by_asker{.what = "passkey_challenge", .attempts = 300};
  constexpr std::size_t longest = 300;
  const auto here = party();
  if (!here) return pass_on(here);
  const auto storable = [](std::string_view text) {
    return text.size() <= longest && is_utf8(text) && !text.contains('\0');
  };
  if (purpose.action.empty() || purpose.action == kCreate || !storable(purpose.action) ||
      !storable(purpose.subject)) {
    return refuse(AccountRefusal::passkey_wrong_purpose,
                  "A passkey must be asked for a purpose; reload the page.");
  }
  if (!throttle_.admit(by_asker, person_id.empty() ? throttle_address(actor.address) : person_id)
           .admitted) {
    return refuse(AccountRefusal::too_many_attempts,
                  "Passkeys were asked for too often; wait 15 minutes.");
  }
  return services_.database.write([&](db::Session& session) -> Result<boost::json::object> {
    boost::json::array allowed;
    if (!person_id.empty()) {
      allowed = descriptors(passkeys_of(session, person_id));
      if (allowed.empty()) {
        return refuse(AccountRefusal::passkey_not_found, "You have no passkey yet.");
      }
    }
    return boost::json::object{{"challenge", challenges_.issue(session, browser, purpose)},
                               {"rpId", here->id},
                               {"allowCredentials", std::move(allowed)},
                               {"userVerification", "required"},
                               {"timeout", 300'000}};
  });
}

}  // namespace imp::accounts
