#include "registry/api/registry_fixture.h"

namespace imp::registry::test {
namespace {

constexpr std::string_view kSwitches = "/-/package/@acme%2flib/publish-switches";

/// One request that takes a second factor.
struct Change {
  Method method;
  std::string target, body = {};
};

/// What somebody confirms in the browser for a client: a client that has their token, and is
/// perhaps not theirs.
class Confirmations : public RegistryTest {
 protected:
  Confirmations() {
    EXPECT_EQ(publish(alice.token, "@acme/lib", "1.0.0", otp(alice)).status, 201);
    EXPECT_EQ(publish(alice.token, "@acme/lib", "1.1.0", otp(alice)).status, 201);
    EXPECT_TRUE(write([&](db::Session& session) -> Result<void> {
      session.run("UPDATE accounts_people SET is_admin = 1 WHERE name = 'alice'");
      return {};
    }));
  }

  Answer send(const Change& change, std::string code = {}) {
    return ask({.method = change.method,
                .target = change.target,
                .token = alice.token,
                .otp = std::move(code),
                .body = change.body,
                .headers = {{"npm-auth-type", "web"}, {"npm-command", "any"}}});
  }
  /// The page that the client is sent to.
  std::string asked(const Answer& challenge) {
    EXPECT_EQ(challenge.outcome(), "401 second_factor_required");
    const std::string url = challenge.text("authUrl");
    return url.substr(url.rfind('/') + 1);
  }
  /// What the page says.
  std::string said(const Change& change) {
    return accounts_->web_flows.find(asked(send(change)))->purpose.subject;
  }
  /// What the client is given once alice has confirmed it.
  std::string confirmed(const Change& change) {
    const Answer challenge = send(change);
    const accounts::Actor browser{
        .person_id = alice.person.id, .name = "alice", .in_browser = true};
    EXPECT_TRUE(
        accounts_->web_flows.confirm_purpose(asked(challenge), alice.person, otp(alice), browser));
    return get(challenge.text("doneUrl").substr(kPublicUrl.size())).text("token");
  }
  std::string trust(std::string_view project) {
    json::object claims = trust::test::publisher_claims();
    claims["oidc.circleci.com/vcs-origin"] = fmt::format("github.com/acme/{}", project);
    return json::serialize(json::array{
        {{"type", "circleci"}, {"claims", claims}, {"permissions", {"createStagedPackage"}}}});
  }
  /// The id in the answer to a change.
  std::string made(const Change& change) {
    const json::value answer = send(change, otp(alice)).document();
    return std::string((answer.is_array() ? answer.at(0) : answer).at("id").as_string());
  }
  std::string owners(std::initializer_list<std::string_view> names) {
    json::array people;
    for (const std::string_view name : names) {
      people.push_back({{"name", name}, {"email", "x@example.test"}});
    }
    return json::serialize(
        json::object{{"_id", "@acme/lib"}, {"_rev", rev()}, {"maintainers", people}});
  }
  std::string rev() { return get("/@acme%2flib?write=true", alice.token).text("_rev"); }

  User alice = add_user("alice", true), bob = add_user("bob");
  accounts::Organization acme = add_organization("acme", alice);
};

// Alice is told that a protection is turned on, and confirms that.
TEST_F(Confirmations, ForTurningASwitchOnIsRefusedForTurningItOff) {
  const auto change = [](std::string_view body, std::string_view target = kSwitches) {
    return Change{Method::put, std::string(target), std::string(body)};
  };
  const Change on = change(R"({"trustedOnly": true})");
  EXPECT_EQ(said(on), "@acme/lib: turn on trusted publishing only");
  ASSERT_EQ(send(on, confirmed(on)).status, 200);
  const std::string code = confirmed(on);
  for (const Change& other :
       {change(R"({"trustedOnly": false})"), change(R"({"stagedOnly": true})"),
        change(R"({"trustedOnly": true, "stagedOnly": false})"),
        change("{\"secondFactor\": false}"),
        change(R"({"trustedOnly": true})", "/-/org/acme/publish-switches")}) {
    EXPECT_EQ(send(other, code).outcome(), "401 second_factor_required") << other.body;
  }
  EXPECT_TRUE(
      get(std::string(kSwitches), alice.token).document().at("trustedOnly").at("endsAt").is_null());
  EXPECT_EQ(audited("switch."), std::vector<std::string>{"switch.on granted"});
  EXPECT_EQ(send(on, code).status, 200);
}

TEST_F(Confirmations, AreForOneChangeAndSayWhich) {
  const std::string package = "/-/package/@acme%2flib";
  const Change first{Method::post, package + "/trust", trust("one")},
      second{Method::post, package + "/trust", trust("two")};
  const Change hook{Method::post, package + "/hooks", R"({"url": "https://one.example/"})"},
      other_hook{Method::post, package + "/hooks", R"({"url": "https://two.example/"})"};
  const Change freeze{Method::post, "/-/freezes", R"({"package": "a", "reason": "Stolen."})"},
      other_freeze{Method::post, "/-/freezes", R"({"package": "b", "reason": "Stolen."})"};
  const Change strict{Method::put, package + "/stage-policy", R"({"approvals": 2})"};
  // Ids of what is there are known once it is.
  const std::string trust_a = made(first), trust_b = made(second), hook_a = made(hook),
                    hook_b = made(other_hook), freeze_a = made(freeze),
                    freeze_b = made(other_freeze);
  ASSERT_EQ(send(strict, otp(alice)).status, 200);
  const auto issuer = [](std::string_view host) {
    return Change{Method::post, "/-/trust/issuers",
                  fmt::format(R"({{"id": "ci", "kind": "generic", "url": "https://{}",
                      "tenant_claim": "organization"}})",
                              host)};
  };
  const auto token = [](std::string_view more) {
    return Change{Method::post, "/-/npm/v1/tokens",
                  fmt::format(R"({{"name": "ci", "password": "{}", "packages": ["@acme/lib"],
                      "packages_and_scopes_permission": "read-only"{}}})",
                              kPassword, more)};
  };
  const std::string put_owners = "/@acme%2flib/-rev/" + rev();
  const struct {
    std::string_view what;
    Change change, other;
    std::vector<std::string> says;
  } cases[] = {
      {"a publisher",
       {Method::post, package + "/trust", trust("three")},
       {Method::post, package + "/trust", trust("four")},
       {"@acme/lib: circleci at https://", "github.com/acme/three", "may createStagedPackage"}},
      {"a publisher that is removed",
       {Method::del, package + "/trust/" + trust_a},
       {Method::del, package + "/trust/" + trust_b},
       {"@acme/lib: circleci at ", "github.com/acme/one", trust_a}},
      {"a stricter policy",
       {Method::put, package + "/stage-policy", R"({"approvals": 3})"},
       {Method::put, package + "/stage-policy", R"({"approvals": 1})"},
       {"@acme/lib: stricter than now, 3 approvals"}},
      {"a policy with something less",
       {Method::put, package + "/stage-policy", R"({"approvals": 3, "passkeysOnly": true})"},
       {Method::put, package + "/stage-policy", R"({"approvals": 3})"},
       {"3 approvals, each confirmed with a passkey"}},
      {"a looser policy",
       {Method::put, package + "/stage-policy", R"({"approvals": 1})"},
       {Method::del, package + "/stage-policy"},
       {"@acme/lib: looser than now, 1 approval"}},
      {"a policy that is taken back",
       {Method::del, package + "/stage-policy"},
       {Method::put, package + "/stage-policy", R"({"approvals": 1})"},
       {"@acme/lib: taken back, "}},
      {"a webhook",
       {Method::post, package + "/hooks", R"({"url": "https://three.example/"})"},
       {Method::post, package + "/hooks", R"({"url": "https://four.example/"})"},
       {"@acme/lib: https://three.example/, all events"}},
      {"a webhook that is changed",
       {Method::put, package + "/hooks/" + hook_b, R"({"url": "https://five.example/"})"},
       {Method::put, package + "/hooks/" + hook_a, R"({"url": "https://five.example/"})"},
       {"https://five.example/", hook_b}},
      {"a webhook that is removed",
       {Method::del, package + "/hooks/" + hook_a},
       {Method::del, package + "/hooks/" + hook_b},
       {"https://one.example/", hook_a}},
      {"a dist-tag",
       {Method::put, package + "/dist-tags/next", "\"1.0.0\""},
       {Method::put, package + "/dist-tags/next", "\"1.1.0\""},
       {"@acme/lib: next to 1.0.0"}},
      {"a dist-tag that is removed",
       {Method::del, package + "/dist-tags/next"},
       {Method::del, package + "/dist-tags/beta"},
       {"@acme/lib: next"}},
      {"who may read",
       {Method::post, package + "/access", R"({"access": "restricted"})"},
       {Method::post, package + "/access", R"({"access": "public"})"},
       {"@acme/lib: restricted"}},
      {"npm's switch",
       {Method::post, package + "/access", R"({"publish_requires_tfa": true})"},
       {Method::post, package + "/access", R"({"publish_requires_tfa": false})"},
       {"@acme/lib: turn on a second factor for every publish by a person"}},
      {"a freeze",
       {Method::post, "/-/freezes", R"({"package": "c", "reason": "Stolen."})"},
       {Method::post, "/-/freezes", R"({"everything": true, "reason": "Stolen."})"},
       {"c: Stolen."}},
      {"the end of a freeze",
       {Method::del, "/-/freezes/" + freeze_a},
       {Method::del, "/-/freezes/" + freeze_b},
       {"a: " + freeze_a}},
      {"an issuer", issuer("one.example"), issuer("two.example"), {"ci: https://one.example"}},
      {"a token",
       token(""),
       token(R"(, "bypass_2fa": true)"),
       {"a token: packages read-only, organisations no-access, packages @acme/lib, named \"ci\""}},
      {"a profile",
       {Method::post, "/-/npm/v1/user", R"({"email": "alice@example.test"})"},
       {Method::post, "/-/npm/v1/user", R"({"email": "mallory@example.test"})"},
       {"alice: email alice@example.test"}},
      // The last, since it changes the revision.
      {"maintainers",
       {Method::put, put_owners, owners({"alice", "bob"})},
       {Method::put, put_owners, owners({"alice", "mallory"})},
       {"@acme/lib: alice, bob"}},
  };
  for (const auto& [what, change, other, says] : cases) {
    SCOPED_TRACE(what);
    const std::string text = said(change);
    for (const std::string& part : says) EXPECT_TRUE(text.contains(part)) << text;
    Change wanted = change, wrong = other;
    if (what == "maintainers") {
      // Tags were set since.
      wanted.target = wrong.target = "/@acme%2flib/-rev/" + rev();
      wanted.body = owners({"alice", "bob"});
      wrong.body = owners({"alice", "mallory"});
    }
    const std::string code = confirmed(wanted);
    EXPECT_EQ(send(wrong, code).outcome(), "401 second_factor_required");
    const Answer done = send(wanted, code);
    EXPECT_LT(done.status, 300) << done.body;
    clock_.advance(std::chrono::minutes(16));  // wrong codes are limited
  }
}

// Whoever may not see a publisher learns nothing of it from what they would have to confirm.
TEST_F(Confirmations, NameNobodyElsesPublishers) {
  const std::string id = made({Method::post, "/-/package/@acme%2flib/trust", trust("secret")});
  EXPECT_EQ(publish(alice.token, "own", "1.0.0", otp(alice)).status, 201);
  EXPECT_EQ(said({Method::del, "/-/package/own/trust/" + id}), "own: " + id);
}

}  // namespace
}  // namespace imp::registry::test
