#include "registry/trust/publisher.h"
#include "registry/packages/store.h"
#include "registry/trust/attempt.h"
#include "registry/trust/issuer_table.h"
#include "registry/trust/publisher_place.h"
#include "web/fixture.h"

namespace imp::web {
namespace {

const std::string kSettings = "/package/@acme/lib/settings";

class PublisherPagesTest : public WebTest {
 protected:
  PublisherPagesTest() {
    alice = person("alice");
    acme = organization("acme", alice);
    widgets = project(acme, "widgets");
    definition = ci_->services().definitions.list(widgets.id)->front();
    publish("@acme/lib", "1.0.0", alice);
  }

  Fields form(const std::string& code) const {
    return {{"organization_id", acme.id},
            {"project_id", " " + widgets.id + "\n"},  // as pasted
            {"pipeline_definition_id", definition.id},
            {"vcs_origin", widgets.vcs_origin},
            {"context_ids", ""},
            {"permission", "createStagedPackage"},
            {"otp", code}};
  }
  std::vector<trust::TrustedPublisher> publishers() {
    return registry_->services()
        .database
        .read([&](db::Session& session) -> Result<std::vector<trust::TrustedPublisher>> {
          const auto package = registry::find_package(session, "@acme/lib");
          return trust::publishers_of(session, package->id);
        })
        .value();
  }

  accounts::Person alice;
  accounts::Organization acme;
  ci::Project widgets;
  ci::PipelineDefinition definition;
};

TEST_F(PublisherPagesTest, WithoutASecondFactorThePageSaysWhatToDo) {
  Browser browser = signed_in("alice");
  EXPECT_TRUE(browser.get(kSettings).has("needs a second factor"));
  EXPECT_EQ(browser.post(kSettings + "/publishers", form("123456")).status, 403);
  EXPECT_TRUE(publishers().empty());
}

TEST_F(PublisherPagesTest, AddsListsAndRemoves) {
  const auto codes = enable_totp(alice);
  Browser browser = signed_in("alice");
  const Answer filled = browser.get(kSettings + "?from=" + definition.id);
  EXPECT_TRUE(filled.has("value=\"" + widgets.id + "\""));
  EXPECT_TRUE(filled.has("value=\"" + widgets.vcs_origin + "\""));

  const Answer added = browser.post(kSettings + "/publishers", form(codes[0]));
  EXPECT_EQ(added.header("location"), kSettings + "?done=added#publishers");
  ASSERT_EQ(publishers().size(), 1u);
  const auto publisher = publishers().front();
  EXPECT_EQ(publisher.claims.text("oidc.circleci.com/project-id"), widgets.id);
  EXPECT_EQ(publisher.issuer_id, "imprimatur");  // this server's own organisation
  EXPECT_FALSE(publisher.permissions.create_package);
  EXPECT_EQ(publisher.created_by, "alice");
  EXPECT_TRUE(browser.get(kSettings).has(definition.id));
  EXPECT_THAT(audited("granted"), testing::Contains("trust.create"));

  EXPECT_EQ(
      browser
          .post(kSettings + "/publishers/remove", {{"publisher", publisher.id}, {"otp", codes[0]}})
          .status,
      401);  // the same code again
  EXPECT_EQ(publishers().size(), 1u);
  EXPECT_EQ(
      browser
          .post(kSettings + "/publishers/remove", {{"publisher", publisher.id}, {"otp", codes[1]}})
          .status,
      303);
  EXPECT_TRUE(publishers().empty());
  EXPECT_THAT(audited("granted"), testing::Contains("trust.revoke"));
}

TEST_F(PublisherPagesTest, WhatTheLastJobHadAndIsNotRequiredIsSaid) {
  const auto codes = enable_totp(alice);
  Browser browser = signed_in("alice");
  ASSERT_EQ(browser.post(kSettings + "/publishers", form(codes[0])).status, 303);
  EXPECT_FALSE(browser.get(kSettings).has("does not require that"));
  const std::string id = publishers().front().id;
  ASSERT_TRUE(registry_->services().database.write([&](db::Session& session) -> Result<void> {
    trust::Attempt attempt;
    attempt.id = "attempt";
    attempt.package_name = "@acme/lib";
    attempt.action = "exchange";
    attempt.outcome = "granted";
    attempt.publisher_id = id;
    attempt.proved = true;
    attempt.comparison = {
        trust::comparison_json(id, {}, {{"oidc.circleci.com/context-ids", "<b>&context"}})};
    trust::record_attempt(session, attempt);
    return {};
  }));
  const Answer page = browser.get(kSettings);
  EXPECT_TRUE(page.has("does not require that")) << page.body;
  EXPECT_TRUE(page.has("&lt;b&gt;&amp;context"));
  EXPECT_FALSE(page.has("<b>&context"));
}

TEST_F(PublisherPagesTest, WhatSomebodyAddedWhoHasLeftIsKeptAndWhatEndedIsAddedAgain) {
  const auto bob = person("bob");
  ASSERT_TRUE(accounts_->organizations.set_member(acme, bob, accounts::Role::admin,
                                                  accounts::Actor::system()));
  const auto bobs = enable_totp(bob), codes = enable_totp(alice);
  Browser leaver = signed_in("bob"), browser = signed_in("alice");
  const std::string scope = "/org/acme/publishers";
  ASSERT_EQ(leaver.post(kSettings + "/publishers", form(bobs[0])).status, 303);
  ASSERT_EQ(leaver.post(scope, form(bobs[1])).status, 303);
  EXPECT_FALSE(browser.get(kSettings).has("who may not decide"));
  ASSERT_TRUE(accounts_->organizations.remove_member(acme, bob, accounts::Actor::system()));
  EXPECT_TRUE(browser.get(kSettings).has("Added by bob, who may not decide about"));
  const std::string id = publishers().front().id;
  EXPECT_EQ(browser.post(kSettings + "/publishers/keep", {{"publisher", id}, {"otp", codes[0]}})
                .header("location"),
            kSettings + "?done=kept#publishers");
  EXPECT_FALSE(browser.get(kSettings).has("who may not decide"));
  EXPECT_EQ(publishers().front().created_by, "alice");
  const Answer shown = browser.get(scope);
  EXPECT_TRUE(shown.has("made by somebody who has left the organisation"));
  const std::string_view name = "name=\"publisher\" value=\"";
  const std::size_t at = shown.body.find(name) + name.size();
  const std::string ended = shown.body.substr(at, 36);
  EXPECT_EQ(browser.post(scope + "/restore", {{"publisher", ended}, {"otp", codes[1]}})
                .header("location"),
            scope + "?done=added#publishers");
  EXPECT_FALSE(browser.get(scope).has("Add it again"));
}

TEST_F(PublisherPagesTest, APackageThatDoesNotExistCanBePrepared) {
  const auto codes = enable_totp(alice);
  Browser browser = signed_in("alice");
  const std::string page = "/package/@acme/new/settings";
  EXPECT_EQ(browser.get("/account/prepared?name=%40acme%2Fnew").header("location"), page);
  EXPECT_TRUE(browser.get(page).has("There is no package of this name yet"));
  EXPECT_EQ(browser.post(page + "/publishers", form(codes[0])).header("location"),
            page + "?done=added#publishers");
  const Answer prepared = browser.get(page);
  EXPECT_TRUE(prepared.has("It ends at"));
  // It is set up with the same help as on a package.
  EXPECT_TRUE(prepared.has("data-checked=\"" + page + "/publishers/check\""));
  EXPECT_TRUE(prepared.has("Watch for its first attempt"));
  EXPECT_TRUE(browser.get(page + "?watch=1").has("New attempts show up here"));
  EXPECT_TRUE(browser.get(page + "/publishers/check?type=circleci&organization_id=acme")
                  .has("data-field=\"organization_id\""));
  EXPECT_TRUE(browser.post(page + "/check", {{"claims", "ref = x"}, {"issuer", "circleci"}})
                  .has("What the exchange would answer"));
  EXPECT_TRUE(browser.get("/account/prepared").has("href=\"" + page + "\""));
  // Also when something else waits for the person, of which every page has the number.
  stage("@acme/lib", "1.1.0", alice);
  EXPECT_TRUE(browser.get("/account/prepared").has("href=\"" + page + "\""));
  // To who may not create it, there is nothing.
  person("mallory");
  Browser stranger = signed_in("mallory");
  EXPECT_EQ(stranger.get(page).status, 404);
  EXPECT_EQ(stranger.post(page + "/check", {{"claims", "ref = x"}, {"issuer", "circleci"}}).status,
            404);
  EXPECT_EQ(stranger.get(page + "/publishers/check").status, 404);
  EXPECT_FALSE(stranger.get("/account/prepared").has("@acme/new"));
}

TEST_F(PublisherPagesTest, AdminsDecideForTheWholeScope) {
  const auto codes = enable_totp(alice);
  Browser browser = signed_in("alice");
  const std::string page = "/org/acme/publishers";
  EXPECT_TRUE(browser.get("/org/acme/settings").has("href=\"" + page + "\""));
  EXPECT_EQ(browser.post(page, form(codes[0])).header("location"), page + "?done=added#publishers");
  const Answer shown = browser.get(page);
  EXPECT_TRUE(shown.has(definition.id));
  EXPECT_TRUE(shown.has("Nothing was published with it yet. It ends at"));
  EXPECT_TRUE(browser.get(page + "/check?type=circleci&organization_id=acme")
                  .has("data-field=\"organization_id\""));
  const Answer package = browser.get(kSettings);
  EXPECT_TRUE(package.has("whole scope"));
  EXPECT_FALSE(package.has("Remove this publisher"));  // not there, but for the scope
  const auto scope = registry_->services().database.read(
      [&](db::Session& session) -> Result<std::vector<trust::TrustedPublisher>> {
        return trust::publishers_of(session, trust::scope_place(acme.id));
      });
  ASSERT_EQ(scope->size(), 1u);
  EXPECT_EQ(
      browser.post(page + "/remove", {{"publisher", scope->front().id}, {"otp", codes[1]}}).status,
      303);
  EXPECT_FALSE(browser.get(page).has(definition.id + "</code>"));
  person("mallory");
  EXPECT_NE(signed_in("mallory").get(page).status, 200);
}

TEST_F(PublisherPagesTest, SwitchesAreTurnedOnRelaxedAndKept) {
  const auto codes = enable_totp(alice);
  Browser browser = signed_in("alice");
  const auto set = [&](const std::string& page, std::string_view on, const std::string& code) {
    return browser
        .post(page + "/switches",
              {{"switch", "trustedOnly"}, {"on", std::string(on)}, {"otp", code}})
        .status;
  };
  EXPECT_EQ(set(kSettings, "true", "123456"), 401);
  EXPECT_TRUE(browser.get(kSettings).has("<button class=\"primary\">Turn it on</button>"));
  EXPECT_EQ(set(kSettings, "true", codes[0]), 303);
  EXPECT_TRUE(browser.get(kSettings).has("Relax it"));
  EXPECT_EQ(set(kSettings, "false", codes[1]), 303);
  EXPECT_TRUE(browser.get(kSettings).has("It was relaxed, and stays in force until"));
  EXPECT_TRUE(browser.get(kSettings).has("<button class=\"primary\">Keep it on</button>"));
  EXPECT_EQ(set(kSettings, "true", codes[2]), 303);
  EXPECT_FALSE(browser.get(kSettings).has("It was relaxed"));
  EXPECT_EQ(set("/org/acme/publishers", "true", codes[3]), 303);
  EXPECT_TRUE(browser.get(kSettings).has("whole scope"));
  EXPECT_THAT(audited("granted"), testing::Contains("switch.relax"));
}

TEST_F(PublisherPagesTest, WhatIsWrongIsSaidBeforeACodeIsUsedUp) {
  const auto codes = enable_totp(alice);
  Browser browser = signed_in("alice");
  const struct {
    std::string_view field;
    std::string value;
  } cases[] = {{"organization_id", "acme"},
               {"project_id", ""},
               {"vcs_origin", "https://github.com/acme/widgets"},
               {"context_ids", "guard"},
               {"permission", "everything"},
               {"issuer", "https://evil.example"}};
  for (const auto& [field, value] : cases) {
    Fields fields = form(codes[0]);
    std::erase_if(fields, [&](const auto& item) { return item.first == field; });
    fields.emplace_back(field, value);
    const Answer answer = browser.post(kSettings + "/publishers", fields);
    EXPECT_EQ(answer.status, 400) << field;
    EXPECT_TRUE(answer.has("role=\"alert\"")) << field;
    EXPECT_TRUE(answer.has("value=\"" + definition.id + "\"")) << field;  // what was typed is kept
  }
  EXPECT_EQ(browser.post(kSettings + "/publishers", form(codes[0])).status, 303);
}

TEST_F(PublisherPagesTest, EachProviderHasTheFormOfItsTable) {
  const auto codes = enable_totp(alice);
  Browser browser = signed_in("alice");
  for (const trust::Provider* provider : trust::providers()) {
    const Answer page = browser.get(kSettings + "?type=" + std::string(provider->type));
    EXPECT_TRUE(page.has("name=\"type\" value=\"" + std::string(provider->type) + "\""));
    for (const trust::ClaimRule& rule : provider->claims) {
      const std::string field = "name=\"" + std::string(rule.form_field()) + "\"";
      EXPECT_EQ(page.has(field), rule.derived == nullptr) << field;
    }
    for (const trust::LearntClaim& learnt : provider->learnt) {
      EXPECT_TRUE(page.has(std::string(learnt.label) + " (optional)")) << learnt.name;
      EXPECT_TRUE(page.has("name=\"" + std::string(learnt.name) + "\" data-typed")) << learnt.name;
    }
  }
  const Fields fields = {{"type", "github"},
                         {"repository", "acme/widgets"},
                         {"workflow_ref", "release.yml"},
                         {"environment", ""},
                         {"job_workflow_ref", ""},
                         {"ref", "refs/tags/v{{version}}"},
                         {"permission", "createPackage"},
                         {"otp", codes[0]}};
  Fields wrong = fields;
  wrong[2].second = "x/release.yml";
  const Answer refused = browser.post(kSettings + "/publishers", wrong);
  EXPECT_EQ(refused.status, 400);
  EXPECT_TRUE(refused.has("value=\"x/release.yml\""));  // the form of GitHub, as it was sent
  ASSERT_EQ(browser.post(kSettings + "/publishers", fields).status, 303);
  ASSERT_EQ(publishers().size(), 1u);
  EXPECT_EQ(publishers().front().issuer_id, "github");
  EXPECT_EQ(publishers().front().claims.text("ref"), "refs/tags/v{{version}}");
  EXPECT_FALSE(publishers().front().claims.value("environment"));
  const Answer listed = browser.get(kSettings);
  EXPECT_TRUE(listed.has("GitHub Actions"));
  EXPECT_TRUE(listed.has("<strong class=\"title\">acme/widgets</strong>"));
}

TEST_F(PublisherPagesTest, IdentifiersArePinnedWhereTheyAreTyped) {
  const auto codes = enable_totp(alice);
  Browser browser = signed_in("alice");
  Fields fields = {{"type", "github"},
                   {"repository", "acme/widgets"},
                   {"workflow_ref", "release.yml"},
                   {"repository_owner_id", ""},  // learnt from the first token
                   {"repository_id", " 1001 "},
                   {"permission", "createStagedPackage"},
                   {"otp", codes[0]}};
  Fields wrong = fields;
  wrong[4].second = std::string(65, '1');
  const Answer refused = browser.post(kSettings + "/publishers", wrong);
  EXPECT_EQ(refused.status, 400);
  EXPECT_TRUE(refused.has("data-field=\"repository_id claims\""));
  EXPECT_TRUE(refused.has("value=\"" + wrong[4].second + "\""));  // what was typed is kept
  const std::string pending = "/package/@acme/new/settings", scope = "/org/acme/publishers";
  const std::pair<std::string, std::string> forms[] = {
      {kSettings, kSettings + "/publishers"}, {pending, pending + "/publishers"}, {scope, scope}};
  for (std::size_t i = 0; i < std::size(forms); ++i) {
    const auto& [page, form] = forms[i];
    fields.back().second = codes[i];
    EXPECT_TRUE(browser.get(page + "?type=github").has("name=\"repository_id\"")) << page;
    ASSERT_EQ(browser.post(form, fields).status, 303) << page;
    const Answer shown = browser.get(page);
    EXPECT_TRUE(shown.has("<dt>Repository ID</dt><dd><code>1001</code>")) << page;
    EXPECT_FALSE(shown.has("<dt>Owner ID</dt>")) << page;
  }
  ASSERT_EQ(publishers().size(), 1u);
  EXPECT_EQ(publishers().front().claims.learnt(), (boost::json::object{{"repository_id", "1001"}}));
}

TEST_F(PublisherPagesTest, ClaimsOfOtherIssuersAreLines) {
  const auto codes = enable_totp(alice);
  const auto added = registry_->services().database.write([&](db::Session& session) {
    trust::Issuer forge(*trust::provider_of_type("generic"));
    forge.id = "forge";
    forge.base_url = "https://forge.example";
    forge.tenant_claim = "organization";
    return trust::add_issuer(session, registry_->services().issuers, forge, "root", Time{});
  });
  ASSERT_TRUE(added);
  Browser browser = signed_in("alice");
  Fields fields = {{"type", "generic"},
                   {"claims", "pipeline = release"},
                   {"permission", "createPackage"},
                   {"otp", codes[0]}};
  EXPECT_EQ(browser.post(kSettings + "/publishers", fields).status, 400);  // no tenant
  // One of two values would go unheard.
  fields[1].second = "organization = acme\norganization = other";
  EXPECT_TRUE(browser.post(kSettings + "/publishers", fields).has("is on two lines"));
  // A claim that another provider has a field for is about the field of this form.
  fields[1].second = "organization = acme\nrepository =";
  EXPECT_TRUE(
      browser.post(kSettings + "/publishers", fields).has("data-field=\"repository claims\""));
  fields[1].second = "organization = acme\r\n\r\npipeline=release = 1\r\n";
  EXPECT_EQ(browser.post(kSettings + "/publishers", fields).status, 303);
  ASSERT_EQ(publishers().size(), 1u);
  EXPECT_EQ(publishers().front().claims.text("pipeline"), "release = 1");
  EXPECT_EQ(publishers().front().claims.tenant(), "acme");
}

TEST_F(PublisherPagesTest, MembersWhoDoNotGovernAreRefusedAndRecorded) {
  const auto bob = person("bob");
  ASSERT_TRUE(accounts_->organizations.set_member(acme, bob, accounts::Role::member,
                                                  accounts::Actor::system()));
  const auto codes = enable_totp(bob);
  Browser browser = signed_in("bob");
  EXPECT_EQ(browser.get(kSettings).status, 403);
  EXPECT_EQ(browser.post(kSettings + "/publishers", form(codes[0])).status, 403);
  EXPECT_TRUE(publishers().empty());
  EXPECT_THAT(audited("package_not_permitted"), testing::Contains("trust.create"));
}

TEST_F(PublisherPagesTest, StagedReleasesThatAreNotThereCannotBeDecided) {
  const auto codes = enable_totp(alice);
  Browser browser = signed_in("alice");
  const std::string review = "/package/@acme/lib/staged/11111111-2222-4333-8444-555555555555";
  const Fields fields{{"otp", codes[0]}};
  for (const std::string decision : {"approve", "reject"}) {
    Fields all = fields;
    all.emplace_back("decision", decision);
    EXPECT_EQ(browser.post(review, all).status, 404) << decision;
  }
  Fields neither = fields;
  neither.emplace_back("decision", "publish");
  EXPECT_EQ(browser.post(review, neither).status, 400);
}

}  // namespace
}  // namespace imp::web
