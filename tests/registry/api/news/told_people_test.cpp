#include "registry/api/news/told_people.h"

#include "mail/outbox.h"
#include "registry/api/operator/freeze_changes.h"
#include "registry/api/registry_fixture.h"
#include "registry/api/trust/pending_publishers.h"

namespace imp::registry::test {
namespace {

using namespace std::chrono_literals;
using Lines = std::vector<std::string>;

/// A registry that sends mail, with an organisation: alice and carol are its admins, bob a member.
class ToldPeople : public RegistryTest {
 protected:
  ToldPeople() : acme(add_organization("acme", alice)) {
    set_member(acme, carol, accounts::Role::admin);
    set_member(acme, bob, accounts::Role::member);
    EXPECT_EQ(publish(alice.token, "@acme/lib", "1.0.0", otp(alice)).status, 201);
    EXPECT_EQ(publish(dave.token, "own", "1.0.0", otp(dave)).status, 201);
    EXPECT_TRUE(write([&](db::Session& session) -> Result<void> {
      mail::set_up(session, "https://npm.example.org", clock_.now());
      return {};
    }));
  }

  static std::string config(json::array permissions = {"createPackage"}) {
    return json::serialize(json::array{json::object{{"type", "circleci"},
                                                    {"claims", trust::test::publisher_claims()},
                                                    {"permissions", std::move(permissions)}}});
  }
  Answer send(Method method, std::string target, const User& user, std::string body = {}) {
    return ask({.method = method,
                .target = std::move(target),
                .token = user.token,
                .otp = otp(user),
                .body = std::move(body)});
  }
  Answer add(const std::string& path, const User& user) {
    Answer made = send(Method::post, path, user, config());
    EXPECT_EQ(made.status, 200) << made.body;
    return made;
  }
  static std::string id_of(const Answer& made) {
    return std::string(made.document().at(0).at("id").as_string());
  }
  /// "kind name" of each message since the last call, sorted.
  Lines told() {
    Lines lines;
    EXPECT_TRUE(write([&](db::Session& session) -> Result<void> {
      for (const mail::Letter& letter : mail::letters(session, std::nullopt, 100)) {
        lines.push_back(letter.kind + " " + letter.recipient.substr(0, letter.recipient.find('@')));
        body_ = letter.body;
      }
      session.run("DELETE FROM mail");
      return {};
    }));
    std::ranges::sort(lines);
    return lines;
  }

  User alice = add_user("alice", true), bob = add_user("bob", true),
       carol = add_user("carol", true), dave = add_user("dave", true), eve = add_user("eve", true);
  accounts::Organization acme;
  std::string body_;
};

TEST_F(ToldPeople, ChangesOfPublishersAreToldToAllWhoGovern) {
  const Answer made = add("/-/package/@acme%2flib/trust", carol);
  EXPECT_EQ(told(), (Lines{"trust.create alice", "trust.create carol"}));
  EXPECT_TRUE(body_.contains("by:          carol")) << body_;
  EXPECT_TRUE(body_.contains("192.0.2.1"));
  EXPECT_TRUE(body_.contains(std::string(trust::test::kOrganization))) << body_;
  ASSERT_EQ(send(Method::del, "/-/package/@acme%2flib/trust/" + id_of(made), alice).status, 204);
  EXPECT_EQ(told(), (Lines{"trust.revoke alice", "trust.revoke carol"}));
  add("/-/package/own/trust", dave);
  EXPECT_EQ(told(), Lines{"trust.create dave"});
  const Answer of_scope = add("/-/org/acme/trust", alice);
  EXPECT_EQ(told(), (Lines{"trust.create alice", "trust.create carol"}));
  EXPECT_TRUE(body_.contains("the scope @acme")) << body_;
}

TEST_F(ToldPeople, WhatIsRefusedIsToldToNobody) {
  EXPECT_EQ(send(Method::post, "/-/package/@acme%2flib/trust", eve, config()).status, 403);
  EXPECT_EQ(ask({.method = Method::post,
                 .target = "/-/package/@acme%2flib/trust",
                 .token = alice.token,
                 .body = config()})
                .status,
            401);
  EXPECT_EQ(told(), Lines());
}

TEST_F(ToldPeople, OneThatWasNeverUsedIsWarnedOfOnceBeforeItEnds) {
  add("/-/package/own/trust", dave);
  told();
  clock_.advance(36h - 1ms);
  ASSERT_TRUE(expire_publishers(*services_));
  EXPECT_EQ(told(), Lines());
  clock_.advance(1ms);
  ASSERT_TRUE(expire_publishers(*services_));
  EXPECT_EQ(told(), Lines{"trust.publisher_ending dave"});
  EXPECT_TRUE(body_.contains("ends at " + time_text(clock_.now() + 12h))) << body_;
  EXPECT_EQ(audit_detail("trust.publisher_ending").at("ends_at"),
            json::value(iso8601(clock_.now() + 12h)));
  clock_.advance(12h - 1ms);
  ASSERT_TRUE(expire_publishers(*services_));
  EXPECT_EQ(told(), Lines());
  clock_.advance(1ms);
  ASSERT_TRUE(expire_publishers(*services_));
  EXPECT_EQ(told(), Lines{"trust.publisher_end dave"});
  EXPECT_TRUE(body_.contains("was never used to publish in the time that it had")) << body_;
  EXPECT_TRUE(body_.contains("the registry itself"));
}

TEST_F(ToldPeople, AShortLifeIsWarnedOfAtItsHalf) {
  services_->publisher_rules.unused_life = 1h;
  add("/-/package/own/trust", dave);
  told();
  clock_.advance(30min - 1ms);
  ASSERT_TRUE(expire_publishers(*services_));
  EXPECT_EQ(told(), Lines());
  clock_.advance(1ms);
  ASSERT_TRUE(expire_publishers(*services_));
  EXPECT_EQ(told(), Lines{"trust.publisher_ending dave"});
}

TEST_F(ToldPeople, OneThatWasUsedIsNotWarnedOf) {
  add("/-/package/own/trust", dave);
  ASSERT_EQ(publish(publish_token("own"), "own", "1.1.0").status, 201);
  told();
  clock_.advance(1000h);
  ASSERT_TRUE(expire_publishers(*services_));
  EXPECT_EQ(told(), Lines());
}

// What somebody prepared for a name is theirs, and no business of whoever has the name in the end.
TEST_F(ToldPeople, WhatWasPreparedIsToldToItsMakerAlone) {
  add("/-/package/new-lib/trust", dave);
  EXPECT_EQ(told(), Lines{"trust.create dave"});
  add("/-/package/new-lib/trust", eve);
  EXPECT_EQ(told(), Lines{"trust.create eve"});
  ASSERT_EQ(publish(eve.token, "new-lib", "1.0.0", otp(eve)).status, 201);
  EXPECT_EQ(told(), (Lines{"trust.publisher_adopt eve", "trust.publisher_end dave"}));
  // In the scope of an organisation its admins see what others prepare.
  add("/-/package/@acme%2fnew/trust", bob);
  EXPECT_EQ(told(), (Lines{"trust.create alice", "trust.create bob", "trust.create carol"}));
  clock_.advance(trust::kPendingLife - 12h);
  ASSERT_TRUE(expire_publishers(*services_));
  EXPECT_EQ(told(), (Lines{"trust.publisher_ending alice", "trust.publisher_ending bob",
                           "trust.publisher_ending carol", "trust.publisher_ending eve"}));
}

TEST_F(ToldPeople, SwitchesAreTold) {
  const std::string own = "/-/package/own/publish-switches", scope = "/-/org/acme/publish-switches";
  ASSERT_EQ(send(Method::put, own, dave, R"({"stagedOnly": true})").status, 200);
  EXPECT_EQ(told(), Lines{"switch.on dave"});
  ASSERT_EQ(send(Method::put, own, dave, R"({"stagedOnly": true})").status, 200);
  EXPECT_EQ(told(), Lines());  // nothing changed
  ASSERT_EQ(send(Method::put, own, dave, R"({"stagedOnly": false})").status, 200);
  EXPECT_EQ(told(), Lines{"switch.relax dave"});
  EXPECT_TRUE(body_.contains("until " + time_text(clock_.now() + services_->switch_cool_down)))
      << body_;
  ASSERT_EQ(send(Method::put, scope, alice, R"({"trustedOnly": true})").status, 200);
  EXPECT_EQ(told(), (Lines{"switch.on alice", "switch.on carol"}));
}

// What whoever waits to slip something through would loosen first.
TEST_F(ToldPeople, PoliciesOfStagedReleasesAreTold) {
  const std::string own = "/-/package/own/stage-policy", scope = "/-/org/acme/stage-policy";
  ASSERT_EQ(send(Method::put, own, dave, R"({"approvals": 2})").status, 200);
  EXPECT_EQ(told(), Lines{"stage.policy dave"});
  EXPECT_TRUE(body_.contains("It wanted 1 approval, and from " + time_text(clock_.now()) +
                             " on wants 2 approvals."))
      << body_;
  ASSERT_EQ(send(Method::put, own, dave, R"({"approvals": 2})").status, 200);
  EXPECT_EQ(told(), Lines());  // nothing changed
  ASSERT_EQ(send(Method::put, own, dave, R"({"approvals": 1})").status, 200);
  EXPECT_EQ(told(), Lines{"stage.policy dave"});
  EXPECT_TRUE(body_.contains("from " + time_text(clock_.now() + services_->switch_cool_down)))
      << body_;
  ASSERT_EQ(send(Method::put, scope, carol, R"({"differentPerson": true})").status, 200);
  EXPECT_EQ(told(), (Lines{"stage.policy alice", "stage.policy carol"}));
  EXPECT_TRUE(body_.contains("/org/acme/releases")) << body_;
  EXPECT_EQ(send(Method::put, scope, bob, R"({"approvals": 1})").status, 403);
  EXPECT_EQ(told(), Lines());
}

// A stolen token publishes past the pipeline, and nothing else gives it away.
TEST_F(ToldPeople, APublishPastTrustedPublishersIsTold) {
  ASSERT_EQ(publish(dave.token, "own", "1.1.0", otp(dave)).status, 201);
  EXPECT_EQ(told(), Lines());  // there is no publisher
  add("/-/package/own/trust", dave);
  told();
  ASSERT_EQ(publish(dave.token, "own", "1.2.0", otp(dave)).status, 201);
  EXPECT_EQ(told(), Lines());  // … that was ever used
  const std::string job = publish_token("own");
  ASSERT_EQ(publish(job, "own", "1.3.0").status, 201);
  EXPECT_EQ(told(), Lines());  // that is what it is for
  ASSERT_EQ(publish(dave.token, "own", "1.4.0", otp(dave)).status, 201);
  EXPECT_EQ(told(), Lines{"package.publish dave"});
  EXPECT_TRUE(body_.contains("Version 1.4.0 of own was published by dave")) << body_;
  EXPECT_TRUE(body_.contains("/package/own/settings")) << body_;
  EXPECT_EQ(publish(dave.token, "own", "1.4.0", otp(dave)).outcome(),
            "403 version_already_published");
  EXPECT_EQ(publish(eve.token, "own", "1.5.0", otp(eve)).status, 403);
  EXPECT_EQ(told(), Lines());
}

TEST_F(ToldPeople, APublishPastAPublisherOfTheScopeIsTold) {
  add("/-/org/acme/trust", alice);
  const std::string job = publish_token("@acme/lib");
  ASSERT_EQ(publish(job, "@acme/lib", "1.1.0").status, 201);
  told();
  ASSERT_EQ(publish(bob.token, "@acme/lib", "1.2.0", otp(bob)).status, 201);
  EXPECT_EQ(told(), (Lines{"package.publish alice", "package.publish carol"}));
}

TEST_F(ToldPeople, FreezesAreToldButForThoseOfEverything) {
  const auto frozen = [&](const FreezeTarget& target) {
    return write([&](db::Session& session) {
             return freeze(session, target, "A stolen laptop.", "system",
                           {.at = clock_.now(), .actor = "system"});
           })
        .value()
        .id;
  };
  const std::string id = frozen(FreezeTarget::package("own").value());
  EXPECT_EQ(told(), Lines{"freeze.add dave"});
  EXPECT_TRUE(body_.contains("A stolen laptop.")) << body_;
  frozen(FreezeTarget::scope("@acme").value());
  EXPECT_EQ(told(), (Lines{"freeze.add alice", "freeze.add carol"}));
  frozen(FreezeTarget::everything());
  EXPECT_EQ(told(), Lines());
  ASSERT_TRUE(write([&](db::Session& session) {
    return unfreeze(session, id, {.at = clock_.now(), .actor = "system"});
  }));
  EXPECT_EQ(told(), Lines{"freeze.remove dave"});
}

// The address is that of the account, now: that of a package's row is as old as the row.
TEST_F(ToldPeople, TheAddressIsThatOfTheAccount) {
  ASSERT_TRUE(write([&](db::Session& session) -> Result<void> {
    session.run("UPDATE accounts_people SET email = 'new@example.org' WHERE name = 'dave'");
    return {};
  }));
  add("/-/package/own/trust", dave);
  EXPECT_EQ(told(), Lines{"trust.create new"});
}

// A plan that changes very many packages is no flood of mail.
TEST_F(ToldPeople, ManyChangesAreCut) {
  ASSERT_TRUE(write([&](db::Session& session) -> Result<void> {
    for (int i = 0; i < 100; ++i) {
      tell_people(session,
                  {.at = clock_.now(),
                   .actor = "user:dave",
                   .action = "trust.create",
                   .subject = "package:own"},
                  {"dave", "dave", "nobody"});
    }
    return {};
  }));
  EXPECT_EQ(told().size(), static_cast<std::size_t>(mail::kMostOfAKind));
}

TEST_F(ToldPeople, WithoutAMailServerNothingIsKept) {
  ASSERT_TRUE(write([&](db::Session& session) -> Result<void> {
    mail::set_up(session, std::nullopt, clock_.now());
    return {};
  }));
  add("/-/package/own/trust", dave);
  clock_.advance(100h);
  ASSERT_TRUE(expire_publishers(*services_));
  EXPECT_EQ(count("SELECT COUNT(*) FROM mail"), 0);
}

}  // namespace
}  // namespace imp::registry::test
