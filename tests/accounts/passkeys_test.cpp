#include <gmock/gmock.h>

#include <boost/json.hpp>
#include <thread>

#include "fixture.h"
#include "webauthn/software_authenticator.h"

namespace imp::accounts {
namespace {

using crypto::KeyKind;
using test::Behaviour;
using test::SoftwareAuthenticator;
using testing::Contains;
using testing::Not;

const std::string kBrowser = "session:one";
const Purpose kApprove{.action = "stage.approve", .subject = "stage-1"};
const Behaviour kHonest{.origin = std::string(kPublicUrl), .site = "npm.example.test"};

std::string text(const boost::json::object& options, std::string_view name) {
  return std::string(options.at(name).as_string());
}

class PasskeysTest : public AccountsTest {
 protected:
  PasskeysTest() : AccountsTest(true) {}

  AddedPasskey add(const Person& person, const SoftwareAuthenticator& key,
                   const std::string& name = "laptop") {
    EXPECT_TRUE(keys_.begin(person, kBrowser, actor(person)));
    const auto options = keys_.creation_options(person, kBrowser);
    EXPECT_TRUE(options);
    auto added = keys_.add(person, kBrowser, name, key.create(text(*options, "challenge"), kHonest),
                           actor(person));
    if (!added) ADD_FAILURE() << added.error().message << added.error().detail;
    return added.value();
  }
  std::string asked(const Person& person, const Purpose& purpose,
                    const std::string& browser = kBrowser) {
    const auto options = keys_.request_options(person.id, browser, purpose, actor(person));
    if (!options) ADD_FAILURE() << options.error().message;
    return text(*options, "challenge");
  }
  Result<Confirmation> give(const Person& person, const std::string& answer,
                            const Purpose& purpose = kApprove,
                            const std::string& browser = kBrowser) {
    return accounts_->second_factors.check(person, GivenFactor::of_passkey(answer, browser),
                                           purpose, actor(person));
  }

  Passkeys& keys_ = accounts_->passkeys;
  Person alice_ = person("alice"), bob_ = person("bob");
  SoftwareAuthenticator key_;
};

TEST_F(PasskeysTest, FromTheFirstToADecision) {
  const AddedPasskey added = add(alice_, key_);
  EXPECT_EQ(added.recovery_codes.size(), 5);  // a passkey can be lost like a phone
  const auto state = accounts_->second_factors.state(alice_.id).value();
  EXPECT_TRUE(state.enabled);
  EXPECT_FALSE(state.totp);
  EXPECT_EQ(state.passkeys, 1);
  EXPECT_EQ(state.recovery_codes_left, 5);

  clock_.advance(1h);
  const auto confirmed = give(alice_, key_.get(asked(alice_, kApprove), kHonest, alice_.id));
  ASSERT_TRUE(confirmed) << confirmed.error().message;
  EXPECT_EQ(confirmed->kind, FactorKind::passkey);
  EXPECT_EQ(keys_.list(alice_.id)->front().last_used, clock_.now());
  EXPECT_THAT(audited(), Contains("passkey.add"));
  EXPECT_THAT(audited(), Contains("second_factor.enable"));
  EXPECT_THAT(audited(), Contains("second_factor.use"));
}

TEST_F(PasskeysTest, ASecondOneKeepsTheRecoveryCodes) {
  EXPECT_FALSE(add(alice_, key_).recovery_codes.empty());
  EXPECT_TRUE(
      add(alice_, SoftwareAuthenticator(KeyKind::rsa, "other"), "phone").recovery_codes.empty());
  enable_totp(bob_);
  EXPECT_TRUE(add(bob_, SoftwareAuthenticator(KeyKind::ed25519, "third")).recovery_codes.empty());
}

// The page of a set-up shows its secret to the session: behind a passkey that would be a way around
// it.
TEST_F(PasskeysTest, TheFirstEndsTheSetUpOfAnApp) {
  ASSERT_TRUE(accounts_->second_factors.begin_totp(alice_, actor(alice_)));
  add(alice_, key_);
  EXPECT_EQ(code_of(accounts_->second_factors.pending_totp(alice_)), "second_factor_not_pending");
  ASSERT_TRUE(accounts_->second_factors.begin_totp(alice_, actor(alice_)));
  add(alice_, SoftwareAuthenticator(KeyKind::p256, "other"));
  EXPECT_TRUE(accounts_->second_factors.pending_totp(alice_));
}

TEST_F(PasskeysTest, TheOptionsAskForVerificationAndNameWhatIsThere) {
  add(alice_, key_);
  ASSERT_TRUE(keys_.begin(alice_, kBrowser, actor(alice_)));
  const auto creation = keys_.creation_options(alice_, kBrowser).value();
  EXPECT_EQ(creation.at("rp").at("id"), "npm.example.test");
  EXPECT_EQ(creation.at("authenticatorSelection").at("userVerification"), "required");
  EXPECT_EQ(creation.at("authenticatorSelection").at("residentKey"), "required");
  EXPECT_EQ(creation.at("attestation"), "none");
  EXPECT_EQ(creation.at("excludeCredentials").as_array().size(), 1);
  EXPECT_EQ(creation.at("pubKeyCredParams").as_array().size(), 3);
  EXPECT_FALSE(boost::json::serialize(creation).contains(alice_.email));
  const auto request = keys_.request_options(alice_.id, kBrowser, kApprove, actor(alice_)).value();
  EXPECT_EQ(request.at("userVerification"), "required");
  EXPECT_EQ(request.at("allowCredentials").as_array().size(), 1);
  // For a sign-in without a name nothing tells who has which passkeys.
  const auto nobody =
      keys_.request_options("", "browser:x", passkey_sign_in(), Actor::anonymous("192.0.2.1"));
  EXPECT_TRUE(nobody->at("allowCredentials").as_array().empty());
}

TEST_F(PasskeysTest, AnAnswerCountsOnce) {
  add(alice_, key_);
  const std::string answer = key_.get(asked(alice_, kApprove), kHonest);
  EXPECT_TRUE(give(alice_, answer));
  EXPECT_EQ(code_of(give(alice_, answer)), "passkey_challenge_unknown");
  // Not even for the actions whose codes may be repeated.
  const Purpose again{.action = "package.unpublish", .subject = "x", .repeatable = true};
  const std::string repeated = key_.get(asked(alice_, again), kHonest);
  EXPECT_TRUE(give(alice_, repeated, again));
  EXPECT_EQ(code_of(give(alice_, repeated, again)), "passkey_challenge_unknown");
}

TEST_F(PasskeysTest, OfManyAtOnceExactlyOneWins) {
  key_.counts = false;  // so that the counter cannot be what decides
  add(alice_, key_);
  const std::string answer = key_.get(asked(alice_, kApprove), kHonest);
  std::atomic<int> granted = 0;
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 8; ++thread) {
    threads.emplace_back([&] { granted += give(alice_, answer).has_value() ? 1 : 0; });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(granted, 1);
}

TEST_F(PasskeysTest, AnAnswerForOneThingConfirmsNoOther) {
  add(alice_, key_);
  const Purpose sign_in{.action = "sign_in", .subject = "one"};
  const Purpose other_release{.action = "stage.approve", .subject = "stage-2"};
  const Purpose rejection{.action = "stage.reject", .subject = "stage-1"};
  for (const Purpose& made_for : {sign_in, other_release, rejection, passkey_sign_in()}) {
    const std::string answer = key_.get(asked(alice_, made_for), kHonest);
    EXPECT_EQ(code_of(give(alice_, answer)), "passkey_wrong_purpose") << made_for.action;
  }
  // And an approval's signs nobody in.
  const std::string approval = key_.get(asked(alice_, kApprove), kHonest, alice_.id);
  EXPECT_EQ(code_of(keys_.sign_in(kBrowser, approval, Actor::anonymous("192.0.2.1"))),
            "passkey_wrong_purpose");
}

TEST_F(PasskeysTest, AnAnswerMadeInAnotherBrowserIsRefused) {
  add(alice_, key_);
  const std::string relayed = key_.get(asked(alice_, kApprove, "session:phished"), kHonest);
  EXPECT_EQ(code_of(give(alice_, relayed)), "passkey_challenge_unknown");
  EXPECT_TRUE(give(alice_, relayed, kApprove, "session:phished"));
}

TEST_F(PasskeysTest, AChallengeLivesFiveMinutes) {
  add(alice_, key_);
  const std::string challenge = asked(alice_, kApprove);
  clock_.advance(5min);
  EXPECT_EQ(code_of(give(alice_, key_.get(challenge, kHonest))), "passkey_challenge_unknown");
  EXPECT_EQ(keys_.purge_expired().value(), 1);
  EXPECT_EQ(code_of(give(alice_, key_.get("never issued", kHonest))), "passkey_challenge_unknown");
}

TEST_F(PasskeysTest, ABrowserCannotPileUpChallenges) {
  add(alice_, key_);
  const std::string first = asked(alice_, kApprove);
  for (int number = 0; number < 30; ++number) {
    clock_.advance(1ms);
    asked(alice_, kApprove);
  }
  EXPECT_EQ(count("SELECT COUNT(*) FROM accounts_passkey_challenges"), 20);
  EXPECT_EQ(code_of(give(alice_, key_.get(first, kHonest))), "passkey_challenge_unknown");
}

TEST_F(PasskeysTest, SomebodyElsesPasskeyIsRefused) {
  SoftwareAuthenticator bobs(KeyKind::p256, "bob's"), nobodys(KeyKind::p256, "nobody's");
  add(alice_, key_);
  add(bob_, bobs);
  EXPECT_EQ(code_of(give(alice_, bobs.get(asked(alice_, kApprove), kHonest))), "passkey_not_yours");
  EXPECT_EQ(code_of(give(alice_, nobodys.get(asked(alice_, kApprove), kHonest))),
            "passkey_not_yours");
  // Alice's credential id under another key.
  SoftwareAuthenticator forged(KeyKind::p256, key_.id);
  EXPECT_EQ(code_of(give(alice_, forged.get(asked(alice_, kApprove), kHonest))),
            "passkey_signature_wrong");
  EXPECT_EQ(code_of(give(alice_, key_.get(asked(alice_, kApprove), kHonest, bob_.id))),
            "passkey_not_yours");
}

TEST_F(PasskeysTest, WhatIsWrongWithAnAnswerIsAuditedAndChangesNothing) {
  add(alice_, key_);
  const struct {
    std::string_view why;
    Behaviour behaviour;
    std::string_view code;
  } cases[] = {
      {"origin",
       {.origin = "https://npm.example.test", .site = kHonest.site},
       "passkey_wrong_origin"},
      {"rpId", {.origin = kHonest.origin, .site = "evil.example"}, "passkey_wrong_site"},
      {"presence",
       {.origin = kHonest.origin, .site = kHonest.site, .flags = 0x04},
       "passkey_not_verified"},
      {"verification",
       {.origin = kHonest.origin, .site = kHonest.site, .flags = 0x01},
       "passkey_not_verified"},
      {"ceremony",
       {.origin = kHonest.origin, .site = kHonest.site, .type = "webauthn.create"},
       "passkey_wrong_ceremony"},
  };
  for (const auto& [why, behaviour, code] : cases) {
    const std::string challenge = asked(alice_, kApprove);
    EXPECT_EQ(code_of(give(alice_, key_.get(challenge, behaviour))), code) << why;
    EXPECT_EQ(count("SELECT COUNT(*) FROM audit_records WHERE action = 'second_factor.use' AND "
                    "outcome = '" +
                    std::string(code) + "'") > 0,
              true)
        << why;
  }
  EXPECT_FALSE(keys_.list(alice_.id)->front().last_used);
}

TEST_F(PasskeysTest, ACounterThatDoesNotMoveOnIsACopy) {
  add(alice_, key_);
  key_.count = 10;
  EXPECT_TRUE(give(alice_, key_.get(asked(alice_, kApprove), kHonest)));
  for (const std::uint32_t shown : {11U, 10U, 1U, 0U}) {
    Behaviour copy = kHonest;
    copy.count = shown;
    EXPECT_EQ(code_of(give(alice_, key_.get(asked(alice_, kApprove), copy))), "passkey_counter")
        << shown;
  }
  EXPECT_EQ(count("SELECT COUNT(*) FROM audit_records WHERE outcome = 'passkey_counter'"), 4);
  key_.count = 0xffff'fffe;
  EXPECT_TRUE(give(alice_, key_.get(asked(alice_, kApprove), kHonest)));
}

TEST_F(PasskeysTest, ASynchronisedPasskeyNeverCounts) {
  key_.counts = false;
  add(alice_, key_);
  for (int use = 0; use < 3; ++use) {
    EXPECT_TRUE(give(alice_, key_.get(asked(alice_, kApprove), kHonest)));
  }
}

TEST_F(PasskeysTest, ACredentialIsRegisteredOnce) {
  add(alice_, key_);
  for (const Person& person : {alice_, bob_}) {
    ASSERT_TRUE(keys_.begin(person, kBrowser, actor(person)));
    const auto options = keys_.creation_options(person, kBrowser).value();
    EXPECT_EQ(code_of(keys_.add(person, kBrowser, "again",
                                key_.create(text(options, "challenge"), kHonest), actor(person))),
              "passkey_exists");
  }
  EXPECT_FALSE(accounts_->second_factors.state(bob_.id)->enabled);
}

TEST_F(PasskeysTest, AnAdditionIsBoundToItsBrowserAndCountsOnce) {
  EXPECT_EQ(code_of(keys_.creation_options(alice_, kBrowser)), "passkey_challenge_unknown");
  ASSERT_TRUE(keys_.begin(alice_, kBrowser, actor(alice_)));
  EXPECT_EQ(code_of(keys_.creation_options(alice_, "session:other")), "passkey_challenge_unknown");
  const std::string challenge = text(keys_.creation_options(alice_, kBrowser).value(), "challenge");
  const std::string answer = key_.create(challenge, kHonest);
  EXPECT_EQ(code_of(keys_.add(alice_, "session:other", "x", answer, actor(alice_))),
            "passkey_challenge_unknown");
  EXPECT_TRUE(keys_.add(alice_, kBrowser, "x", answer, actor(alice_)));
  const SoftwareAuthenticator second(KeyKind::p256, "second");
  EXPECT_EQ(
      code_of(keys_.add(alice_, kBrowser, "y", second.create(challenge, kHonest), actor(alice_))),
      "passkey_challenge_unknown");
  // A challenge for confirming something adds nothing.
  EXPECT_EQ(code_of(keys_.add(alice_, kBrowser, "z",
                              second.create(asked(alice_, kApprove), kHonest), actor(alice_))),
            "passkey_wrong_purpose");
  EXPECT_EQ(keys_.list(alice_.id)->size(), 1);
}

TEST_F(PasskeysTest, NoChallengeForANewPasskeyIsGivenWithoutBeginning) {
  add(alice_, key_);
  EXPECT_EQ(code_of(keys_.request_options(alice_.id, kBrowser, {.action = "passkey.create"},
                                          actor(alice_))),
            "passkey_wrong_purpose");
  // The one that confirms the wish to add is for confirming alone.
  const SoftwareAuthenticator second(KeyKind::p256, "second");
  const std::string challenge = asked(alice_, {.action = "passkey.add"});
  EXPECT_EQ(
      code_of(keys_.add(alice_, kBrowser, "x", second.create(challenge, kHonest), actor(alice_))),
      "passkey_wrong_purpose");
}

TEST_F(PasskeysTest, WhatTheStoreCannotHoldIsRefusedBeforeIt) {
  add(alice_, key_);
  for (const std::string& text :
       {std::string("a\0b", 3), std::string("\xff"), std::string(301, 'x')}) {
    EXPECT_EQ(code_of(keys_.request_options(alice_.id, kBrowser, {.action = text}, actor(alice_))),
              "passkey_wrong_purpose");
    EXPECT_EQ(
        code_of(keys_.request_options(alice_.id, kBrowser,
                                      {.action = "stage.approve", .subject = text}, actor(alice_))),
        "passkey_wrong_purpose");
  }
  EXPECT_EQ(code_of(give(alice_, key_.get("a\\u0000b", kHonest))), "passkey_challenge_unknown");
}

TEST_F(PasskeysTest, TwentyAtMostAndNamesInOneLine) {
  for (int number = 0; number < 20; ++number) {
    add(alice_, SoftwareAuthenticator(KeyKind::ed25519, "key " + std::to_string(number)));
  }
  EXPECT_EQ(code_of(keys_.begin(alice_, kBrowser, actor(alice_))), "passkey_limit");
  for (const std::string& name : {std::string(), std::string("  "), std::string(61, 'x'),
                                  std::string("a\nb"), std::string("\xff")}) {
    EXPECT_EQ(code_of(keys_.add(bob_, kBrowser, name, "{}", actor(bob_))), "passkey_name_invalid");
  }
}

TEST_F(PasskeysTest, OnlyThePersonChangesTheirPasskeys) {
  const std::string id = add(alice_, key_).passkey.id;
  const Person root = person("root", true);
  EXPECT_EQ(code_of(keys_.begin(alice_, kBrowser, actor(root))), "administrator_only");
  EXPECT_EQ(code_of(keys_.remove(alice_, id, actor(bob_))), "administrator_only");
  EXPECT_EQ(code_of(keys_.remove(bob_, id, actor(bob_))), "passkey_not_found");
  Actor limited = actor(alice_);
  limited.limited = true;
  EXPECT_EQ(code_of(keys_.remove(alice_, id, limited)), "credential_limited");
  EXPECT_EQ(keys_.list(alice_.id)->size(), 1);
}

TEST_F(PasskeysTest, WithTheLastOneTheSecondFactorIsGone) {
  const AddedPasskey one = add(alice_, key_);
  const AddedPasskey two = add(alice_, SoftwareAuthenticator(KeyKind::p256, "two"));
  ASSERT_TRUE(keys_.remove(alice_, one.passkey.id, actor(alice_)));
  EXPECT_EQ(code_of(give(alice_, key_.get(asked(alice_, kApprove), kHonest))), "passkey_not_yours");
  EXPECT_EQ(accounts_->second_factors.state(alice_.id)->recovery_codes_left, 5);
  ASSERT_TRUE(keys_.remove(alice_, two.passkey.id, actor(alice_)));
  EXPECT_FALSE(accounts_->second_factors.state(alice_.id)->enabled);
  EXPECT_EQ(count("SELECT COUNT(*) FROM accounts_recovery_codes"), 0);
  EXPECT_THAT(audited(), Contains("second_factor.disable"));
}

TEST_F(PasskeysTest, BesideAnAppEitherCanGo) {
  const auto codes = enable_totp(alice_);
  const AddedPasskey added = add(alice_, key_);
  ASSERT_TRUE(accounts_->second_factors.remove_totp(alice_, actor(alice_)));
  const auto state = accounts_->second_factors.state(alice_.id).value();
  EXPECT_TRUE(state.enabled);
  EXPECT_FALSE(state.totp);
  EXPECT_EQ(state.recovery_codes_left, 5);
  EXPECT_EQ(code_of(accounts_->second_factors.check(alice_, code(alice_), kApprove, actor(alice_))),
            "second_factor_wrong");
  EXPECT_TRUE(accounts_->second_factors.check(alice_, codes[0], kApprove, actor(alice_)));
  enable_totp(alice_);
  ASSERT_TRUE(keys_.remove(alice_, added.passkey.id, actor(alice_)));
  EXPECT_TRUE(accounts_->second_factors.state(alice_.id)->enabled);
  EXPECT_TRUE(accounts_->second_factors.check(alice_, code(alice_), kApprove, actor(alice_)));
}

TEST_F(PasskeysTest, SwitchingOffForgetsPasskeysToo) {
  enable_totp(alice_);
  add(alice_, key_);
  ASSERT_TRUE(accounts_->second_factors.disable(alice_, actor(alice_)));
  EXPECT_TRUE(keys_.list(alice_.id)->empty());
  EXPECT_FALSE(accounts_->second_factors.state(alice_.id)->enabled);
}

TEST_F(PasskeysTest, APasskeyAloneSignsIn) {
  add(alice_, key_);
  const Actor stranger = Actor::anonymous("192.0.2.1");
  const auto ask = [&](const std::string& browser = "browser:a") {
    return text(keys_.request_options("", browser, passkey_sign_in(), stranger).value(),
                "challenge");
  };
  const std::string answer = key_.get(ask(), kHonest, alice_.id);
  EXPECT_EQ(code_of(keys_.sign_in("browser:b", answer, stranger)), "passkey_challenge_unknown");
  const auto person = keys_.sign_in("browser:a", answer, stranger);
  ASSERT_TRUE(person) << person.error().message;
  EXPECT_EQ(person->name, "alice");
  EXPECT_EQ(code_of(keys_.sign_in("browser:a", answer, stranger)), "passkey_challenge_unknown");
  for (const std::string& handle : {std::string(), bob_.id, std::string("nobody"),
                                    std::string("\xff"), std::string("a\0b", 3)}) {
    EXPECT_EQ(code_of(keys_.sign_in("browser:a", key_.get(ask(), kHonest, handle), stranger)),
              "passkey_not_yours");
  }
  EXPECT_THAT(audited(), Contains("sign_in"));
}

TEST_F(PasskeysTest, FailedSignInsAreLimitedByAddress) {
  const Actor stranger = Actor::anonymous("192.0.2.1");
  for (int attempt = 0; attempt < 100; ++attempt) {
    EXPECT_EQ(code_of(keys_.sign_in("browser:a", "{}", stranger)), "passkey_malformed");
  }
  EXPECT_EQ(code_of(keys_.sign_in("browser:a", "{}", stranger)), "too_many_attempts");
}

TEST_F(PasskeysTest, APasswordAloneIsNotEnoughForBasic) {
  add(alice_, key_);
  const std::string basic = "Basic " + base64(bytes_of("alice:" + std::string(kPassword)));
  EXPECT_EQ(code_of(accounts_->authenticator.authenticate(request({{"Authorization", basic}}))),
            "password_not_enough");
}

TEST_F(PasskeysTest, TheCommandLineIsConfirmedWithAPasskey) {
  add(alice_, key_);
  const auto flow = accounts_->web_flows.start_confirmation(alice_, kApprove, request()).value();
  const auto other = accounts_->web_flows.start_confirmation(alice_, kApprove, request()).value();
  const auto confirm = [&](const std::string& id, const std::string& answer) {
    return code_of(accounts_->web_flows.confirm_purpose(
        id, alice_, GivenFactor::of_passkey(answer, kBrowser), actor(alice_)));
  };
  // Made for the approval itself, or for another client's wish, it does not confirm this one.
  EXPECT_EQ(confirm(flow.id, key_.get(asked(alice_, kApprove), kHonest)), "passkey_wrong_purpose");
  EXPECT_EQ(confirm(flow.id, key_.get(asked(alice_, WebFlows::confirmation_of(other.id)), kHonest)),
            "passkey_wrong_purpose");
  EXPECT_EQ(confirm(flow.id, key_.get(asked(alice_, WebFlows::confirmation_of(flow.id)), kHonest)),
            "");
  const auto poll =
      accounts_->web_flows.poll(flow.done_secret, Actor::anonymous("192.0.2.1")).value();
  ASSERT_FALSE(poll.pending);
  Actor client = actor(alice_);
  client.via = "token:key";
  const auto used = accounts_->second_factors.check(alice_, poll.token, kApprove, client);
  ASSERT_TRUE(used) << used.error().message;
  EXPECT_EQ(used->kind, FactorKind::web_passkey);
  EXPECT_FALSE(accounts_->second_factors.check(alice_, poll.token, kApprove, client));
}

TEST_F(PasskeysTest, WithoutTheWebFlowTheChallengeSaysWhatToDo) {
  const auto codes = add(alice_, key_).recovery_codes;
  const auto require = [&](http::Headers headers) {
    Caller caller = Caller::with_password(alice_, request());
    return accounts_->second_factor_gate.require(request(std::move(headers)), caller,
                                                 {.purpose = kApprove});
  };
  for (const http::Headers& headers : {http::Headers{}, http::Headers{{"npm-otp", "123456"}}}) {
    const auto asked = require(headers);
    ASSERT_FALSE(asked);
    EXPECT_EQ(asked.error().status, 401);
    const std::string body = std::get<std::string>(asked.error().body);
    EXPECT_TRUE(body.contains("--auth-type=web")) << body;
    EXPECT_TRUE(body.contains("one-time pass")) << body;  // how npm knows a challenge
  }
  const auto web = require({{"npm-auth-type", "web"}, {"npm-command", "stage"}});
  ASSERT_FALSE(web);
  EXPECT_TRUE(std::get<std::string>(web.error().body).contains("authUrl"));
  EXPECT_TRUE(require({{"npm-otp", codes[0]}}));
}

TEST_F(PasskeysTest, WhereBrowsersRefusePasskeysTheyAreNotOffered) {
  const Services services{.database = *database_,
                          .clock = clock_,
                          .random = crypto::system_random(),
                          .sealer = sealer_,
                          .log = null_log(),
                          .metrics = metrics_,
                          .settings = {.public_url = "http://npm.example.test",
                                       .password_cost = crypto::PasswordCost::minimal}};
  Accounts plain(services);
  EXPECT_FALSE(plain.passkeys.available());
  EXPECT_EQ(code_of(plain.passkeys.begin(alice_, kBrowser, actor(alice_))), "passkey_unavailable");
  EXPECT_EQ(code_of(plain.passkeys.request_options("", kBrowser, passkey_sign_in(),
                                                   Actor::anonymous("192.0.2.1"))),
            "passkey_unavailable");
}

}  // namespace
}  // namespace imp::accounts
