#include <array>
#include <latch>
#include <thread>

#include "accounts/totp.h"
#include "base/uuid.h"
#include "registry/api/registry_fixture.h"
#include "registry/api/staging/stage_expiry.h"

namespace imp::registry::test {
namespace {

class StageRoutes : public RegistryTest {
 protected:
  StageRoutes() { EXPECT_EQ(publish(alice.token, "@alice/lib", "1.0.0", otp(alice)).status, 201); }

  std::string staged(std::string_view version, std::string_view name = "@alice/lib") {
    const Answer answer = stage(alice.token, name, version);
    EXPECT_EQ(answer.status, 201) << answer.body;
    return answer.text("stageId");
  }
  Answer decide(Method method, const std::string& id, const std::string& token, std::string otp,
                http::Headers headers = {}) {
    return ask({.method = method,
                .target = "/-/stage/" + id + (method == Method::post ? "/approve" : ""),
                .token = token,
                .otp = std::move(otp),
                .headers = std::move(headers)});
  }
  Answer approve(const std::string& id) {
    return decide(Method::post, id, alice.token, otp(alice));
  }
  Answer reject(const std::string& id) { return decide(Method::del, id, alice.token, otp(alice)); }
  bool live(const std::string& version) {
    return get("/@alice%2flib").document().at("versions").as_object().contains(version);
  }
  std::int64_t total(const std::string& token, std::string_view query = "") {
    return get("/-/stage" + std::string(query), token).document().at("total").as_int64();
  }

  User alice = add_user("alice", true);
};

TEST_F(StageRoutes, APersonStagesLooksAndApproves) {
  const std::string id = staged("1.1.0");
  EXPECT_TRUE(is_uuid(id));
  EXPECT_FALSE(live("1.1.0"));
  const json::value item = get("/-/stage/" + id, alice.token).document();
  EXPECT_EQ(item.at("packageName"), json::value("@alice/lib"));
  EXPECT_EQ(item.at("version"), json::value("1.1.0"));
  EXPECT_EQ(item.at("tag"), json::value("latest"));
  EXPECT_EQ(item.at("actor"), json::value("alice"));
  EXPECT_EQ(item.at("actorType"), json::value("user"));
  EXPECT_EQ(item.at("access"), json::value("public"));
  const Answer bytes = get("/-/stage/" + id + "/tarball", alice.token);
  EXPECT_EQ(bytes.header("content-type"), "application/octet-stream");
  EXPECT_EQ(hex(crypto::sha1(bytes_of(bytes.body))), item.at("shasum").as_string());
  EXPECT_EQ(approve(id).outcome(), "201 ok");
  EXPECT_TRUE(live("1.1.0"));
  const json::value user =
      get("/@alice%2flib").document().at("versions").at("1.1.0").at("_npmUser");
  EXPECT_EQ(user.at("approver").at("name"), json::value("alice"));
  const json::value ended = get("/-/stage/" + id, alice.token).document();
  EXPECT_EQ(ended.at("status"), json::value("approved"));
  EXPECT_EQ(ended.at("shasum"), item.at("shasum"));
  EXPECT_EQ(total(alice.token), 0);
  EXPECT_EQ(audited("stage."),
            (std::vector<std::string>{"stage.create granted", "stage.approve granted"}));
}

TEST_F(StageRoutes, ACiJobStagesAndAPersonApproves) {
  const std::string publisher = trust_job("@alice/lib", {false, true, false});
  const std::string token = publish_token("@alice/lib");
  clock_.advance(Milliseconds(1));
  const Answer answer = stage(token, "@alice/lib", "1.1.0");
  ASSERT_EQ(answer.status, 201) << answer.body;
  const std::string id = answer.text("stageId");
  const json::value item = get("/-/stage/" + id, alice.token).document();
  EXPECT_EQ(item.at("actorType"), json::value("trusted automation"));
  EXPECT_EQ(item.at("run.project-id"), json::value(trust::test::kProject));
  EXPECT_EQ(attempts("@alice/lib").front().action, "stage");
  EXPECT_EQ(approve(id).outcome(), "201 ok");
  const json::value user =
      get("/@alice%2flib").document().at("versions").at("1.1.0").at("_npmUser");
  EXPECT_EQ(user.at("trustedPublisher").at("oidcConfigId"), json::value("oidc:" + publisher));
  EXPECT_EQ(user.at("approver").at("name"), json::value("alice"));
}

// `npm stage view` prints every member that it does not know as JavaScript turns it into text.
TEST_F(StageRoutes, NpmCanPrintEveryMemberOfAnItem) {
  trust_job("@alice/lib", {false, true, false});
  stage(publish_token("@alice/lib"), "@alice/lib", "1.1.0");
  const json::value item = get("/-/stage", alice.token).document().at("items").at(0);
  for (const auto& member : item.as_object()) {
    EXPECT_FALSE(member.value().is_structured()) << member.key();
  }
  EXPECT_EQ(item.at("run.context-ids"),
            json::value(trust::test::kContextA + ", " + trust::test::kContextB));
  EXPECT_EQ(item.at("run.ssh-rerun"), json::value(false));
  EXPECT_EQ(item.at("run.vcs-ref"), json::value("refs/heads/main"));
}

TEST_F(StageRoutes, AReviewComparesWithTheLastRelease) {
  trust_job("@alice/lib", {false, true, false});
  const Answer staged_one = stage(publish_token("@alice/lib"), "@alice/lib", "1.1.0");
  const std::string id = staged_one.text("stageId");
  const std::string path = "/-/stage/" + id + "/review";
  const json::value review = get(path, alice.token).document();
  EXPECT_EQ(review.at("previous").at("version"), json::value("1.0.0"));
  EXPECT_EQ(review.at("previous").at("publishedBy").at("name"), json::value("alice"));
  EXPECT_EQ(review.at("release").at("id"), json::value(id));
  EXPECT_EQ(review.at("release").at("run.project-id"), json::value(trust::test::kProject));
  EXPECT_EQ(review.at("maintainers"), (json::value{"alice"}));
  const json::value& changes = review.at("files").at("changes");
  ASSERT_EQ(changes.as_array().size(), 1u);
  EXPECT_EQ(changes.at(0).at("path"), json::value("package.json"));
  EXPECT_EQ(changes.at(0).at("what"), json::value("changed"));
  EXPECT_EQ(review.at("files").at("unchanged"), json::value(1));
  // What was looked at is what is published.
  ASSERT_EQ(approve(id).status, 201);
  const json::value versions = get("/@alice%2flib").document().at("versions");
  EXPECT_EQ(versions.at("1.1.0").at("dist").at("integrity"), review.at("integrity"));
}

TEST_F(StageRoutes, AReviewIsForThoseWhoMayDecide) {
  const User mallory = add_user("mallory");
  trust_job("@alice/lib", {true, true, true});
  const std::string id = staged("1.1.0");
  const std::string path = "/-/stage/" + id + "/review";
  EXPECT_EQ(get(path, mallory.token).outcome(), "404 stage_not_found");
  EXPECT_EQ(get(path).outcome(), "401 not_signed_in");
  EXPECT_EQ(get(path, publish_token("@alice/lib")).outcome(), "403 publish_token_forbidden");
  EXPECT_EQ(get("/-/stage/x/review", alice.token).outcome(), "400 invalid_stage_id");
}

TEST_F(StageRoutes, AReviewTellsWhatIsUnusual) {
  trust_job("@alice/lib", {true, true, false});
  ASSERT_EQ(publish(publish_token("@alice/lib"), "@alice/lib", "1.0.1").status, 201);
  const std::string id = staged("1.1.0");
  const json::value review = get("/-/stage/" + id + "/review", alice.token).document();
  ASSERT_EQ(review.at("warnings").as_array().size(), 1u);
  EXPECT_EQ(review.at("warnings").at(0),
            json::value("1.0.1 was published by a trusted publisher; this one was staged by alice, "
                        "with a token."));
  const Answer text = ask({.target = "/-/stage/" + id + "/review",
                           .token = alice.token,
                           .headers = {{"accept", "text/plain"}}});
  EXPECT_TRUE(text.body.starts_with("@alice/lib@1.1.0 for the tag latest, staged by alice"));
  EXPECT_TRUE(text.body.contains("\nWARNING: 1.0.1 was published by a trusted publisher"));
  EXPECT_TRUE(text.body.contains("\nchanged package.json ("));
}

TEST_F(StageRoutes, AFirstReleaseIsReviewedAgainstNothing) {
  const std::string id = staged("1.0.0", "@alice/new");
  const json::value review = get("/-/stage/" + id + "/review", alice.token).document();
  EXPECT_TRUE(review.at("previous").is_null());
  EXPECT_EQ(review.at("files").at("added"), json::value(2));
}

TEST_F(StageRoutes, ATarballSwappedOnDiskIsNotReviewed) {
  const std::string id = staged("1.1.0");
  const auto sha512 = write([&](db::Session& session) -> Result<std::string> {
    return session.row("SELECT sha512 FROM staged_release")->text(0);
  });
  blobs_.damage(*sha512);
  EXPECT_EQ(get("/-/stage/" + id + "/review", alice.token).outcome(), "500 tarball_changed");
}

// A tarball is hashed when it is compared, not at every look: what is kept was made from the staged
// bytes, and approval hashes them again.
TEST_F(StageRoutes, AReviewThatIsKeptReadsNoTarball) {
  const std::string id = staged("1.1.0");
  const Answer first = get("/-/stage/" + id + "/review", alice.token);
  ASSERT_EQ(first.status, 200);
  const auto sha512 = write([&](db::Session& session) -> Result<std::string> {
    return session.row("SELECT sha512 FROM staged_release")->text(0);
  });
  blobs_.damage(*sha512);
  EXPECT_EQ(get("/-/stage/" + id + "/review", alice.token).body, first.body);
  EXPECT_EQ(approve(id).outcome(), "500 tarball_changed");
}

// The last release's tarball may be lost; then the rest can still be looked at.
TEST_F(StageRoutes, AReviewSaysWhenTheFilesCannotBeCompared) {
  const std::string id = staged("1.1.0");
  const auto sha512 = write([&](db::Session& session) -> Result<std::string> {
    return session.row("SELECT sha512 FROM package_version WHERE state = 'published'")->text(0);
  });
  ASSERT_TRUE(blobs_.remove(*sha512));
  const json::value review = get("/-/stage/" + id + "/review", alice.token).document();
  EXPECT_TRUE(review.at("files").is_null());
  EXPECT_TRUE(review.at("notes").at(0).as_string().starts_with("The files were not compared"));
}

TEST_F(StageRoutes, AReleaseThatNobodyDecidedIsOverAfterTwoWeeks) {
  const std::string id = staged("1.1.0");
  clock_.advance(std::chrono::minutes(1));
  const std::string younger = staged("1.2.0");
  const std::string expires = get("/-/stage/" + id, alice.token).text("expiresAt");
  clock_.set(parse_iso8601(expires).value() - Milliseconds(1));
  ASSERT_TRUE(expire_releases(*services_));
  EXPECT_EQ(total(alice.token), 2);
  clock_.advance(Milliseconds(1));
  // Also when it has not been taken away yet.
  EXPECT_EQ(approve(id).outcome(), "404 stage_not_found");
  ASSERT_TRUE(expire_releases(*services_));
  EXPECT_EQ(get("/-/stage/" + id, alice.token).text("status"), "expired");
  EXPECT_EQ(audited("stage.expire"), std::vector<std::string>{"stage.expire granted"});
  EXPECT_FALSE(live("1.1.0"));
  // Its number is free, and the other one waits on.
  EXPECT_EQ(publish(alice.token, "@alice/lib", "1.1.0", otp(alice)).outcome(), "201 ok");
  EXPECT_EQ(get("/-/stage/" + younger, alice.token).status, 200);
}

TEST_F(StageRoutes, ManyReleasesAreOverAtOnce) {
  ASSERT_EQ(publish(alice.token, "@alice/other", "1.0.0", otp(alice)).status, 201);
  for (int i = 0; i < 65; ++i) {
    staged("2.0." + std::to_string(i));
    ASSERT_EQ(stage(alice.token, "@alice/other", "2.0." + std::to_string(i)).status, 201);
  }
  clock_.advance(kStageLife);
  ASSERT_TRUE(expire_releases(*services_));
  EXPECT_EQ(count("SELECT COUNT(*) FROM staged_release"), 0);
  EXPECT_EQ(audited("stage.expire").size(), 130u);
}

// Two people with a code each, and a third who rejects: the database decides.
TEST_F(StageRoutes, OfDecisionsAtTheSameTimeOneIsCarriedOut) {
  User bob = add_user("bob", true), carol = add_user("carol", true);
  const auto acme = add_organization("acme", alice);
  for (const User* user : {&bob, &carol}) set_member(acme, *user, accounts::Role::member);
  ASSERT_EQ(publish(alice.token, "@acme/lib", "1.0.0", otp(alice)).status, 201);
  for (int round = 1; round <= 5; ++round) {
    const std::string version = "1." + std::to_string(round) + ".0";
    const std::string id = staged(version, "@acme/lib");
    const std::array<const User*, 3> users = {&alice, &bob, &carol};
    clock_.advance(std::chrono::seconds(accounts::kTotpStepSeconds));
    std::array<std::string, 3> codes;
    for (std::size_t i = 0; i < 3; ++i) {
      codes[i] = accounts::totp_code(users[i]->secret, accounts::totp_step(clock_.now()));
    }
    std::array<std::string, 3> outcomes;
    std::latch start(3);
    {
      std::vector<std::jthread> threads;
      for (std::size_t i = 0; i < 3; ++i) {
        threads.emplace_back([&, i] {
          start.arrive_and_wait();
          outcomes[i] =
              decide(i == 2 ? Method::del : Method::post, id, users[i]->token, codes[i]).outcome();
        });
      }
    }
    EXPECT_EQ(std::ranges::count(outcomes, "404 stage_not_found"), 2)
        << outcomes[0] << ", " << outcomes[1] << ", " << outcomes[2];
    const bool rejected = outcomes[2] == "204 ok";
    EXPECT_EQ(get("/@acme%2flib").document().at("versions").as_object().contains(version),
              !rejected);
  }
  EXPECT_EQ(total(alice.token), 0);
}

TEST_F(StageRoutes, ApprovalAlwaysTakesASecondFactor) {
  const std::string id = staged("1.1.0");
  for (const Method method : {Method::post, Method::del}) {
    EXPECT_EQ(decide(method, id, alice.token, "").outcome(), "401 second_factor_required");
    EXPECT_EQ(decide(method, id, alice.token, "").header("www-authenticate"), "OTP");
    EXPECT_EQ(decide(method, id, alice.token, "123456").outcome(), "401 second_factor_required");
    const Answer web =
        decide(method, id, alice.token, "", {{"npm-auth-type", "web"}, {"npm-command", "stage"}});
    EXPECT_FALSE(web.text("authUrl").empty());
    EXPECT_FALSE(web.text("doneUrl").empty());
  }
  // A code that was used up, even for the same kind of thing, is no second one.
  const std::string code = otp(alice);
  ASSERT_EQ(decide(Method::post, id, alice.token, code).status, 201);
  EXPECT_EQ(decide(Method::post, staged("1.2.0"), alice.token, code).outcome(),
            "401 second_factor_required");
  EXPECT_FALSE(live("1.2.0"));
}

TEST_F(StageRoutes, WithoutASecondFactorNobodyApproves) {
  const User bob = add_user("bob");
  const auto acme = add_organization("acme", alice);
  set_member(acme, bob, accounts::Role::member);
  ASSERT_EQ(publish(alice.token, "@acme/lib", "1.0.0", otp(alice)).status, 201);
  const std::string id = staged("1.1.0", "@acme/lib");
  EXPECT_EQ(decide(Method::post, id, bob.token, "").outcome(), "403 second_factor_not_enabled");
  EXPECT_EQ(decide(Method::del, id, bob.token, "").outcome(), "403 second_factor_not_enabled");
}

TEST_F(StageRoutes, NoMachineLooksAtOrDecidesAnything) {
  trust_job("@alice/lib", {true, true, true});
  const std::string token = publish_token("@alice/lib");
  const std::string id = stage(token, "@alice/lib", "1.1.0").text("stageId");
  for (const std::string target : {"/-/stage", "/-/stage/ID", "/-/stage/ID/tarball"}) {
    std::string path = target;
    if (const auto at = path.find("ID"); at != std::string::npos) path.replace(at, 2, id);
    EXPECT_EQ(get(path, token).outcome(), "403 publish_token_forbidden") << path;
    EXPECT_EQ(get(path).outcome(), "401 not_signed_in") << path;
  }
  for (const Method method : {Method::post, Method::del}) {
    EXPECT_EQ(decide(method, id, token, "").outcome(), "403 publish_token_forbidden");
    EXPECT_EQ(decide(method, id, "", "").outcome(), "401 not_signed_in");
  }
  accounts::NewToken write;
  write.reach.all_packages = true;
  write.reach.packages_permission = accounts::TokenPermission::read_write;
  write.bypass_2fa = true;
  const std::string bypass = granular_token(alice, write);
  EXPECT_EQ(decide(Method::post, id, bypass, "").outcome(), "403 package_not_permitted");
  EXPECT_EQ(decide(Method::del, id, bypass, "").outcome(), "403 package_not_permitted");
  EXPECT_FALSE(live("1.1.0"));
}

TEST_F(StageRoutes, StrangersSeeNothing) {
  User mallory = add_user("mallory", true);
  const std::string id = staged("1.1.0");
  EXPECT_EQ(total(mallory.token), 0);
  EXPECT_EQ(total(mallory.token, "?package=%40alice%2Flib"), 0);
  for (const std::string& path : {"/-/stage/" + id, "/-/stage/" + id + "/tarball"}) {
    EXPECT_EQ(get(path, mallory.token).outcome(), "404 stage_not_found");
  }
  for (const Method method : {Method::post, Method::del}) {
    EXPECT_EQ(decide(method, id, mallory.token, otp(mallory)).outcome(), "404 stage_not_found");
    EXPECT_EQ(decide(method, new_uuid(), mallory.token, otp(mallory)).outcome(),
              "404 stage_not_found");
  }
  EXPECT_EQ(get("/-/stage/not-an-id", mallory.token).outcome(), "400 invalid_stage_id");
}

TEST_F(StageRoutes, ALimitedTokenSeesWhatItReaches) {
  ASSERT_EQ(publish(alice.token, "@alice/other", "1.0.0", otp(alice)).status, 201);
  const std::string lib = staged("1.1.0"), other = staged("1.1.0", "@alice/other");
  accounts::NewToken limited;
  limited.reach.packages = {"@alice/other"};
  const std::string token = granular_token(alice, limited);
  EXPECT_EQ(total(token), 1);
  EXPECT_EQ(total(token, "?package=%40alice%2Flib"), 0);
  EXPECT_EQ(get("/-/stage/" + other, token).status, 200);
  EXPECT_EQ(get("/-/stage/" + lib, token).outcome(), "404 stage_not_found");
  EXPECT_EQ(get("/-/stage/" + lib + "/tarball", token).outcome(), "404 stage_not_found");
}

TEST_F(StageRoutes, AStagedVersionHoldsItsNumber) {
  const std::string id = staged("1.1.0");
  EXPECT_EQ(stage(alice.token, "@alice/lib", "1.1.0").outcome(), "409 version_staged");
  const Answer over = publish(alice.token, "@alice/lib", "1.1.0", otp(alice));
  EXPECT_EQ(over.outcome(), "409 version_staged");
  EXPECT_TRUE(over.text("error").contains("Cannot publish over previously staged version"));
  EXPECT_EQ(stage(alice.token, "@alice/lib", "1.0.0").outcome(), "403 version_already_published");
  // Given back once it is rejected.
  EXPECT_EQ(reject(id).status, 204);
  EXPECT_EQ(reject(id).outcome(), "404 stage_not_found");
  EXPECT_EQ(publish(alice.token, "@alice/lib", "1.1.0", otp(alice)).outcome(), "201 ok");
  EXPECT_EQ(approve(id).outcome(), "404 stage_not_found");
}

TEST_F(StageRoutes, ADecisionIsTakenOnce) {
  const std::string id = staged("1.1.0");
  EXPECT_EQ(approve(id).status, 201);
  EXPECT_EQ(approve(id).outcome(), "404 stage_not_found");
  EXPECT_EQ(reject(id).outcome(), "404 stage_not_found");
  EXPECT_TRUE(live("1.1.0"));
}

TEST_F(StageRoutes, AnApproverWhoLostTheirRightsFindsNothing) {
  User bob = add_user("bob", true);
  const auto acme = add_organization("acme", alice);
  set_member(acme, bob, accounts::Role::member);
  ASSERT_EQ(publish(alice.token, "@acme/lib", "1.0.0", otp(alice)).status, 201);
  const std::string id = staged("1.1.0", "@acme/lib");
  EXPECT_EQ(get("/-/stage/" + id, bob.token).status, 200);
  set_member(acme, bob, std::nullopt);
  EXPECT_EQ(get("/-/stage/" + id, bob.token).outcome(), "404 stage_not_found");
  EXPECT_EQ(decide(Method::post, id, bob.token, otp(bob)).outcome(), "404 stage_not_found");
}

TEST_F(StageRoutes, ATarballSwappedOnDiskIsNotPublished) {
  const std::string id = staged("1.1.0");
  const auto sha512 = write([&](db::Session& session) -> Result<std::string> {
    return session.row("SELECT sha512 FROM staged_release")->text(0);
  });
  blobs_.damage(*sha512);
  EXPECT_EQ(approve(id).outcome(), "500 tarball_changed");
  EXPECT_FALSE(live("1.1.0"));
  EXPECT_EQ(total(alice.token), 1);
  EXPECT_EQ(reject(id).status, 204);
}

TEST_F(StageRoutes, AReleaseOfAMachineCannotChangeAccess) {
  trust_job("@alice/lib", {false, true, false});
  DocumentOptions restricted;
  restricted.access = "\"restricted\"";
  EXPECT_EQ(stage(publish_token("@alice/lib"), "@alice/lib", "1.1.0", restricted).outcome(),
            "403 publish_not_permitted");
}

TEST_F(StageRoutes, APublisherRemovedDuringTheUploadStagesNothing) {
  const std::string publisher = trust_job("@alice/lib", {false, true, false});
  EXPECT_EQ(ask({.method = Method::post,
                 .target = "/-/stage/package/@alice%2flib",
                 .token = publish_token("@alice/lib"),
                 .body = document("@alice/lib", "1.1.0"),
                 .meanwhile = [&] { distrust("@alice/lib", publisher); }})
                .outcome(),
            "401 publish_token_invalid");
  EXPECT_EQ(total(alice.token), 0);
}

TEST_F(StageRoutes, APackageThatWasOnlyStagedIsNotThereYet) {
  const std::string id = staged("1.0.0", "@alice/new");
  EXPECT_EQ(get("/@alice%2fnew").outcome(), "404 package_not_found");
  EXPECT_EQ(get("/@alice%2fnew/1.0.0").outcome(), "404 package_not_found");
  EXPECT_EQ(approve(id).status, 201);
  EXPECT_EQ(get("/@alice%2fnew/1.0.0").status, 200);
}

TEST_F(StageRoutes, TheListComesInPages) {
  for (int i = 1; i <= 12; ++i) {
    clock_.advance(Milliseconds(1));
    staged("1.1." + std::to_string(i));
  }
  const auto page = [&](std::string_view query) {
    return get("/-/stage" + std::string(query), alice.token).document();
  };
  EXPECT_EQ(page("").at("items").as_array().size(), 10u);
  EXPECT_EQ(page("").at("total"), json::value(12));
  EXPECT_EQ(page("").at("items").at(0).at("version"), json::value("1.1.12"));  // newest first
  EXPECT_EQ(page("?page=1").at("items").as_array().size(), 2u);
  EXPECT_EQ(page("?page=0&perPage=100").at("items").as_array().size(), 12u);
  EXPECT_EQ(page("?page=7").at("items").as_array().size(), 0u);
  for (const char* odd : {"?page=-1", "?page=x", "?page=99999999999999999999", "?page="}) {
    EXPECT_EQ(page(odd).at("page"), json::value(0)) << odd;
  }
  EXPECT_EQ(page("?perPage=0").at("perPage"), json::value(1));
  EXPECT_EQ(page("?perPage=100000").at("perPage"), json::value(100));
  EXPECT_EQ(total(alice.token, "?package=%40alice%2Flib"), 12);
  EXPECT_EQ(total(alice.token, "?package=%40alice%2Fother"), 0);
}

}  // namespace
}  // namespace imp::registry::test
