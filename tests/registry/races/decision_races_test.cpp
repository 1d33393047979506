#include "registry/api/staging/stage_decisions.h"
#include "registry/api/staging/stage_expiry.h"
#include "registry/races/races_fixture.h"
#include "registry/staging/staged_release.h"

// Staged releases that are decided while those who decide lose the right to.

namespace imp::registry::test {
namespace {

constexpr int kRounds = 6;

class DecisionRaces : public RacesTest {
 protected:
  DecisionRaces() {
    acme = add_organization("acme", alice);
    set_member(acme, bob, accounts::Role::member);
    EXPECT_EQ(publish(alice.token, "@acme/lib", "1.0.0", otp(alice)).status, 201);
  }
  std::string staged(const std::string& version) {
    const Answer answer = stage(alice.token, "@acme/lib", version);
    EXPECT_EQ(answer.status, 201) << answer.body;
    return answer.text("stageId");
  }
  Answer approve(const std::string& id, const User& user, std::string code) {
    return call(Method::post, "/-/stage/" + id + "/approve", user, std::move(code));
  }
  bool live(const std::string& version) {
    return get("/@acme%2flib").document().at("versions").as_object().contains(version);
  }

  User alice = add_user("alice", true), bob = add_user("bob", true),
       carol = add_user("carol", true);
  accounts::Organization acme;
};

TEST_F(DecisionRaces, AnApprovalIsByWhoHasTheRightAtThatMoment) {
  for (int round = 0; round < kRounds; ++round) {
    const std::string version = fmt::format("1.1.{}", round), id = staged(version);
    const std::string code = otp(bob);
    std::string outcome;
    at_once({[&] { outcome = approve(id, bob, code).outcome(); },
             [&] { set_member(acme, bob, std::nullopt); }});
    EXPECT_TRUE(outcome == "201 ok" || outcome == "404 stage_not_found") << outcome;
    EXPECT_EQ(live(version), outcome == "201 ok");
    EXPECT_EQ(count("SELECT COUNT(*) FROM staged_release"), outcome == "201 ok" ? 0 : 1);
    if (outcome != "201 ok") {
      EXPECT_EQ(call(Method::del, "/-/stage/" + id, alice, otp(alice)).status, 204);
    }
    set_member(acme, bob, accounts::Role::member);
  }
  bool member = false;
  int approvals = 0;
  for (const audit::Entry& entry : records()) {
    const audit::Record& record = entry.record;
    if (record.action == "organization.member_add") member = true;
    if (record.action == "organization.member_remove") member = false;
    if (record.action != "stage.approve" || record.outcome != "granted") continue;
    ++approvals;
    EXPECT_EQ(record.actor, "user:bob");
    EXPECT_TRUE(member) << entry.sequence;
  }
  EXPECT_EQ(approvals, count("SELECT COUNT(*) FROM package_version WHERE version LIKE '1.1.%'"));
}

// Of two approvals that are needed, one is of somebody who is removed meanwhile: it counts, if the
// other one comes before the removal, and else it does not.
TEST_F(DecisionRaces, TheApprovalOfWhoLeavesCountsUntilThen) {
  set_member(acme, carol, accounts::Role::member);
  ASSERT_EQ(call(Method::put, "/-/package/@acme%2flib/stage-policy", alice, otp(alice),
                 R"({"approvals": 2})")
                .status,
            200);
  for (int round = 0; round < kRounds; ++round) {
    const std::string version = fmt::format("1.2.{}", round), id = staged(version);
    ASSERT_EQ(approve(id, bob, otp(bob)).status, 201);
    const std::string code = otp(carol);
    Answer second;
    at_once(
        {[&] { second = approve(id, carol, code); }, [&] { set_member(acme, bob, std::nullopt); }});
    ASSERT_EQ(second.status, 201) << second.body;
    const bool published = second.document().at("published").as_bool();
    EXPECT_EQ(live(version), published);
    // The order of the records says which it was.
    std::int64_t removed = 0, approved = 0;
    for (const audit::Entry& entry : records()) {
      if (entry.record.action == "organization.member_remove") removed = entry.sequence;
      if (entry.record.action == "stage.approve" && entry.record.actor == "user:carol") {
        approved = entry.sequence;
      }
    }
    EXPECT_EQ(published, approved < removed) << approved << " " << removed;
    set_member(acme, bob, accounts::Role::member);
    if (!published) EXPECT_EQ(call(Method::del, "/-/stage/" + id, alice, otp(alice)).status, 204);
  }
}

// Two servers of one registry whose clocks differ by a millisecond, at the end of a release's time:
// for one of them it can still be approved, for the other it is over.
TEST_F(DecisionRaces, AtTheEndOfItsTimeAReleaseIsApprovedOrOver) {
  for (int round = 0; round < kRounds; ++round) {
    const std::string version = fmt::format("1.3.{}", round), id = staged(version);
    const std::string code = otp(alice);
    const ManualClock ahead(clock_.now() + Milliseconds(1));
    write([&](db::Session& session) -> Result<void> {
      session.run("UPDATE staged_release SET created_at = :p1",
                  {to_milliseconds(ahead.now() - kStageLife)});
      return {};
    });
    RegistryServices other = services_at(ahead);
    std::string outcome;
    at_once({[&] { outcome = approve(id, alice, code).outcome(); },
             [&] { EXPECT_TRUE(expire_releases(other)); }});
    EXPECT_TRUE(outcome == "201 ok" || outcome == "404 stage_not_found") << outcome;
    EXPECT_EQ(live(version), outcome == "201 ok");
    EXPECT_EQ(count("SELECT COUNT(*) FROM staged_release"), 0);
    // One of the two happened, and is on record.
    const auto granted = [&](const char* action) {
      return count(
          "SELECT COUNT(*) FROM audit_records WHERE action = :p1 AND subject = :p2 AND "
          "outcome = 'granted'",
          {std::string(action), "package:@acme/lib@" + version});
    };
    EXPECT_EQ(granted("stage.approve"), outcome == "201 ok" ? 1 : 0);
    EXPECT_EQ(granted("stage.expire"), outcome == "201 ok" ? 0 : 1);
  }
}

}  // namespace
}  // namespace imp::registry::test
