#include <boost/json.hpp>

#include "registry/staging/staged_release.h"
#include "web/fixture.h"
#include "webauthn/software_authenticator.h"

namespace imp::web {
namespace {

using test::Behaviour;
using test::SoftwareAuthenticator;

const std::string kMine(kPassword);
const Behaviour kHonest{.origin = std::string(kPublicUrl), .site = "npm.example.test"};

class PasskeyPagesTest : public WebTest {
 protected:
  PasskeyPagesTest() { alice = person("alice"); }

  /// What the script asks, and the authenticator answers.
  std::string answer(Browser& browser, const std::string& action, const std::string& subject,
                     const Behaviour& behaviour = kHonest) {
    const Answer options =
        browser.post("/login/passkey/options", {{"action", action}, {"subject", subject}});
    EXPECT_EQ(options.status, 200) << options.body;
    const auto json = boost::json::parse(options.body);
    return key.get(std::string(json.at("challenge").as_string()), behaviour, alice.id);
  }
  /// The challenge on the page of a begun addition.
  static std::string creation_challenge(const Answer& page) {
    constexpr std::string_view before = "&quot;challenge&quot;:&quot;";
    const auto from = page.body.find(before) + before.size();
    return page.body.substr(from, page.body.find("&quot;", from) - from);
  }
  Answer add(Browser& browser, const Fields& factor = {}) {
    Fields fields{{"password", kMine}};
    fields.insert(fields.end(), factor.begin(), factor.end());
    const Answer begun = browser.post("/account/passkeys", fields);
    EXPECT_EQ(begun.header("location"), "/account/passkeys/new") << begun.body;
    const Answer page = browser.get("/account/passkeys/new");
    return browser.post("/account/passkeys/new",
                        {{"passkey_name", "laptop <1>"},
                         {"passkey", key.create(creation_challenge(page), kHonest)}});
  }

  accounts::Person alice;
  SoftwareAuthenticator key;
};

TEST_F(PasskeyPagesTest, TheFirstShowsRecoveryCodesAndIsListed) {
  Browser browser = signed_in("alice");
  const Answer added = add(browser);
  EXPECT_EQ(added.status, 200);
  EXPECT_TRUE(added.has("Your recovery codes"));
  const Answer account = browser.get("/account");
  EXPECT_TRUE(account.has("laptop &lt;1&gt;"));
  EXPECT_TRUE(account.has("A passkey guards sign-in"));
  EXPECT_TRUE(account.has("passkeys.js"));
}

TEST_F(PasskeyPagesTest, AddingNeedsThePasswordAndTheFactorThatIsThere) {
  Browser browser = signed_in("alice");
  EXPECT_EQ(browser.post("/account/passkeys", {{"password", "wrong"}}).status, 401);
  EXPECT_EQ(browser.get("/account/passkeys/new").header("location"), "/account#passkeys");
  add(browser);
  EXPECT_EQ(browser.post("/account/passkeys", {{"password", kMine}}).status, 401);
  EXPECT_EQ(browser
                .post("/account/passkeys",
                      {{"password", kMine}, {"passkey", answer(browser, "passkey.add", "")}})
                .status,
            303);
  // Nor may an app be set up behind the passkey's back.
  EXPECT_EQ(browser.post("/account/second-factor/begin", {{"password", kMine}}).status, 401);
}

TEST_F(PasskeyPagesTest, RemovingNeedsPasswordAndFactor) {
  Browser browser = signed_in("alice");
  add(browser);
  const std::string id = accounts_->passkeys.list(alice.id)->front().id;
  const std::string path = "/account/passkeys/" + id + "/remove";
  EXPECT_EQ(browser.post(path, {{"password", kMine}}).status, 401);
  EXPECT_EQ(
      browser
          .post(path, {{"password", "wrong"}, {"passkey", answer(browser, "passkey.remove", id)}})
          .status,
      401);
  EXPECT_EQ(accounts_->passkeys.list(alice.id)->size(), 1);
  EXPECT_EQ(
      browser.post(path, {{"password", kMine}, {"passkey", answer(browser, "passkey.remove", id)}})
          .status,
      303);
  EXPECT_TRUE(accounts_->passkeys.list(alice.id)->empty());
}

TEST_F(PasskeyPagesTest, AfterThePasswordAtSignIn) {
  {
    Browser first = signed_in("alice");
    add(first);
  }
  Browser browser{*this};
  browser.get("/login");
  EXPECT_EQ(browser.post("/login", {{"name", "alice"}, {"password", kMine}}).header("location"),
            "/login/code?next=%2F");
  const Answer page = browser.get("/login/code");
  const std::string before = "data-confirms=\"sign_in\" data-subject=\"";
  const std::string session = page.body.substr(page.body.find(before) + before.size(), 36);
  const std::string halfway = browser.cookie;
  EXPECT_EQ(
      browser.post("/login/code", {{"passkey", answer(browser, "stage.approve", session)}}).status,
      401);
  browser.get("/login/code");
  EXPECT_EQ(browser.post("/login/code", {{"passkey", answer(browser, "sign_in", session)}}).status,
            303);
  EXPECT_NE(browser.cookie, halfway);
  EXPECT_EQ(browser.get("/account").status, 200);
}

TEST_F(PasskeyPagesTest, WithoutAPassword) {
  {
    Browser first = signed_in("alice");
    add(first);
  }
  Browser browser{*this};
  EXPECT_TRUE(browser.get("/login").has("Sign in with a passkey"));
  const std::string given = answer(browser, "sign_in.passkey", "");
  const std::string cookie = browser.cookie;
  EXPECT_TRUE(cookie.starts_with("imp_passkey="));

  clock_.advance(std::chrono::seconds(1));  // this session is then the newest

  Browser thief{*this};
  EXPECT_EQ(thief.post("/login/passkey", {{"passkey", given}}).status, 401);
  thief.cookie = "imp_passkey=other";
  EXPECT_EQ(thief.post("/login/passkey", {{"passkey", given}}).status, 401);

  const Answer done = browser.post("/login/passkey", {{"passkey", given}, {"next", "/account"}});
  EXPECT_EQ(done.header("location"), "/account");
  EXPECT_EQ(browser.get("/account").status, 200);
  EXPECT_TRUE(accounts_->sessions.list(alice.id)->front().second_factor_at);

  Browser again{*this};
  again.cookie = cookie;
  EXPECT_EQ(again.post("/login/passkey", {{"passkey", given}}).status, 401);
  Browser foreign{*this};
  foreign.cookie = cookie;
  http::Request forged = request(
      http::Method::post, "/login/passkey",
      {{"Origin", "https://evil.example"}, {"Content-Type", "application/x-www-form-urlencoded"}},
      "passkey=x");
  EXPECT_EQ(foreign.send(forged).status, 403);
}

TEST_F(PasskeyPagesTest, TheQuestionIsForTheSessionThatAsks) {
  Browser nobody{*this};
  EXPECT_EQ(nobody.post("/login/passkey/options", {{"action", "stage.approve"}}).status, 401);
  Browser browser = signed_in("alice");
  EXPECT_EQ(browser.post("/login/passkey/options", {{"action", "stage.approve"}}).status, 404);
  add(browser);
  EXPECT_EQ(browser.post("/login/passkey/options", {{"action", ""}}).status, 401);
  browser.csrf = "wrong";
  EXPECT_EQ(browser.post("/login/passkey/options", {{"action", "stage.approve"}}).status, 403);
  EXPECT_EQ(browser.post("/login/passkey/options", {{"action", "sign_in.passkey"}}).status, 403);
}

TEST_F(PasskeyPagesTest, TrustChangesAreConfirmedWithOne) {
  Browser browser = signed_in("alice");
  add(browser);
  const auto acme = organization("acme", alice);
  const auto widgets = project(acme, "widgets");
  const auto definition = ci_->services().definitions.list(widgets.id)->front();
  publish("@alice/lib", "1.0.0", alice);
  const Answer page = browser.get("/package/@alice/lib/settings");
  EXPECT_TRUE(page.has("data-confirms=\"trust.create\" data-subject=\"@alice/lib\""));
  EXPECT_TRUE(page.has("name=\"passkey\""));
  const auto change = [&](const std::string& passkey) {
    return browser.post("/package/@alice/lib/settings/publishers",
                        {{"organization_id", acme.id},
                         {"project_id", widgets.id},
                         {"pipeline_definition_id", definition.id},
                         {"vcs_origin", widgets.vcs_origin},
                         {"context_ids", ""},
                         {"permission", "createStagedPackage"},
                         {"passkey", passkey}});
  };
  for (const auto& [action, subject] : {std::pair{"trust.revoke", "@alice/lib"},
                                        {"trust.create", "@alice/other"},
                                        {"stage.approve", "@alice/lib"}}) {
    EXPECT_EQ(change(answer(browser, action, subject)).status, 401) << action << subject;
  }
  EXPECT_EQ(count("SELECT COUNT(*) FROM trusted_publisher"), 0);
  const Answer done = change(answer(browser, "trust.create", "@alice/lib"));
  EXPECT_EQ(done.status, 303) << done.body;
  EXPECT_EQ(count("SELECT COUNT(*) FROM trusted_publisher"), 1);
}

// Each choice of a switch is asked for by itself: turning it on is not turning it off.
TEST_F(PasskeyPagesTest, ASwitchIsSetWithAnAnswerForThisSwitchAndDirection) {
  Browser browser = signed_in("alice");
  add(browser);
  publish("@alice/lib", "1.0.0", alice);
  const std::string page = "/package/@alice/lib/settings";
  const std::string on = "@alice/lib: turn on trusted publishing only",
                    off = "@alice/lib: turn off trusted publishing only";
  EXPECT_TRUE(browser.get(page).has("data-confirms=\"switch.set\" data-subject=\"" + on + "\""));
  const auto set = [&](const std::string& to, const std::string& subject) {
    return browser
        .post(page + "/switches", {{"switch", "trustedOnly"},
                                   {"on", to},
                                   {"passkey", answer(browser, "switch.set", subject)}})
        .status;
  };
  EXPECT_EQ(set("true", off), 401);
  EXPECT_EQ(set("true", "@alice/lib: turn on staged releases only"), 401);
  EXPECT_EQ(set("true", "@alice/lib"), 401);
  EXPECT_EQ(set("true", on), 303);
  EXPECT_TRUE(browser.get(page).has("data-subject=\"" + off + "\""));
  EXPECT_EQ(set("false", on), 401);
  EXPECT_EQ(set("false", off), 303);
}

TEST_F(PasskeyPagesTest, AReleaseIsDecidedWithAnAnswerForThisReleaseAndDecision) {
  Browser browser = signed_in("alice");
  add(browser);
  publish("@alice/lib", "1.0.0", alice);
  const auto stage = [&](const std::string& version) {
    registry::PublishCandidate candidate;
    candidate.name = "@alice/lib";
    candidate.version = version;
    candidate.tag = "latest";
    candidate.clean = registry::clean_manifest({}, candidate.package(), version);
    candidate.tarball.sha512 = std::string(128, 'a');
    candidate.tarball.integrity = "sha512-" + version;
    registry::PublishOrder order;
    order.caller.person = alice.name;
    order.publisher.person = {alice.name, alice.email};
    return registry_->services()
        .database
        .write([&](db::Session& session) {
          return registry::stage_release(session, candidate, order, {}, "", clock_.now());
        })
        .value()
        .id;
  };
  const std::string first = stage("1.1.0"), second = stage("1.2.0");
  const std::string path = "/package/@alice/lib/staged";
  const std::string review = path + "/" + first;
  EXPECT_TRUE(browser.get(review).has("data-confirms=\"stage.approve\" data-subject=\"" + first));
  const auto decide = [&](const std::string& decision, const std::string& passkey) {
    return browser.post(review, {{"decision", decision}, {"passkey", passkey}}).status;
  };
  for (const std::string decision : {"approve", "reject"}) {
    EXPECT_EQ(decide(decision, answer(browser, "stage." + decision, second)), 401) << decision;
    EXPECT_EQ(decide(decision, answer(browser, "sign_in", first)), 401) << decision;
  }
  EXPECT_EQ(decide("approve", answer(browser, "stage.reject", first)), 401);
  EXPECT_EQ(decide("reject", answer(browser, "stage.approve", first)), 401);
  EXPECT_TRUE(browser.get(path).has(first));
  // Made in another session of the same person.
  Browser elsewhere = signed_in("alice");
  const std::string relayed = answer(elsewhere, "stage.reject", first);
  EXPECT_EQ(decide("reject", relayed), 401);
  const std::string right = answer(browser, "stage.reject", first);
  EXPECT_EQ(decide("reject", right), 303);
  EXPECT_FALSE(browser.get(path).has(first));
  EXPECT_TRUE(browser.get(path).has(second));
}

TEST_F(PasskeyPagesTest, ACommandLineIsConfirmedWithOne) {
  Browser browser = signed_in("alice");
  add(browser);
  const auto flow =
      accounts_->web_flows
          .start_confirmation(alice, {.action = "stage.approve", .subject = "stage-1"},
                              request(http::Method::get, "/"))
          .value();
  const std::string path = "/login/cli/" + flow.id;
  EXPECT_TRUE(browser.get(path).has("data-subject=\"" + flow.id + "\""));
  EXPECT_EQ(
      browser
          .post(path, {{"answer", "yes"}, {"passkey", answer(browser, "stage.approve", "stage-1")}})
          .status,
      401);
  EXPECT_EQ(browser
                .post(path, {{"answer", "yes"},
                             {"passkey", answer(browser, "web_confirmation", flow.id)}})
                .status,
            303);
  EXPECT_TRUE(browser.get(path).has("Go back to your command line"));
}

TEST_F(PasskeyPagesTest, NpmSeesASecondFactor) {
  Browser browser = signed_in("alice");
  add(browser);
  accounts::NewToken wish;
  wish.name = "npm login";
  wish.kind = accounts::TokenKind::login;
  wish.reach = accounts::full_reach();
  const std::string token =
      accounts_->tokens
          .create(alice, wish, {.person_id = alice.id, .name = alice.name, .in_browser = true})
          .value()
          .token;
  const auto profile =
      answer_to(request(http::Method::get, "/-/npm/v1/user",
                        {{"Authorization", "Bearer " + token}, {"Accept", "application/json"}}));
  EXPECT_TRUE(profile.has(R"("tfa":{"pending":false,"mode":"auth-and-writes"})")) << profile.body;
  // Setting up an app with the password alone would be a way around the passkey.
  const auto begun = answer_to(
      request(http::Method::post, "/-/npm/v1/user", {{"Authorization", "Bearer " + token}},
              R"({"tfa":{"mode":"auth-and-writes","password":"correct horse battery"}})"));
  EXPECT_EQ(begun.status, 401);
  EXPECT_TRUE(begun.has("--auth-type=web")) << begun.body;
}

}  // namespace
}  // namespace imp::web
