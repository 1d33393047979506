#include <boost/json.hpp>

#include "registry/publish/tarball_fixture.h"
#include "registry/staging/staged_release.h"
#include "web/fixture.h"

namespace imp::web {
namespace {

class StagedPagesTest : public WebTest {
 protected:
  StagedPagesTest() : alice(person("alice")) {
    publish("lib", "1.0.0", alice, {{"scripts", {{"test", "old"}}}});
    // The fixture's versions have no tarball in the store.
    const auto blob =
        blobs::put(registry_->services().blobs,
                   bytes_of(registry::TarBuilder().add("package/package.json", "{}\n").gzip()));
    EXPECT_TRUE(blob);
    EXPECT_TRUE(registry_->services().database.write([&](db::Session& session) -> Result<void> {
      session.run("UPDATE package_version SET sha512 = :p1", {blob->sha512});
      return {};
    }));
  }

  /// Stages a version with this tarball; its id.
  std::string stage(const std::string& version, const std::string& tarball,
                    boost::json::object manifest = {}, const std::string& held_reason = {},
                    const boost::json::object& run = {}) {
    auto& services = registry_->services();
    const auto blob = blobs::put(services.blobs, bytes_of(tarball));
    EXPECT_TRUE(blob);
    registry::PublishCandidate candidate;
    candidate.name = "lib";
    candidate.version = version;
    candidate.tag = "latest";
    candidate.clean = registry::clean_manifest(manifest, candidate.package(), version);
    candidate.tarball.sha512 = blob->sha512;
    candidate.tarball.integrity = "sha512-staged";
    registry::PublishOrder order;
    order.caller.person = "alice";
    order.publisher.person = {"alice", alice.email};
    const auto release = services.database.write([&](db::Session& session) {
      return registry::stage_release(session, candidate, order, run, "alice", clock_.now(),
                                     held_reason);
    });
    EXPECT_TRUE(release) << release.error().message;
    return release ? release->id : std::string();
  }

  accounts::Person alice;
};

// A page that asks for a passkey is where a person sees what they confirm.
TEST_F(StagedPagesTest, AConfirmationNamesTheRelease) {
  const std::string id = stage("1.1.0", registry::TarBuilder().add("package/a", "a").gzip());
  Browser browser = signed_in("alice");
  const auto page = [&](const std::string& action, const std::string& subject) {
    const auto flow = accounts_->web_flows.start_confirmation(alice, {action, subject}, {});
    EXPECT_TRUE(flow);
    return browser.get("/login/cli/" + flow->id);
  };
  const Answer approve = page("stage.approve", id);
  EXPECT_TRUE(approve.has("Approve lib@1.1.0")) << approve.body;
  EXPECT_TRUE(approve.has("<code>latest</code>"));
  EXPECT_TRUE(approve.has("sha512-staged"));
  EXPECT_TRUE(approve.has("href=\"/package/lib/staged/" + id + "\""));
  EXPECT_TRUE(page("stage.approve", id + " next").has("<code>next</code>"));
  EXPECT_TRUE(page("stage.reject", id).has("Reject lib@1.1.0"));
  EXPECT_TRUE(page("trust.apply", "lib (plan 1)").has("lib (plan 1)"));
  EXPECT_TRUE(page("trust.create", "lib").has("Add a trusted publisher"));
  const Answer off = page("switch.set", "lib: turn off trusted publishing only");
  EXPECT_TRUE(off.has("<code>lib: turn off trusted publishing only</code>")) << off.body;
}

TEST_F(StagedPagesTest, ClaimsThatAreNoTextsAreShown) {
  const std::string id = stage("1.1.0", registry::TarBuilder().add("package/a", "a").gzip(), {}, {},
                               {{"context-ids", {"c1"}}, {"ssh-rerun", false}});
  const Answer page = signed_in("alice").get("/package/lib/staged/" + id);
  EXPECT_TRUE(page.has("context-ids"));
  EXPECT_TRUE(page.has("[&quot;c1&quot;]"));
  EXPECT_TRUE(page.has("ssh-rerun"));
}

TEST_F(StagedPagesTest, AReviewShowsWhatWasStagedAndIsDecidedThere) {
  const std::string id = stage("1.1.0",
                               registry::TarBuilder()
                                   .add("package/package.json", "{\"name\":\"lib\"}\n")
                                   .add("package/<script>x.js", "a\n<script>y\xe2\x80\xae\n")
                                   .gzip(),
                               {{"scripts", {{"postinstall", "<script>z"}}}});
  const auto codes = enable_totp(alice);
  Browser browser = signed_in("alice");
  const Answer list = browser.get("/package/lib/staged");
  EXPECT_TRUE(list.has("/package/lib/staged/" + id));
  EXPECT_TRUE(list.has("<dt>Expires</dt><dd><time datetime=\"2026-10-0"));
  const Answer page = browser.get("/package/lib/staged/" + id);
  ASSERT_EQ(page.status, 200);
  EXPECT_FALSE(page.has("<script>x"));
  EXPECT_FALSE(page.has("<script>y"));
  EXPECT_FALSE(page.has("<script>z"));
  EXPECT_TRUE(page.has("+&lt;script&gt;y&lt;U+202E&gt;")) << page.body;
  EXPECT_TRUE(page.has("hidden characters"));
  EXPECT_TRUE(page.has("runs at install"));
  EXPECT_TRUE(page.has("What changed since 1.0.0"));
  EXPECT_TRUE(page.has("Publisher, maintainers and provenance are as before."));
  EXPECT_EQ(browser.post("/package/lib/staged/" + id, {{"otp", codes[0]}, {"decision", "approve"}})
                .status,
            303);
  EXPECT_EQ(count("SELECT COUNT(*) FROM staged_release"), 0);
  EXPECT_EQ(browser.get("/package/lib/staged/" + id).status, 404);
}

TEST_F(StagedPagesTest, WhatIsHeldBackSaysWhy) {
  const std::string id =
      stage("1.1.0", registry::TarBuilder().add("package/package.json", "{}").gzip(), {},
            "More than <5> publishes in an hour.");
  Browser browser = signed_in("alice");
  for (const char* page : {"/package/lib/staged", "/staged"}) {
    EXPECT_TRUE(browser.get(page).has("More than &lt;5&gt; publishes in an hour.")) << page;
  }
  EXPECT_TRUE(browser.get("/package/lib/staged/" + id).has("More than &lt;5&gt; publishes"));
}

TEST_F(StagedPagesTest, ARejectionSaysWhyAndAnApprovalChoosesTheTag) {
  const std::string tarball = registry::TarBuilder().add("package/package.json", "{}").gzip();
  const auto codes = enable_totp(alice);
  const std::string approved = stage("1.1.0", tarball), rejected = stage("1.2.0", tarball);
  ASSERT_TRUE(registry_->services().database.write([&](db::Session& session) -> Result<void> {
    session.run("UPDATE staged_release SET behind = ''");
    return {};
  }));
  Browser browser = signed_in("alice");
  const auto decide = [&](const std::string& id, const char* decision, const std::string& code,
                          const char* tag, const char* reason) {
    return browser.post("/package/lib/staged/" + id,
                        {{"otp", code}, {"decision", decision}, {"tag", tag}, {"reason", reason}});
  };
  // A tag that cannot be is refused before the code is used.
  EXPECT_EQ(decide(approved, "approve", codes[0], "1.x", "").status, 400);
  EXPECT_EQ(decide(approved, "approve", codes[0], "next", "not for approvals").status, 303);
  EXPECT_EQ(decide(rejected, "reject", codes[1], "latest", "It <breaks>\r\nus").status, 303);
  EXPECT_EQ(count("SELECT COUNT(*) FROM package_tag WHERE tag = 'next' AND version = '1.1.0'"), 1);
  const Answer page = browser.get("/package/lib/staged");
  EXPECT_TRUE(page.has("It &lt;breaks&gt;\nus"));
  EXPECT_FALSE(page.has("not for approvals"));
  EXPECT_TRUE(page.has("approved</span>"));
}

TEST_F(StagedPagesTest, ARefusedDecisionKeepsWhatWasTypedBesideTheReview) {
  enable_totp(alice);
  const std::string id = stage("1.1.0", registry::TarBuilder().add("package/a", "a").gzip());
  const Answer refused = signed_in("alice").post(
      "/package/lib/staged/" + id,
      {{"decision", "reject"}, {"otp", "000000"}, {"tag", "next"}, {"reason", "It <breaks>"}});
  EXPECT_EQ(refused.status, 401);
  EXPECT_TRUE(refused.has("data-form=\"/package/lib/staged/" + id));
  EXPECT_TRUE(refused.has("name=\"tag\" class=\"mono\" value=\"next\""));
  EXPECT_TRUE(refused.has(">It &lt;breaks&gt;</textarea>"));
  EXPECT_TRUE(refused.has("What changed since 1.0.0"));
}

TEST_F(StagedPagesTest, WhatSomebodyElseDecidedMeanwhileLeadsBackToTheList) {
  const auto codes = enable_totp(alice);
  const std::string tarball = registry::TarBuilder().add("package/a", "a").gzip();
  const std::string id = stage("1.1.0", tarball), other = stage("1.2.0", tarball);
  Browser browser = signed_in("alice");
  const Fields reject{{"decision", "reject"}, {"otp", codes[0]}};
  EXPECT_EQ(browser.post("/package/lib/staged/" + id, reject).status, 303);
  const Answer late =
      browser.post("/package/lib/staged/" + id, {{"decision", "approve"}, {"otp", codes[1]}});
  EXPECT_EQ(late.status, 404);
  EXPECT_TRUE(late.has("role=\"alert\""));
  EXPECT_TRUE(late.has("href=\"/package/lib/staged/" + other));
}

// Not after a code is used up.
TEST_F(StagedPagesTest, WhoCannotApproveIsToldBeforehand) {
  const auto codes = enable_totp(alice);
  const std::string tarball = registry::TarBuilder().add("package/a", "a").gzip();
  const std::string id = stage("1.1.0", tarball);
  Browser browser = signed_in("alice");
  const auto approves = [&](const Answer& page) {
    return page.has("value=\"approve\"") && page.has("data-confirms=\"stage.approve\"");
  };
  EXPECT_TRUE(approves(browser.get("/package/lib/staged/" + id)));
  const auto policy = [&](const char* passkeys_only, const std::string& code) {
    return browser
        .post("/package/lib/staged/policy", {{"approvals", "1"},
                                             {"different_person", "yes"},
                                             {"passkeys_only", passkeys_only},
                                             {"expires_after", "14d"},
                                             {"otp", code}})
        .status;
  };
  ASSERT_EQ(policy("", codes[0]), 303);
  Answer page = browser.get("/package/lib/staged/" + id);
  EXPECT_FALSE(approves(page));
  EXPECT_TRUE(page.has("You cannot approve it. You are behind this release"));
  EXPECT_TRUE(page.has(">Withdraw</button>"));
  ASSERT_TRUE(registry_->services().database.write([&](db::Session& session) -> Result<void> {
    session.run("UPDATE staged_release SET behind = ''");
    return {};
  }));
  EXPECT_TRUE(approves(browser.get("/package/lib/staged/" + id)));
  ASSERT_EQ(policy("yes", codes[1]), 303);
  page = browser.get("/package/lib/staged/" + id);
  EXPECT_FALSE(approves(page));
  EXPECT_TRUE(page.has("Approving it takes a passkey"));
  EXPECT_TRUE(page.has(">Reject</button>"));
  const auto decide = [&](const char* decision) {
    return browser.post("/package/lib/staged/" + id, {{"decision", decision}, {"otp", codes[2]}})
        .status;
  };
  EXPECT_EQ(decide("approve"), 403);
  EXPECT_THAT(audited("passkey_required"), testing::ElementsAre("stage.approve"));
  EXPECT_EQ(decide("reject"), 303) << "the code is as good as before";
}

TEST_F(StagedPagesTest, WhatCannotBeReadCanStillBeRejected) {
  const auto codes = enable_totp(alice);
  WebTest::stage("lib", "1.1.0", alice);  // its tarball is not in the store
  const auto id = store_->database->read([&](db::Session& session) -> Result<std::string> {
    return session.row("SELECT id FROM staged_release")->text(0);
  });
  Browser browser = signed_in("alice");
  const Answer page = browser.get("/package/lib/staged/" + *id);
  EXPECT_EQ(page.status, 200);
  EXPECT_TRUE(page.has("class=\"note bad\""));
  EXPECT_FALSE(page.has("What changed since"));
  EXPECT_EQ(browser.post("/package/lib/staged/" + *id, {{"decision", "reject"}, {"otp", codes[0]}})
                .status,
            303);
}

TEST_F(StagedPagesTest, ARefusedPolicyIsShownAsItWasTyped) {
  enable_totp(alice);
  const Answer refused = signed_in("alice").post(
      "/package/lib/staged/policy",
      {{"approvals", "3"}, {"passkeys_only", "yes"}, {"expires_after", "2 weeks"}});
  EXPECT_EQ(refused.status, 401) << refused.body;
  EXPECT_TRUE(refused.has("<option value=\"3\" selected>"));
  EXPECT_TRUE(refused.has("name=\"passkeys_only\" value=\"yes\" checked"));
  EXPECT_TRUE(refused.has("value=\"2 weeks\""));
  EXPECT_TRUE(refused.has("<details open>"));
}

TEST_F(StagedPagesTest, AnOrganisationsPolicyBindsItsPackages) {
  const auto codes = enable_totp(alice);
  organization("acme", alice);
  publish("@acme/lib", "1.0.0", alice);
  Browser browser = signed_in("alice");
  EXPECT_EQ(browser
                .post("/org/acme/releases",
                      {{"approvals", "2"}, {"passkeys_only", "yes"}, {"otp", codes[0]}})
                .status,
            303);
  EXPECT_TRUE(browser.get("/org/acme/releases").has("2 approvals, each confirmed with a passkey"));
  EXPECT_TRUE(browser.get("/package/@acme/lib/staged").has("The organisation wants 2 approvals"));
  EXPECT_EQ(
      browser.post("/package/@acme/lib/staged/policy", {{"approvals", "1"}, {"otp", codes[1]}})
          .status,
      400);
  // A looser one is to come, and the page says when; until then it can be kept.
  EXPECT_EQ(browser.post("/org/acme/releases", {{"approvals", "1"}, {"otp", codes[2]}}).status,
            303);
  EXPECT_TRUE(browser.get("/org/acme/releases").has("on it is: 1 approval."));
  EXPECT_TRUE(browser.get("/org/acme/releases").has("2 approvals, each confirmed with a passkey"));
  person("mallory");
  EXPECT_EQ(signed_in("mallory").get("/org/acme/releases").status, 404);
}

TEST_F(StagedPagesTest, APolicySaysHowLongReleasesWait) {
  const auto codes = enable_totp(alice);
  Browser browser = signed_in("alice");
  Answer page = browser.get("/package/lib/staged");
  EXPECT_TRUE(page.has("has decided after 14 days is over")) << page.body;
  EXPECT_TRUE(page.has("name=\"expires_after\" class=\"mono\" value=\"14d\""));
  const auto set = [&](const char* life, const std::string& code) {
    return browser
        .post("/package/lib/staged/policy",
              {{"approvals", "1"}, {"expires_after", life}, {"otp", code}})
        .status;
  };
  EXPECT_EQ(set("2h", codes[0]), 303);
  EXPECT_EQ(set("2 weeks", codes[1]), 400);
  page = browser.get("/package/lib/staged");
  EXPECT_TRUE(page.has("1 approval, within 2 hours"));
  EXPECT_TRUE(page.has("has decided after 2 hours is over"));
  EXPECT_TRUE(page.has("value=\"2h\""));
  // The time of the day matters then.
  const std::string id =
      stage("1.1.0", registry::TarBuilder().add("package/package.json", "{}").gzip());
  const std::string end = iso8601(clock_.now() + std::chrono::hours(2));
  for (const std::string& path : {std::string(), "/" + id}) {
    page = browser.get("/package/lib/staged" + path);
    EXPECT_TRUE(page.has("<dt>Expires</dt><dd><time datetime=\"" + end)) << page.body;
  }
}

TEST_F(StagedPagesTest, OthersAndOtherPackagesHaveNoReview) {
  person("mallory");
  publish("other", "1.0.0", alice);
  const std::string id =
      stage("1.1.0", registry::TarBuilder().add("package/package.json", "{}").gzip());
  EXPECT_EQ(signed_in("mallory").get("/package/lib/staged/" + id).status, 404);
  EXPECT_EQ(signed_in("alice").get("/package/other/staged/" + id).status, 404);
  EXPECT_EQ(Browser{*this}.get("/package/lib/staged/" + id).status, 303);
}

}  // namespace
}  // namespace imp::web
