#include "registry/api/registry_fixture.h"

namespace imp::registry::test {
namespace {

/// What `npm org`, `npm team` and `npm access list packages` ask for.
class OrganizationRoutes : public RegistryTest {
 protected:
  OrganizationRoutes() {
    set_member(acme, bob, accounts::Role::member);
    EXPECT_EQ(publish(alice.token, "@acme/lib", "1.0.0").status, 201);
  }
  Answer send(Method method, std::string target, const std::string& token, json::object body = {},
              std::string otp = {}) {
    return ask({.method = method,
                .target = std::move(target),
                .token = token,
                .otp = std::move(otp),
                .body = json::serialize(body)});
  }
  std::string roster() { return get("/-/org/acme/user", alice.token).body; }
  std::string granular(const User& user, accounts::TokenPermission orgs) {
    accounts::NewToken token;
    token.reach.orgs_permission = orgs;
    token.reach.orgs = {"acme"};
    return granular_token(user, token);
  }

  User alice = add_user("alice");
  User bob = add_user("bob");
  User carol = add_user("carol");
  accounts::Organization acme = add_organization("acme", alice);
};

TEST_F(OrganizationRoutes, AnAdminSetsAndRemovesMembers) {
  EXPECT_EQ(roster(), R"({"alice":"admin","bob":"developer"})");
  const Answer added =
      send(Method::put, "/-/org/acme/user", alice.token, {{"user", "carol"}, {"role", "owner"}});
  EXPECT_EQ(added.body, R"({"org":{"name":"acme","size":3},"user":"carol","role":"admin"})");
  EXPECT_EQ(send(Method::put, "/-/org/acme/user", alice.token,
                 {{"user", "@carol"}, {"role", "developer"}})
                .outcome(),
            "200 ok");
  EXPECT_EQ(roster(), R"({"alice":"admin","bob":"developer","carol":"developer"})");
  EXPECT_EQ(send(Method::del, "/-/org/acme/user", alice.token, {{"user", "carol"}}).status, 204);
  EXPECT_EQ(roster(), R"({"alice":"admin","bob":"developer"})");
  EXPECT_EQ(audited("organization.member").size(), 4u);
}

TEST_F(OrganizationRoutes, OnlyAnAdminChangesAndOnlyMembersLook) {
  const json::object carol_joins{{"user", "carol"}, {"role", "developer"}};
  struct {
    std::string token;
    std::string_view reads, changes;
  } const rows[] = {
      {"", "401 not_signed_in", "401 not_signed_in"},
      {carol.token, "404 organization_not_found", "404 organization_not_found"},
      {bob.token, "200 ok", "403 organization_forbidden"},
      {granular(alice, accounts::TokenPermission::read_only), "200 ok", "403 credential_limited"},
      {granular(bob, accounts::TokenPermission::read_write), "200 ok",
       "403 organization_forbidden"},
      {"imp_wrong", "401 credential_invalid", "401 credential_invalid"}};
  for (const auto& row : rows) {
    for (const std::string path : {"/-/org/acme/user", "/-/org/acme/team", "/-/org/acme/package"}) {
      EXPECT_EQ(get(path, row.token).outcome(), row.reads) << path;
    }
    EXPECT_EQ(send(Method::put, "/-/org/acme/user", row.token, carol_joins).outcome(), row.changes);
    EXPECT_EQ(send(Method::put, "/-/org/acme/team", row.token, {{"name", "dev"}}).outcome(),
              row.changes);
  }
  // A token for packages alone does not see the organisation at all.
  accounts::NewToken packages;
  packages.reach.all_packages = true;
  EXPECT_EQ(get("/-/org/acme/user", granular_token(alice, packages)).outcome(),
            "404 organization_not_found");
  trust_job("@acme/lib", {true, true, true});
  EXPECT_EQ(get("/-/org/acme/user", publish_token("@acme/lib")).outcome(), "401 not_signed_in");
  EXPECT_EQ(roster(), R"({"alice":"admin","bob":"developer"})");
}

// Not even members who are no admins find out by trying who has an account, or is in a group.
TEST_F(OrganizationRoutes, NamesAreToldToAdminsAlone) {
  ASSERT_EQ(send(Method::put, "/-/org/acme/team", alice.token, {{"name", "release"}}).status, 201);
  struct {
    Method method;
    std::string path;
  } const rows[] = {
      {Method::put, "/-/org/acme/user"},          {Method::del, "/-/org/acme/user"},
      {Method::put, "/-/team/acme/release/user"}, {Method::del, "/-/team/acme/release/user"},
      {Method::put, "/-/team/acme/nowhere/user"}, {Method::del, "/-/team/acme/nowhere"}};
  for (const auto& row : rows) {
    for (const char* name : {"alice", "carol", "nobody"}) {
      EXPECT_EQ(send(row.method, row.path, bob.token, {{"user", name}}).outcome(),
                "403 organization_forbidden")
          << row.path << " " << name;
    }
  }
  EXPECT_EQ(send(Method::put, "/-/org/acme/user", alice.token, {{"user", "nobody"}}).outcome(),
            "404 person_not_found");
}

TEST_F(OrganizationRoutes, AnOrganisationKeepsAnAdminAndMembersMayLeave) {
  EXPECT_EQ(send(Method::del, "/-/org/acme/user", alice.token, {{"user", "alice"}}).outcome(),
            "409 last_admin");
  EXPECT_EQ(
      send(Method::put, "/-/org/acme/user", alice.token, {{"user", "alice"}, {"role", "developer"}})
          .outcome(),
      "409 last_admin");
  EXPECT_EQ(send(Method::del, "/-/org/acme/user", bob.token, {{"user", "bob"}}).status, 204);
  EXPECT_EQ(roster(), R"({"alice":"admin"})");
}

TEST_F(OrganizationRoutes, MembersSeeEverybodyWhoMayPublishAndStrangersTheMaintainers) {
  const std::string path = "/-/package/@acme%2flib/collaborators";
  EXPECT_EQ(get(path, bob.token).body, R"({"alice":"write","bob":"write"})");
  for (const std::string& token : {carol.token, std::string()}) {
    EXPECT_EQ(get(path, token).body, R"({"alice":"write"})");
  }
}

// Who publishes a first version becomes its maintainer. That is held through the organisation.
TEST_F(OrganizationRoutes, WhoLeavesMaintainsItsPackagesNoMore) {
  DocumentOptions restricted;
  restricted.access = "\"restricted\"";
  ASSERT_EQ(publish(bob.token, "@acme/secret", "1.0.0", {}, restricted).status, 201);
  ASSERT_EQ(publish(bob.token, "@bob/own", "1.0.0").status, 201);
  ASSERT_EQ(get("/@acme%2fsecret", bob.token).status, 200);
  const std::string rev = get("/@acme%2fsecret?write=true", alice.token).text("_rev");
  ASSERT_EQ(send(Method::del, "/-/org/acme/user", alice.token, {{"user", "bob"}}).status, 204);
  EXPECT_EQ(get("/@acme%2fsecret", bob.token).outcome(), "404 package_not_found");
  EXPECT_EQ(get("/@acme/secret/-/secret-1.0.0.tgz", bob.token).outcome(), "404 package_not_found");
  EXPECT_EQ(publish(bob.token, "@acme/secret", "1.1.0").outcome(), "404 package_not_found");
  EXPECT_EQ(
      ask({.method = Method::del, .target = "/@acme%2fsecret/-rev/" + rev, .token = bob.token})
          .outcome(),
      "404 package_not_found");
  EXPECT_EQ(audit_detail("package.owners").at("removed"), "bob");
  // What is theirs stays theirs, and the package stays the organisation's.
  EXPECT_EQ(publish(bob.token, "@bob/own", "1.1.0").outcome(), "201 ok");
  EXPECT_EQ(publish(alice.token, "@acme/secret", "1.1.0").outcome(), "201 ok");
}

TEST_F(OrganizationRoutes, ItsAdministratorsMaySeeWhatWasDecidedOnItsPackages) {
  using Lines = std::vector<std::string>;
  ASSERT_EQ(publish(bob.token, "@bob/own", "1.0.0").status, 201);
  ASSERT_EQ(publish(carol.token, "@bob/own", "1.1.0").status, 403);
  const Answer strangers = publish(carol.token, "@acme/lib", "2.0.0");
  ASSERT_EQ(strangers.status, 403);
  EXPECT_EQ(audited("package.", acme.id),
            (Lines{"package.publish granted", "package.publish " + strangers.text("code")}));

  ASSERT_EQ(ask({.method = Method::put,
                 .target = "/-/package/@acme%2flib/dist-tags/next",
                 .token = alice.token,
                 .body = "\"1.0.0\""})
                .status,
            200);
  EXPECT_EQ(audited("dist_tag.", acme.id), (Lines{"dist_tag.set granted"}));

  const std::string publisher = trust_job("@acme/lib", {true, true, true});
  const std::string job = publish_token("@acme/lib");
  const std::string used = identity_token();
  ASSERT_EQ(exchange(used, "@acme/lib").status, 201);
  ASSERT_EQ(exchange(used, "@acme/lib").outcome(), "401 replayed");
  ASSERT_GE(exchange(identity_token(), "@bob/own").status, 400);
  ASSERT_EQ(ask({.method = Method::del, .target = exchange_path("@acme/lib"), .token = job}).status,
            204);
  enable_second_factor(alice);
  ASSERT_LT(ask({.method = Method::del,
                 .target = "/-/package/@acme%2flib/trust/" + publisher,
                 .token = alice.token,
                 .otp = otp(alice)})
                .status,
            300);
  EXPECT_EQ(audited("trust.", acme.id),
            (Lines{"trust.exchange granted", "trust.exchange granted", "trust.exchange replayed",
                   "trust.token_revoke granted", "trust.revoke granted"}));

  for (const auto& [version, method] :
       {std::pair("1.1.0", Method::post), std::pair("1.2.0", Method::del)}) {
    const std::string id = stage(alice.token, "@acme/lib", version).text("stageId");
    const std::string path = "/-/stage/" + id + (method == Method::post ? "/approve" : "");
    ASSERT_LT(
        ask({.method = method, .target = path, .token = alice.token, .otp = otp(alice)}).status,
        300);
  }
  EXPECT_EQ(audited("stage.", acme.id), (Lines{"stage.create granted", "stage.approve granted",
                                               "stage.create granted", "stage.withdraw granted"}));
}

TEST_F(OrganizationRoutes, OddRequestsAreRefused) {
  EXPECT_EQ(send(Method::put, "/-/org/acme/user", alice.token, {{"user", "carol"}, {"role", "god"}})
                .outcome(),
            "400 role_invalid");
  EXPECT_EQ(send(Method::put, "/-/org/acme/user", alice.token, {{"user", "carol"}}).outcome(),
            "200 ok")
      << "without a role: developer";
  EXPECT_EQ(send(Method::put, "/-/org/acme/user", alice.token, {{"user", "carol"}, {"role", 5}})
                .outcome(),
            "400 name_invalid");
  EXPECT_EQ(send(Method::put, "/-/org/acme/user", alice.token, {{"user", "nobody"}}).outcome(),
            "404 person_not_found");
  EXPECT_EQ(send(Method::put, "/-/org/acme/user", alice.token).outcome(), "400 name_invalid");
  EXPECT_EQ(get("/-/org/nowhere/user", alice.token).outcome(), "404 organization_not_found");
}

TEST_F(OrganizationRoutes, GroupsAreWhatNpmCallsTeams) {
  EXPECT_EQ(send(Method::put, "/-/org/acme/team", alice.token, {{"name", "release"}}).body,
            R"({"name":"release"})");
  EXPECT_EQ(send(Method::put, "/-/org/acme/team", alice.token, {{"name", "release"}}).outcome(),
            "409 group_exists");
  EXPECT_EQ(get("/-/org/acme/team?format=cli", alice.token).body, R"(["acme:release"])");
  const std::string users = "/-/team/acme/release/user";
  EXPECT_EQ(send(Method::put, users, alice.token, {{"user", "bob"}}).body, R"({"user":"bob"})");
  EXPECT_EQ(send(Method::put, users, alice.token, {{"user", "carol"}}).outcome(),
            "404 member_not_found");
  EXPECT_EQ(send(Method::put, users, bob.token, {{"user", "bob"}}).outcome(),
            "403 organization_forbidden");
  EXPECT_EQ(get(users + "?format=cli", bob.token).body, R"(["bob"])");
  const auto groups = accounts_->groups.list(acme.id);
  ASSERT_EQ(groups->size(), 1u);
  EXPECT_EQ(accounts_->groups.ids_of(acme.id, bob.person.id).value(),
            (std::vector<std::string>{acme.id, groups->front().id}));
  EXPECT_EQ(send(Method::del, users, alice.token, {{"user", "bob"}}).status, 204);
  EXPECT_EQ(get(users, alice.token).body, "[]");
  EXPECT_EQ(send(Method::del, "/-/team/acme/release", alice.token).status, 204);
  EXPECT_EQ(get(users, alice.token).outcome(), "404 group_not_found");
}

TEST_F(OrganizationRoutes, ChangesAskForTheSecondFactor) {
  enable_second_factor(alice);
  EXPECT_EQ(send(Method::put, "/-/org/acme/team", alice.token, {{"name", "dev"}}).outcome(),
            "401 second_factor_required");
  EXPECT_EQ(get("/-/org/acme/team", alice.token).body, "[]");
  EXPECT_EQ(
      send(Method::put, "/-/org/acme/team", alice.token, {{"name", "dev"}}, otp(alice)).status,
      201);
  // A token that publishes without one governs nothing without one.
  accounts::NewToken bypass;
  bypass.reach.orgs_permission = accounts::TokenPermission::read_write;
  bypass.reach.orgs = {"acme"};
  bypass.bypass_2fa = true;
  EXPECT_EQ(send(Method::del, "/-/team/acme/dev", granular_token(alice, bypass)).outcome(),
            "401 second_factor_required");
}

TEST_F(OrganizationRoutes, PackagesAreListedForWhoMaySeeThem) {
  ASSERT_EQ(publish(bob.token, "@bob/open", "1.0.0").status, 201);
  DocumentOptions restricted;
  restricted.access = "\"restricted\"";
  ASSERT_EQ(publish(bob.token, "@bob/secret", "1.0.0", {}, restricted).status, 201);
  EXPECT_EQ(get("/-/org/acme/package", bob.token).body, R"({"@acme/lib":"write"})");
  EXPECT_EQ(get("/-/user/bob/package", bob.token).body,
            R"({"@bob/open":"write","@bob/secret":"write"})");
  EXPECT_EQ(get("/-/user/bob/package", carol.token).body, R"({"@bob/open":"write"})");
  accounts::NewToken one;
  one.reach.packages = {"@bob/open"};
  EXPECT_EQ(get("/-/user/bob/package", granular_token(bob, one)).body, R"({"@bob/open":"write"})");
  EXPECT_EQ(get("/-/user/bob/package").status, 401);
  EXPECT_EQ(get("/-/user/nobody/package", bob.token).body, "{}") << "as of somebody without one";
}

}  // namespace
}  // namespace imp::registry::test
