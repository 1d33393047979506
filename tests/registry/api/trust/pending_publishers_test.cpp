#include "registry/api/trust/pending_publishers.h"

#include <gmock/gmock.h>

#include <latch>
#include <thread>

#include "registry/api/registry_fixture.h"

namespace imp::registry::test {
namespace {

using testing::Contains;
using testing::Not;

class PendingPublishers : public RegistryTest {
 protected:
  static std::string config(const json::object& claims = trust::test::publisher_claims(),
                            const json::array& permissions = {"createPackage"}) {
    return json::serialize(json::array{
        json::object{{"type", "circleci"}, {"claims", claims}, {"permissions", permissions}}});
  }
  static std::string trust_path(std::string_view name) {
    return "/-/package/" + PackageName::for_read(name).value().escaped() + "/trust";
  }
  /// As `npm trust circleci` sends it.
  Answer prepare(const User& user, std::string_view name, std::string body = config()) {
    return ask({.method = Method::post,
                .target = trust_path(name),
                .token = user.token,
                .otp = otp(user),
                .body = std::move(body)});
  }
  Answer list(const User& user, std::string_view name) {
    return ask({.target = trust_path(name), .token = user.token, .otp = otp(user)});
  }
  Answer remove(const User& user, std::string_view name, const std::string& id) {
    return ask({.method = Method::del,
                .target = trust_path(name) + "/" + id,
                .token = user.token,
                .otp = otp(user)});
  }
  static std::string id_of(const Answer& made) {
    return std::string(made.document().at(0).at("id").as_string());
  }
  json::value prepared(const User& user) { return get("/-/trust/pending", user.token).document(); }
  std::vector<std::string> maintainers(std::string_view name) {
    std::vector<std::string> names;
    const auto read = database_->read([&](db::Session& session) -> Result<void> {
      for (const Person& one : maintainers_of(session, find_package(session, name)->id)) {
        names.push_back(one.name);
      }
      return {};
    });
    EXPECT_TRUE(read);
    return names;
  }

  User alice = add_user("alice", true);
  User mallory = add_user("mallory", true);
};

TEST_F(PendingPublishers, TheFirstTrustedPublishCreatesThePackage) {
  const Answer made = prepare(alice, "new-lib");
  ASSERT_EQ(made.status, 200) << made.body;
  EXPECT_EQ(made.document().at(0).at("pending"), json::value(true));
  EXPECT_EQ(parse_iso8601(std::string(made.document().at(0).at("expiresAt").as_string())),
            clock_.now() + trust::kPendingLife);
  const std::string token = publish_token("new-lib");
  EXPECT_EQ(get("/new-lib").status, 404);  // a token reserves nothing
  ASSERT_EQ(publish(token, "new-lib", "1.0.0").status, 201);
  EXPECT_EQ(maintainers("new-lib"), std::vector<std::string>{"alice"});
  // It is the package's own now, and does not end.
  const json::value listed = list(alice, "new-lib").document();
  ASSERT_EQ(listed.as_array().size(), 1u);
  EXPECT_EQ(listed.at(0).at("id"), json::value(id_of(made)));
  EXPECT_FALSE(listed.at(0).as_object().contains("pending"));
  EXPECT_FALSE(listed.at(0).as_object().contains("expiresAt"));
  EXPECT_EQ(audited("trust.publisher_adopt"),
            std::vector<std::string>{"trust.publisher_adopt granted"});
  EXPECT_EQ(publish(token, "new-lib", "1.0.1").outcome(), "403 publish_token_spent");
  EXPECT_EQ(publish(publish_token("new-lib"), "new-lib", "1.0.1").status, 201);
}

TEST_F(PendingPublishers, AMistypedNameShowsInANotice) {
  const Answer made = prepare(alice, "new-lbi");
  EXPECT_TRUE(made.header("npm-notice").starts_with("There is no package new-lbi yet"));
  ASSERT_EQ(publish(alice.token, "lib", "1.0.0", otp(alice)).status, 201);
  const Answer of_a_package = prepare(alice, "lib");
  ASSERT_EQ(of_a_package.status, 200) << of_a_package.body;
  EXPECT_EQ(of_a_package.header("npm-notice"), "");
}

TEST_F(PendingPublishers, StagingCreatesThePackageToo) {
  const std::string id = id_of(
      prepare(alice, "new-lib", config(trust::test::publisher_claims(), {"createStagedPackage"})));
  ASSERT_EQ(stage(publish_token("new-lib"), "new-lib", "1.0.0").status, 201);
  EXPECT_EQ(maintainers("new-lib"), std::vector<std::string>{"alice"});
  EXPECT_EQ(list(alice, "new-lib").document().at(0).at("id"), json::value(id));
}

TEST_F(PendingPublishers, AreForWhoMayCreateThePackage) {
  const accounts::Organization acme = add_organization("acme", alice);
  const User bob = add_user("bob", true);
  set_member(acme, bob, accounts::Role::member);
  EXPECT_EQ(prepare(bob, "@acme/lib").status, 200);
  EXPECT_EQ(prepare(mallory, "@mallory/lib").status, 200);
  EXPECT_EQ(prepare(mallory, "@acme/lib").outcome(), "404 package_not_found");
  EXPECT_EQ(prepare(mallory, "@nobody/lib").outcome(), "404 package_not_found");
  EXPECT_EQ(list(mallory, "@acme/lib").outcome(), "404 package_not_found");
  EXPECT_EQ(prepare(mallory, "http").status, 400);  // a name that no new package may have
}

TEST_F(PendingPublishers, OnlyAdminsSeeWhatOthersPrepared) {
  const accounts::Organization acme = add_organization("acme", alice);
  const User bob = add_user("bob", true), carol = add_user("carol", true);
  set_member(acme, bob, accounts::Role::member);
  set_member(acme, carol, accounts::Role::member);
  const std::string id = id_of(prepare(bob, "@acme/lib"));
  EXPECT_EQ(list(carol, "@acme/lib").body, "[]");
  EXPECT_EQ(remove(carol, "@acme/lib", id).outcome(), "404 publisher_not_found");
  EXPECT_EQ(list(alice, "@acme/lib").document().as_array().size(), 1u);
  EXPECT_EQ(remove(alice, "@acme/lib", id).status, 204);
  EXPECT_EQ(exchange(identity_token(), "@acme/lib").outcome(), "404 no_matching_publisher");
}

TEST_F(PendingPublishers, ReserveNothing) {
  ASSERT_EQ(prepare(mallory, "lib").status, 200);
  const std::string token = publish_token("lib");
  ASSERT_EQ(publish(alice.token, "lib", "1.0.0", otp(alice)).status, 201);
  // What others prepared is over, with the tokens that it got, and its maker is told.
  EXPECT_EQ(list(alice, "lib").body, "[]");
  EXPECT_EQ(publish(token, "lib", "1.0.1").outcome(), "401 publish_token_invalid");
  const json::value told = prepared(mallory);
  EXPECT_TRUE(told.at("pending").as_array().empty());
  EXPECT_EQ(told.at("ended").at(0).at("package"), json::value("lib"));
  EXPECT_EQ(told.at("ended").at(0).at("reason"), json::value("name_taken"));
  EXPECT_EQ(audit_detail("trust.publisher_end").at("because"), json::value("name_taken"));
  EXPECT_EQ(exchange(identity_token(), "lib").outcome(), "403 publisher_expired");
}

TEST_F(PendingPublishers, OnesOwnArePublishersOfThePackageThatOnePublishes) {
  const std::string id = id_of(prepare(alice, "lib"));
  ASSERT_EQ(publish(alice.token, "lib", "1.0.0", otp(alice)).status, 201);
  EXPECT_EQ(list(alice, "lib").document().at(0).at("id"), json::value(id));
  EXPECT_EQ(publish(publish_token("lib"), "lib", "1.0.1").status, 201);
}

TEST_F(PendingPublishers, NobodyFillsUpANameForOthers) {
  for (std::size_t i = 0; i < trust::kMaxPublishers; ++i) {
    const auto claims =
        trust::test::changed(trust::test::publisher_claims(), trust::test::claim("vcs-origin"),
                             trust::test::json_string("github.com/mallory/" + std::to_string(i)));
    ASSERT_EQ(prepare(mallory, "lib", config(claims)).status, 200);
  }
  EXPECT_EQ(prepare(mallory, "lib").outcome(), "409 too_many_publishers");
  EXPECT_EQ(prepare(alice, "lib").status, 200);
  EXPECT_EQ(publish(publish_token("lib"), "lib", "1.0.0").status, 201);
  EXPECT_EQ(maintainers("lib"), std::vector<std::string>{"alice"});
}

TEST_F(PendingPublishers, ThoseThatOnePersonHasAreCounted) {
  for (std::int64_t i = 0; i < trust::kMaxPendingOfPerson; ++i) {
    ASSERT_TRUE(write([&](db::Session& session) {
      const auto claims = trust::test::required(trust::test::publisher_claims()).value();
      return trust::add_publisher(session, trust::pending_place("lib-" + std::to_string(i)),
                                  {claims, {true, true, false}, "circleci"}, "mallory",
                                  clock_.now());
    }));
  }
  EXPECT_EQ(prepare(mallory, "lib").outcome(), "409 too_many_publishers");
}

// Whoever names somebody else's project first would own what that project publishes.
TEST_F(PendingPublishers, TwoPeoplesThatMatchOneJobDecideNothing) {
  const std::string theirs = id_of(prepare(mallory, "lib"));
  ASSERT_EQ(prepare(alice, "lib").status, 200);
  const Answer refused = exchange(identity_token(), "lib");
  EXPECT_EQ(refused.outcome(), "403 pending_rivals");
  EXPECT_TRUE(refused.text("message").contains("alice and mallory") ||
              refused.text("message").contains("mallory and alice"));
  ASSERT_EQ(remove(mallory, "lib", theirs).status, 204);
  EXPECT_EQ(publish(publish_token("lib"), "lib", "1.0.0").status, 201);
}

TEST_F(PendingPublishers, OfTwoThatPublishAtOnceOneHasTheName) {
  const std::string project = trust::test::claim("project-id"),
                    other = trust::test::json_string(trust::test::kOther);
  ASSERT_EQ(prepare(alice, "lib").status, 200);
  ASSERT_EQ(prepare(mallory, "lib",
                    config(trust::test::changed(trust::test::publisher_claims(), project, other)))
                .status,
            200);
  const std::string tokens[] = {publish_token("lib"),
                                exchange(identity_token(project, other), "lib").text("token")};
  std::string outcomes[2];
  {
    std::latch start(2);
    std::jthread threads[2];
    for (int i = 0; i < 2; ++i) {
      threads[i] = std::jthread([&, i] {
        start.arrive_and_wait();
        outcomes[i] = publish(tokens[i], "lib", "1.0." + std::to_string(i)).outcome();
      });
    }
  }
  const int winner = outcomes[0] == "201 ok" ? 0 : 1;
  EXPECT_EQ(outcomes[winner], "201 ok");
  EXPECT_NE(outcomes[1 - winner], "201 ok");
  EXPECT_EQ(maintainers("lib"), std::vector<std::string>{winner == 0 ? "alice" : "mallory"});
  EXPECT_EQ(count("SELECT COUNT(*) FROM trusted_publisher"), 1);
  EXPECT_EQ(count("SELECT COUNT(*) FROM ended_publisher WHERE reason = 'name_taken'"), 1);
  EXPECT_EQ(count("SELECT COUNT(*) FROM package_version"), 1);
}

TEST_F(PendingPublishers, AMakerWhoLostTheRightCreatesNothing) {
  const accounts::Organization acme = add_organization("acme", alice);
  const User bob = add_user("bob", true);
  set_member(acme, bob, accounts::Role::member);
  ASSERT_EQ(prepare(bob, "@acme/lib").status, 200);
  const std::string token = publish_token("@acme/lib");
  set_member(acme, bob, std::nullopt);
  // What hung on the member went with the membership, tokens included.
  EXPECT_EQ(publish(token, "@acme/lib", "1.0.0").outcome(), "401 publish_token_invalid");
  EXPECT_EQ(exchange(identity_token(), "@acme/lib").outcome(), "403 publisher_expired");
  EXPECT_EQ(audit_detail("trust.publisher_end").at("because"), json::value("maker_left"));
  EXPECT_EQ(get("/@acme%2flib", alice.token).status, 404);
}

TEST_F(PendingPublishers, TheRightIsAskedAgainWhenThePackageIsCreated) {
  ASSERT_EQ(prepare(mallory, "@mallory/lib").status, 200);
  const std::string token = publish_token("@mallory/lib");
  // The scope becomes an organisation's while the tarball is on its way.
  const Answer answer = ask({.method = Method::put,
                             .target = "/@mallory%2flib",
                             .token = token,
                             .body = document("@mallory/lib", "1.0.0"),
                             .meanwhile = [&] {
                               EXPECT_TRUE(write([&](db::Session& session) -> Result<void> {
                                 session.run("UPDATE trusted_publisher SET created_by = 'nobody'");
                                 return {};
                               }));
                             }});
  EXPECT_EQ(answer.outcome(), "403 maker_may_not_create");
  EXPECT_EQ(count("SELECT COUNT(*) FROM package"), 0);
  EXPECT_EQ(exchange(identity_token(), "@mallory/lib").outcome(), "403 maker_may_not_create");
}

TEST_F(PendingPublishers, AnUnpublishedPackageIsNotANewOne) {
  ASSERT_EQ(publish(alice.token, "lib", "1.0.0", otp(alice)).status, 201);
  ASSERT_TRUE(write([&](db::Session& session) -> Result<void> {
    Package package = *find_package(session, "lib");
    write_unpublished(session, package, clock_.now());
    return {};
  }));
  EXPECT_EQ(prepare(mallory, "lib").outcome(), "403 package_not_permitted");
}

TEST_F(PendingPublishers, EndAfterThirtyDays) {
  ASSERT_EQ(prepare(alice, "lib").status, 200);
  clock_.advance(trust::kPendingLife - std::chrono::minutes(1));
  EXPECT_EQ(exchange(identity_token(), "lib").status, 201);  // and does not count as published
  clock_.advance(std::chrono::minutes(1));
  EXPECT_EQ(exchange(identity_token(), "lib").outcome(), "403 publisher_expired");
  ASSERT_TRUE(expire_publishers(*services_));
  EXPECT_EQ(audit_detail("trust.publisher_end").at("because"), json::value("pending_over"));
  EXPECT_EQ(exchange(identity_token(), "lib").outcome(), "403 publisher_expired");
  EXPECT_EQ(count("SELECT COUNT(*) FROM ended_publisher WHERE reason = 'pending_over'"), 1);
  clock_.advance(trust::kEndedKept + std::chrono::minutes(1));
  ASSERT_TRUE(expire_publishers(*services_));
  EXPECT_EQ(exchange(identity_token(), "lib").outcome(), "404 no_matching_publisher");
  EXPECT_EQ(count("SELECT COUNT(*) FROM ended_publisher"), 0);
}

TEST_F(PendingPublishers, StrangersJobsLearnNothingOfThem) {
  ASSERT_EQ(prepare(alice, "lib").status, 200);
  const std::string foreign = trust::test::json_string(trust::test::kOther);
  const Answer there = exchange(identity_token(trust::test::claim("project-id"), foreign), "lib");
  const Answer absent = exchange(identity_token(trust::test::claim("project-id"), foreign), "lub");
  EXPECT_EQ(there.outcome(), "404 no_matching_publisher");
  EXPECT_EQ(absent.outcome(), there.outcome());
}

TEST_F(PendingPublishers, AreListedForTheirMakerAlone) {
  ASSERT_EQ(prepare(alice, "lib").status, 200);
  EXPECT_EQ(prepared(alice).at("pending").at(0).at("package"), json::value("lib"));
  EXPECT_TRUE(prepared(mallory).at("pending").as_array().empty());
  EXPECT_EQ(get("/-/trust/pending").status, 401);
}

// Trusted publishing is set up blind otherwise: the refusal names an attempt, and this is whose it
// is.
TEST_F(PendingPublishers, ItsMakerIsToldWhyAJobWasRefused) {
  ASSERT_EQ(prepare(alice, "lib").status, 200);
  const Answer refused = exchange(
      identity_token(trust::test::claim("vcs-origin"), R"("github.com/acme/gadgets")"), "lib");
  ASSERT_EQ(refused.outcome(), "403 claim_mismatch");
  const std::string one = "/-/trust/attempts/" + refused.text("attempt");
  const Answer told = get(one, alice.token);
  ASSERT_EQ(told.status, 200) << told.body;
  EXPECT_EQ(told.text("message"), refused.text("message"));
  const std::string list = trust_path("lib") + "/attempts";
  EXPECT_EQ(get(list, alice.token).document().at(0), told.document());
  // A described job is held against what its asker prepared.
  const auto check = [&](const User& user) {
    json::object claims = trust::test::publisher_claims();
    claims[trust::test::claim("ssh-rerun")] = false;
    return ask({.method = Method::post,
                .target = trust_path("lib") + "/check",
                .token = user.token,
                .body = json::serialize(json::object{{"claims", claims}, {"issuer", "circleci"}})});
  };
  const Answer own = check(alice);
  EXPECT_EQ(own.text("outcome"), "would_be_granted_if_genuine") << own.body;
  EXPECT_EQ(own.document().at("publishers").as_array().size(), 1u);
  // To others who may take the name, there is nothing of it.
  EXPECT_EQ(get(one, mallory.token).outcome(), "404 attempt_not_found");
  EXPECT_EQ(get(list, mallory.token).body, "[]");
  const Answer foreign = check(mallory);
  EXPECT_NE(foreign.text("outcome"), "would_be_granted_if_genuine") << foreign.body;
  EXPECT_TRUE(foreign.document().at("publishers").as_array().empty()) << foreign.body;
}

TEST_F(PendingPublishers, RivalsComparisonsAreNotShown) {
  ASSERT_EQ(prepare(alice, "lib").status, 200);
  const std::string origin = trust::test::claim("vcs-origin");
  ASSERT_EQ(prepare(mallory, "lib",
                    config(trust::test::changed(trust::test::publisher_claims(), origin,
                                                R"("github.com/acme/mallorys")")))
                .status,
            200);
  const Answer refused = exchange(identity_token(origin, R"("github.com/acme/gadgets")"), "lib");
  ASSERT_EQ(refused.outcome(), "403 claim_mismatch");
  const std::string one = "/-/trust/attempts/" + refused.text("attempt");
  const auto compared = [&](const User& user) {
    const Answer answer = get(one, user.token);
    return answer.status == 200 ? answer.document().at("publishers").as_array().size() : 0;
  };
  EXPECT_EQ(compared(mallory), 1u);
  EXPECT_FALSE(get(one, mallory.token).body.contains(trust::test::kOrigin));
  EXPECT_EQ(get(one, mallory.token).text("message"), "");
  clock_.advance(Milliseconds(5));
  // Whoever has the name afterwards has no right to what others had prepared.
  ASSERT_EQ(publish(mallory.token, "lib", "1.0.0", otp(mallory)).status, 201);
  EXPECT_EQ(compared(mallory), 1u);
  EXPECT_FALSE(get(one, mallory.token).body.contains(trust::test::kOrigin));
  EXPECT_EQ(compared(alice), 0u);
}

class ScopePublishers : public PendingPublishers {
 protected:
  Answer scope(Method method, const User& user, std::string body = {}, const std::string& id = {}) {
    return ask({.method = method,
                .target = "/-/org/acme/trust" + (id.empty() ? "" : "/" + id),
                .token = user.token,
                .otp = otp(user),
                .body = std::move(body)});
  }

  accounts::Organization acme = add_organization("acme", alice);
};

TEST_F(ScopePublishers, ApplyToEveryPackageOfTheScopeAndToNewOnes) {
  ASSERT_EQ(publish(alice.token, "@acme/old", "1.0.0", otp(alice)).status, 201);
  const Answer made = scope(Method::post, alice, config());
  ASSERT_EQ(made.status, 200) << made.body;
  EXPECT_EQ(publish(publish_token("@acme/old"), "@acme/old", "1.0.1").status, 201);
  EXPECT_EQ(publish(publish_token("@acme/new"), "@acme/new", "1.0.0").status, 201);
  EXPECT_TRUE(maintainers("@acme/new").empty());  // the organisation owns it
  EXPECT_EQ(exchange(identity_token(), "unscoped").outcome(), "404 no_matching_publisher");
  EXPECT_EQ(exchange(identity_token(), "@alice/lib").outcome(), "404 no_matching_publisher");
  // Packages show what comes from above.
  const json::value listed = list(alice, "@acme/new").document();
  ASSERT_EQ(listed.as_array().size(), 1u);
  EXPECT_EQ(listed.at(0).at("scope"), json::value("@acme"));
  EXPECT_EQ(remove(alice, "@acme/new", id_of(made)).outcome(), "404 publisher_not_found");
  EXPECT_EQ(scope(Method::get, alice).document().as_array().size(), 1u);
}

TEST_F(ScopePublishers, ATokenIsGoodForOnePackageOnly) {
  ASSERT_EQ(scope(Method::post, alice, config()).status, 200);
  const std::string token = publish_token("@acme/one");
  EXPECT_EQ(publish(token, "@acme/two", "1.0.0").outcome(), "403 other_package");
}

TEST_F(ScopePublishers, WithoutCreatePackageThereAreNoNewOnes) {
  ASSERT_EQ(publish(alice.token, "@acme/old", "1.0.0", otp(alice)).status, 201);
  ASSERT_EQ(
      scope(Method::post, alice, config(trust::test::publisher_claims(), {"createStagedPackage"}))
          .status,
      200);
  EXPECT_EQ(exchange(identity_token(), "@acme/new").outcome(), "403 permission_not_granted");
  EXPECT_EQ(stage(publish_token("@acme/old"), "@acme/old", "1.0.1").status, 201);
}

TEST_F(ScopePublishers, AdminsDecide) {
  const User bob = add_user("bob", true);
  set_member(acme, bob, accounts::Role::member);
  EXPECT_EQ(scope(Method::post, bob, config()).outcome(), "403 package_not_permitted");
  EXPECT_EQ(scope(Method::get, bob).outcome(), "403 package_not_permitted");
  EXPECT_EQ(scope(Method::post, mallory, config()).outcome(), "404 organization_not_found");
  const std::string id = id_of(scope(Method::post, alice, config()));
  EXPECT_EQ(scope(Method::del, bob, {}, id).outcome(), "403 package_not_permitted");
  EXPECT_EQ(ask({.method = Method::del, .target = "/-/org/acme/trust/" + id, .token = alice.token})
                .outcome(),
            "401 second_factor_required");
  const std::string token = publish_token("@acme/lib");
  EXPECT_EQ(scope(Method::del, alice, {}, id).status, 204);
  EXPECT_EQ(publish(token, "@acme/lib", "1.0.0").outcome(), "401 publish_token_invalid");
  EXPECT_THAT(audited("trust.", acme.id), Contains("trust.revoke granted"));
}

TEST_F(ScopePublishers, OneNameInTheAuditLog) {
  EXPECT_EQ(ask({.method = Method::post,
                 .target = "/-/org/@acme/trust",
                 .token = alice.token,
                 .otp = otp(alice),
                 .body = config()})
                .outcome(),
            "404 organization_not_found");
  ASSERT_EQ(scope(Method::post, alice, config()).status, 200);
  EXPECT_EQ(count("SELECT COUNT(*) FROM audit_records WHERE action = 'trust.create' AND outcome = "
                  "'granted' AND subject = 'organization:acme'"),
            1);
}

// Its admins see why a job could not make a new package of the scope.
TEST_F(ScopePublishers, AttemptsOfNewNamesAreTheAdmins) {
  const User bob = add_user("bob", true);
  set_member(acme, bob, accounts::Role::member);
  ASSERT_EQ(prepare(bob, "@acme/new").status, 200);
  const Answer refused =
      exchange(identity_token(trust::test::claim("vcs-origin"), R"("github.com/acme/gadgets")"),
               "@acme/new");
  const std::string one = "/-/trust/attempts/" + refused.text("attempt");
  EXPECT_EQ(get(one, alice.token).text("outcome"), "claim_mismatch");
  EXPECT_EQ(get(one, bob.token).text("outcome"), "claim_mismatch");
  EXPECT_EQ(get(one, mallory.token).outcome(), "404 attempt_not_found");
}

TEST_F(ScopePublishers, ThePackagesOwnComeFirstThenPendingThenTheScopes) {
  ASSERT_EQ(publish(alice.token, "@acme/lib", "1.0.0", otp(alice)).status, 201);
  // More specific, and all the same after those that are nearer.
  ASSERT_EQ(
      scope(Method::post, alice, config(trust::test::publisher_claims({trust::test::kContextA})))
          .status,
      200);
  const std::string own = id_of(prepare(alice, "@acme/lib")),
                    pending = id_of(prepare(alice, "@acme/new"));
  ASSERT_EQ(exchange(identity_token(), "@acme/lib").status, 201);
  EXPECT_EQ(attempts("@acme/lib").front().publisher_id, own);
  ASSERT_EQ(exchange(identity_token(), "@acme/new").status, 201);
  EXPECT_EQ(attempts("@acme/new").front().publisher_id, pending);
  EXPECT_EQ(list(alice, "@acme/lib").document().at(0).at("id"), json::value(own));
  EXPECT_EQ(list(alice, "@acme/new").document().at(0).at("id"), json::value(pending));
}

}  // namespace
}  // namespace imp::registry::test
