#include <algorithm>

#include "registry/api/registry_fixture.h"

namespace imp::registry::test {
namespace {

constexpr std::string_view kReason = "Its maintainer's laptop was stolen.";

/// A package with a release, a staged one, and a job that may do everything to it.
class FreezeRoutes : public RegistryTest {
 protected:
  FreezeRoutes() {
    EXPECT_EQ(publish(alice.token, "@alice/lib", "1.0.0", otp(alice)).status, 201);
    EXPECT_EQ(publish(alice.token, "@alice/other", "1.0.0", otp(alice)).status, 201);
    trust_job("@alice/lib", {true, true, true});
    staged = stage(alice.token, "@alice/lib", "1.1.0").text("stageId");
    EXPECT_TRUE(write([&](db::Session& session) -> Result<void> {
      session.run("UPDATE accounts_people SET is_admin = 1 WHERE name = 'root'");
      return {};
    }));
  }
  Answer call(Method method, const User& user, std::string code, json::object body = {},
              const std::string& id = {}) {
    return ask({.method = method,
                .target = "/-/freezes" + (id.empty() ? "" : "/" + id),
                .token = user.token,
                .otp = std::move(code),
                .body = json::serialize(body)});
  }
  /// The freeze's id.
  std::string freeze(json::object what) {
    what["reason"] = kReason;
    const Answer answer = call(Method::post, root, otp(root), std::move(what));
    EXPECT_EQ(answer.status, 201) << answer.body;
    return answer.text("id");
  }
  void unfreeze(const std::string& id) {
    EXPECT_EQ(call(Method::del, root, otp(root), {}, id).status, 204);
  }
  json::object packument() {
    return get("/@alice%2flib?write=true", alice.token).document().as_object();
  }
  std::string rev() { return std::string(packument().at("_rev").as_string()); }
  Answer put(json::object document, const std::string& path) {
    return ask({.method = Method::put,
                .target = path,
                .token = alice.token,
                .otp = otp(alice),
                .body = json::serialize(document)});
  }
  Answer tag(Method method, const std::string& token) {
    return ask({.method = method,
                .target = "/-/package/@alice%2flib/dist-tags/beta",
                .token = token,
                .otp = trust::is_publish_token(token) ? "" : otp(alice),
                .body = method == Method::put ? "\"1.0.0\"" : ""});
  }

  User alice = add_user("alice", true);
  User root = add_user("root", true);
  std::string staged;
};

TEST_F(FreezeRoutes, AreForAdministratorsWithASecondFactor) {
  const json::object body{{"everything", true}, {"reason", kReason}};
  EXPECT_EQ(call(Method::post, alice, otp(alice), body).outcome(), "403 package_not_permitted");
  EXPECT_EQ(call(Method::get, alice, otp(alice)).outcome(), "403 package_not_permitted");
  EXPECT_EQ(call(Method::del, alice, otp(alice), {}, "x").outcome(), "403 package_not_permitted");
  EXPECT_EQ(call(Method::post, root, "", body).outcome(), "401 second_factor_required");
  EXPECT_EQ(call(Method::del, root, "", {}, "x").outcome(), "401 second_factor_required");
  EXPECT_EQ(ask({.method = Method::post, .target = "/-/freezes", .body = json::serialize(body)})
                .outcome(),
            "401 not_signed_in");
  const std::string job = publish_token("@alice/lib");
  EXPECT_EQ(ask({.method = Method::post,
                 .target = "/-/freezes",
                 .token = job,
                 .body = json::serialize(body)})
                .outcome(),
            "403 publish_token_forbidden");
  EXPECT_EQ(count("SELECT COUNT(*) FROM freeze"), 0);
}

TEST_F(FreezeRoutes, AddListAndRemove) {
  EXPECT_EQ(call(Method::post, root, "", {{"reason", kReason}}).outcome(), "400 invalid_freeze");
  EXPECT_EQ(call(Method::post, root, otp(root), {{"everything", true}}).outcome(),
            "400 invalid_freeze");
  const std::string id = freeze({{"package", "@alice/lib"}});
  EXPECT_EQ(
      call(Method::post, root, otp(root), {{"package", "@alice/lib"}, {"reason", "x"}}).outcome(),
      "409 freeze_exists");
  const json::array listed = call(Method::get, root, otp(root)).document().as_array();
  ASSERT_EQ(listed.size(), 1U);
  EXPECT_EQ(listed[0].at("id"), json::value(id));
  EXPECT_EQ(listed[0].at("package"), json::value("@alice/lib"));
  EXPECT_EQ(listed[0].at("reason"), json::value(kReason));
  EXPECT_EQ(listed[0].at("createdBy"), json::value("root"));
  unfreeze(id);
  EXPECT_EQ(call(Method::del, root, otp(root), {}, id).outcome(), "404 freeze_not_found");
  EXPECT_EQ(call(Method::get, root, otp(root)).document().as_array().size(), 0U);
  const auto lines = audited("freeze.");
  EXPECT_EQ(std::ranges::count(lines, "freeze.add granted"), 1);
  EXPECT_EQ(std::ranges::count(lines, "freeze.remove granted"), 1);
}

TEST_F(FreezeRoutes, AFrozenPackageChangesInNoWay) {
  const std::string job = publish_token("@alice/lib");
  json::object deprecated = packument();
  deprecated.at("versions").at("1.0.0").as_object()["deprecated"] = "old";
  json::object without = packument();
  without.at("versions").as_object().clear();
  const std::string revision = rev();
  freeze({{"package", "@alice/lib"}});

  const Answer answer = publish(alice.token, "@alice/lib", "2.0.0", otp(alice));
  EXPECT_EQ(answer.outcome(), "403 frozen");
  EXPECT_TRUE(answer.text("message").contains(kReason));
  EXPECT_EQ(answer.text("error"), answer.text("message"));
  EXPECT_TRUE(answer.header("npm-notice").starts_with(answer.text("message")));
  EXPECT_EQ(publish(job, "@alice/lib", "2.0.0").outcome(), "403 frozen");
  EXPECT_EQ(stage(alice.token, "@alice/lib", "2.0.0").outcome(), "403 frozen");
  EXPECT_EQ(stage(job, "@alice/lib", "2.0.0").outcome(), "403 frozen");
  EXPECT_EQ(exchange(identity_token(), "@alice/lib").outcome(), "403 frozen");
  EXPECT_EQ(ask({.method = Method::post,
                 .target = "/-/stage/" + staged + "/approve",
                 .token = alice.token,
                 .otp = otp(alice)})
                .outcome(),
            "403 frozen");
  for (const std::string& token : {alice.token, job}) {
    EXPECT_EQ(tag(Method::put, token).outcome(), "403 frozen");
    EXPECT_EQ(tag(Method::del, token).outcome(), "403 frozen");
  }
  EXPECT_EQ(put(deprecated, "/@alice%2flib").outcome(), "403 frozen");
  EXPECT_EQ(put(without, "/@alice%2flib/-rev/" + revision).outcome(), "403 frozen");
  EXPECT_EQ(ask({.method = Method::del,
                 .target = "/@alice%2flib/-rev/" + revision,
                 .token = alice.token,
                 .otp = otp(alice)})
                .outcome(),
            "403 frozen");
  EXPECT_EQ(rev(), revision);
  EXPECT_EQ(count("SELECT COUNT(*) FROM staged_release"), 1);
  EXPECT_EQ(count("SELECT COUNT(*) FROM stage_approval"), 0);
  EXPECT_EQ(attempts("@alice/lib").front().outcome, "frozen");
}

TEST_F(FreezeRoutes, ReadersAndPeopleAreNotAffected) {
  freeze({{"everything", true}});
  EXPECT_EQ(get("/@alice%2flib").status, 200);
  EXPECT_EQ(get("/@alice/lib/-/lib-1.0.0.tgz").status, 200);
  EXPECT_EQ(get("/-/stage/" + staged, alice.token).status, 200);
  // An owner who is part of the incident can be removed, and what they staged rejected.
  add_user("bob");
  const json::array owners{{{"name", "alice"}, {"email", "a@x"}},
                           {{"name", "bob"}, {"email", "b@x"}}};
  EXPECT_EQ(put({{"_id", "@alice/lib"}, {"_rev", rev()}, {"maintainers", owners}},
                "/@alice%2flib/-rev/" + rev())
                .outcome(),
            "201 ok");
  EXPECT_EQ(ask({.method = Method::del,
                 .target = "/-/stage/" + staged,
                 .token = alice.token,
                 .otp = otp(alice)})
                .status,
            204);
}

TEST_F(FreezeRoutes, AScopeOrEverythingCoversWhatDoesNotExistYet) {
  const std::string scope = freeze({{"scope", "@alice"}});
  EXPECT_EQ(publish(alice.token, "@alice/other", "2.0.0", otp(alice)).outcome(), "403 frozen");
  EXPECT_EQ(publish(alice.token, "@alice/new", "1.0.0", otp(alice)).outcome(), "403 frozen");
  EXPECT_EQ(publish(alice.token, "unscoped", "1.0.0", otp(alice)).status, 201);
  unfreeze(scope);
  freeze({{"everything", true}});
  EXPECT_EQ(publish(alice.token, "unscoped", "1.1.0", otp(alice)).outcome(), "403 frozen");
  EXPECT_EQ(publish(alice.token, "unscoped-2", "1.0.0", otp(alice)).outcome(), "403 frozen");
}

// A tarball takes its time.
TEST_F(FreezeRoutes, AnUploadThatHasBegunIsRefused) {
  const std::string job = publish_token("@alice/lib");
  EXPECT_EQ(ask({.method = Method::put,
                 .target = "/@alice%2flib",
                 .token = job,
                 .body = document("@alice/lib", "2.0.0"),
                 .meanwhile = [&] { freeze({{"package", "@alice/lib"}}); }})
                .outcome(),
            "403 frozen");
  EXPECT_EQ(count("SELECT COUNT(*) FROM package_version WHERE version = '2.0.0'"), 0);
}

TEST_F(FreezeRoutes, TokensFromBeforeEndWithTheFreeze) {
  const std::string stolen = publish_token("@alice/lib");
  const std::string id = freeze({{"package", "@alice/lib"}});
  unfreeze(id);
  EXPECT_EQ(publish(stolen, "@alice/lib", "2.0.0").outcome(), "401 publish_token_invalid");
  EXPECT_EQ(publish(publish_token("@alice/lib"), "@alice/lib", "2.0.0").status, 201);
  EXPECT_EQ(audit_detail("freeze.remove").at("publish_tokens_revoked"), json::value(1));
}

TEST_F(FreezeRoutes, StrangersAreNotToldOfHiddenPackages) {
  DocumentOptions restricted;
  restricted.access = "\"restricted\"";
  ASSERT_EQ(publish(alice.token, "@alice/secret", "1.0.0", otp(alice), restricted).status, 201);
  freeze({{"package", "@alice/secret"}});
  const User eve = add_user("eve");
  EXPECT_EQ(publish(eve.token, "@alice/secret", "2.0.0").outcome(), "404 package_not_found");
  EXPECT_EQ(publish("", "@alice/secret", "2.0.0").outcome(), "401 not_signed_in");
  EXPECT_EQ(exchange(identity_token(), "@alice/secret").outcome(), "404 no_matching_publisher");
}

TEST_F(FreezeRoutes, TheScopesAdministratorsSeeItInTheirAuditLog) {
  const User ann = add_user("ann", true);
  const accounts::Organization acme = add_organization("acme", ann);
  for (const json::object& what :
       {json::object{{"scope", "@acme"}}, json::object{{"package", "@acme/widget"}},
        json::object{{"everything", true}}}) {
    unfreeze(freeze(what));
  }
  EXPECT_EQ(audited("freeze.add", acme.id).size(), 2U);
  const User bob = add_user("bob", true), eve = add_user("eve", true);
  set_member(acme, bob, accounts::Role::member);
  // What is refused about the organisation, and about what waits in its packages, is there, too.
  ASSERT_EQ(publish(ann.token, "@acme/lib", "1.0.0", otp(ann)).status, 201);
  EXPECT_EQ(ask({.method = Method::put,
                 .target = "/-/package/@acme%2flib/stage-policy",
                 .token = ann.token,
                 .otp = otp(ann),
                 .body = R"({"differentPerson": true})"})
                .status,
            200);
  const std::string id = stage(ann.token, "@acme/lib", "1.1.0").text("stageId");
  EXPECT_EQ(ask({.method = Method::post,
                 .target = "/-/stage/" + id + "/approve",
                 .token = ann.token,
                 .otp = otp(ann)})
                .outcome(),
            "403 approver_is_stager");
  EXPECT_EQ(ask({.target = "/-/org/acme/trust", .token = bob.token, .otp = otp(bob)}).outcome(),
            "403 package_not_permitted");
  const Answer page = get("/-/org/acme/audit", ann.token);
  ASSERT_EQ(page.status, 200) << page.body;
  std::vector<std::string> lines;
  for (const json::value& record : page.document().at("records").as_array()) {
    EXPECT_EQ(record.at("organization"), json::value(acme.id));
    lines.push_back(std::string(record.at("action").as_string()) + " " +
                    std::string(record.at("outcome").as_string()));
  }
  for (const char* line : {"freeze.add granted", "stage.approve approver_is_stager",
                           "trust.list package_not_permitted"}) {
    EXPECT_EQ(std::ranges::count(lines, line), line[0] == 'f' ? 2 : 1) << line << page.body;
  }
  // Page by page, and by action.
  const Answer one = get("/-/org/acme/audit?action=freeze.add&limit=1", ann.token);
  EXPECT_EQ(one.document().at("records").as_array().size(), 1U);
  const std::string before = std::to_string(one.document().at("before").as_int64());
  EXPECT_FALSE(get("/-/org/acme/audit?action=freeze.add&limit=1&before=" + before, ann.token)
                   .document()
                   .as_object()
                   .contains("before"));
  // To nobody else.
  EXPECT_EQ(get("/-/org/acme/audit", bob.token).outcome(), "403 package_not_permitted");
  EXPECT_EQ(get("/-/org/acme/audit", eve.token).outcome(), "404 organization_not_found");
  EXPECT_EQ(get("/-/org/acme/audit").outcome(), "401 not_signed_in");
}

}  // namespace
}  // namespace imp::registry::test
