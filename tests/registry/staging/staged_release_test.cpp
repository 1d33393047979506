#include "registry/staging/stage_decision.h"

#include <atomic>
#include <boost/json.hpp>
#include <latch>
#include <thread>

#include "../publish/publish_fixture.h"
#include "base/uuid.h"
#include "db/temporary_directory.h"

namespace imp::registry {
namespace {

/// Staged releases over a file, so that threads compete as they do in a server.
class StagedReleaseTest : public PublishTest {
 protected:
  void SetUp() override {
    database = std::move(db::open_sqlite({.path = directory.file("staging.db")}).value());
    std::vector<db::Migration> all = package_migrations();
    for (auto& migration : brake_migrations()) all.push_back(std::move(migration));
    for (auto& migration : staging_migrations()) all.push_back(std::move(migration));
    ASSERT_TRUE(database->migrate(all));
    ASSERT_TRUE(publish_now(candidate("lib", "1.0.0"), by("ann")));
  }

  Result<StagedRelease> stage_now(const PublishCandidate& it, const PublishOrder& order,
                                  const boost::json::object& run = {}) {
    return database->write([&](db::Session& session) {
      return stage_release(session, it, order, run, order.publisher.person.name, now);
    });
  }
  std::string staged(const std::string& version) {
    return stage_now(candidate("lib", version), by("ann")).value().id;
  }
  /// Everybody is who they say, and in the group "g" when their name begins with "g".
  static ApprovalRights rights() {
    return {[](const std::string& person) { return Caller{person, {}, {}}; },
            [](const std::string& person, const std::string& group) {
              return group == "g" && person.starts_with('g');
            }};
  }
  Result<Published> approve(const std::string& id, const Caller& caller) {
    auto done = approval(id, caller);
    if (!done) return pass_on(done);
    EXPECT_TRUE(done->published);
    return std::move(*done->published);
  }
  Result<Approval> approval(const std::string& id, const Caller& caller,
                            const std::string& tag = {}) {
    return database->write([&](db::Session& session) {
      return approve_staged(session, id,
                            {.caller = caller,
                             .approver = {caller.person, caller.person + "@example.org"},
                             .tag = tag},
                            rights(), key, now);
    });
  }
  Result<Ended> reject(const std::string& id, const Caller& caller,
                       const std::string& reason = {}) {
    return database->write([&](db::Session& session) {
      return reject_staged(session, id, caller, caller.person, reason, now);
    });
  }
  std::optional<StageOutcome> outcome(const std::string& id) {
    return read<std::optional<StageOutcome>>(
        [&](db::Session& session) { return find_outcome(session, id); });
  }
  Result<StagedRelease> find(const std::string& id) {
    return database->read([&](db::Session& session) { return find_staged(session, id); });
  }
  StagedPage list(const Caller& caller, std::optional<std::string> package = {},
                  std::int64_t page = 0, std::int64_t per_page = 10,
                  const std::function<bool(std::string_view)>& reaches = {}) {
    return read<StagedPage>([&](db::Session& session) {
      return staged_releases(session, caller, package, page, per_page, reaches);
    });
  }
  std::optional<VersionRecord> version(const std::string& number) {
    return read<std::optional<VersionRecord>>([&](db::Session& session) {
      return find_version(session, find_package(session, "lib")->id, number);
    });
  }

  imp::test::TemporaryDirectory directory;
};

TEST_F(StagedReleaseTest, KeepsWhatWasStaged) {
  PublishCandidate it = candidate("lib", "1.1.0", "next");
  it.access = Access::open;
  const auto release = stage_now(it, by_machine("lib"), {{"job-id", "j"}});
  ASSERT_TRUE(release) << release.error().message;
  const auto found = find(release->id);
  ASSERT_TRUE(found);
  EXPECT_EQ(to_json(found->candidate), to_json(it));
  EXPECT_EQ(found->publisher, by_machine("lib").publisher);
  EXPECT_TRUE(found->automation);
  EXPECT_EQ(found->run.at("job-id"), boost::json::value("j"));
  EXPECT_EQ(found->created, now);
  EXPECT_EQ(found->to_json().at("tag"), boost::json::value("next"));
  EXPECT_EQ(version("1.1.0")->state, VersionState::staged);
}

TEST_F(StagedReleaseTest, SaysWhyADirectPublishIsHeldBack) {
  const auto held = database->write([&](db::Session& session) {
    return stage_release(session, candidate("lib", "1.1.0"), by_machine("lib"), {}, "", now,
                         "More than 5 publishes in an hour.");
  });
  ASSERT_TRUE(held) << held.error().message;
  const auto found = find(held->id);
  EXPECT_EQ(found->held_reason, "More than 5 publishes in an hour.");
  EXPECT_EQ(found->to_json().at("heldReason"),
            boost::json::value("More than 5 publishes in an hour."));
  EXPECT_FALSE(find(staged("1.2.0"))->to_json().contains("heldReason"));
  EXPECT_TRUE(approve(held->id, ann));
}

TEST_F(StagedReleaseTest, OddIdsAreRefused) {
  EXPECT_EQ(code(find("")), "invalid_stage_id");
  EXPECT_EQ(code(find("' OR 1=1 --")), "invalid_stage_id");
  EXPECT_EQ(code(find(new_uuid())), "stage_not_found");
}

TEST_F(StagedReleaseTest, ApprovalMakesItPublicUnderBothNames) {
  const auto release = stage_now(candidate("lib", "1.1.0"), by_machine("lib"));
  ASSERT_TRUE(approve(release->id, ann));
  const PackageSnapshot now_public = snapshot("lib");
  EXPECT_EQ(now_public.dist_tags.at("latest"), "1.1.0");
  const auto user = boost::json::parse(version("1.1.0")->npm_user).as_object();
  EXPECT_EQ(user.at("approver").at("name"), boost::json::value("ann"));
  EXPECT_EQ(user.at("trustedPublisher").at("oidcConfigId"), boost::json::value("oidc:1"));
  EXPECT_EQ(code(find(release->id)), "stage_not_found");
  EXPECT_EQ(code(approve(release->id, ann)), "stage_not_found");
}

TEST_F(StagedReleaseTest, OnlyWhoMayPublishDecides) {
  const std::string id = staged("1.1.0");
  const Caller machine{"", {}, "lib"};
  for (const Caller& caller : {eve, Caller{}, machine}) {
    EXPECT_EQ(code(approve(id, caller)), "stage_not_found");
    EXPECT_EQ(code(reject(id, caller)), "stage_not_found");
    EXPECT_EQ(list(caller).total, 0);
    EXPECT_EQ(code(database->read(
                  [&](db::Session& session) { return find_staged_for(session, id, caller); })),
              "stage_not_found");
  }
  EXPECT_TRUE(approve(id, ann));
}

TEST_F(StagedReleaseTest, AnApproverWhoIsNoMaintainerAnyMoreDecidesNothing) {
  const std::string id = staged("1.1.0");
  write([&](db::Session& session) {
    write_maintainers(session, find_package(session, "lib")->id, {{"eve", "eve@example.org"}});
  });
  EXPECT_EQ(code(approve(id, ann)), "stage_not_found");
  EXPECT_TRUE(approve(id, eve));
}

TEST_F(StagedReleaseTest, AVersionIsStagedOnce) {
  staged("1.1.0");
  EXPECT_EQ(code(stage_now(candidate("lib", "1.1.0"), by("ann"))), "version_staged");
  EXPECT_EQ(code(stage_now(candidate("lib", "1.0.0"), by("ann"))), "version_already_published");
  EXPECT_EQ(list(ann).total, 1);
}

TEST_F(StagedReleaseTest, NothingIsPublishedOverIt) {
  const std::string id = staged("1.1.0");
  EXPECT_EQ(code(publish_now(candidate("lib", "1.1.0"), by("ann"))), "version_staged");
  // Not even by somebody who knows that it is staged, but not as what.
  PublishOrder other = by("ann");
  other.stage_id = new_uuid();
  EXPECT_EQ(code(publish_now(candidate("lib", "1.1.0"), other)), "version_staged");
  EXPECT_TRUE(approve(id, ann));
}

TEST_F(StagedReleaseTest, WhatBecameOfItIsKept) {
  const std::string approved = staged("1.1.0"), own = staged("1.2.0");
  ASSERT_TRUE(approve(approved, ann));
  ASSERT_TRUE(reject(own, ann));
  const auto by_machine_ = stage_now(candidate("lib", "1.3.0"), by_machine("lib"));
  ASSERT_TRUE(database->write([&](db::Session& session) -> Result<void> {
    session.run("UPDATE staged_release SET behind = 'gus' WHERE id = :p1", {by_machine_->id});
    return {};
  }));
  ASSERT_TRUE(reject(by_machine_->id, ann, "It breaks <us>."));
  EXPECT_EQ(outcome(approved)->end, StageEnd::approved);
  EXPECT_EQ(outcome(approved)->by, "ann");
  EXPECT_EQ(outcome(approved)->text(), "approved by ann at " + time_text(now));
  // Who takes back their own does not reject it.
  EXPECT_EQ(outcome(own)->end, StageEnd::withdrawn);
  const auto rejected = outcome(by_machine_->id);
  EXPECT_EQ(rejected->end, StageEnd::rejected);
  const boost::json::object item = rejected->to_json();
  EXPECT_EQ(item.at("status"), boost::json::value("rejected"));
  EXPECT_EQ(item.at("reason"), boost::json::value("It breaks <us>."));
  EXPECT_EQ(item.at("decidedBy"), boost::json::value("ann"));
  EXPECT_EQ(item.at("version"), boost::json::value("1.3.0"));
  // Told to those who may decide, and to nobody else.
  for (const auto& [caller, told] : {std::pair(ann, true), std::pair(eve, false)}) {
    const auto none = database->read(
        [&](db::Session& session) { return find_staged_for(session, by_machine_->id, caller); });
    EXPECT_EQ(code(none), "stage_not_found");
    EXPECT_EQ(none.error().message.contains("rejected by ann"), told);
  }
}

TEST_F(StagedReleaseTest, OutcomesAreForgottenAfterTheirTime) {
  const std::string old = staged("1.1.0"), young = staged("1.2.0");
  ASSERT_TRUE(reject(old, ann));
  now += std::chrono::hours(1);
  ASSERT_TRUE(reject(young, ann));
  now += kOutcomeLife - std::chrono::hours(1);
  EXPECT_TRUE(read<bool>([&](db::Session& session) { return any_old_outcome(session, now); }));
  write([&](db::Session& session) { forget_old_outcomes(session, now, 10); });
  EXPECT_FALSE(outcome(old));
  EXPECT_TRUE(outcome(young));
  EXPECT_FALSE(read<bool>([&](db::Session& session) { return any_old_outcome(session, now); }));
}

TEST_F(StagedReleaseTest, ApprovalsAreForOneTag) {
  const Caller gus{"gus", {}, {}};
  write([&](db::Session& session) {
    const std::string package = find_package(session, "lib")->id;
    write_maintainers(session, package, {{"ann", "ann@example.org"}, {"gus", "gus@example.org"}});
    change_policy(session, package, {.approvals = 2, .group = {}}, "ann", now);
  });
  const std::string id = staged("1.1.0");
  EXPECT_EQ(approval(id, ann, "next")->missing(), 1);
  // For the tag it was staged with: another question.
  EXPECT_EQ(approval(id, gus)->missing(), 1);
  EXPECT_EQ(code(approval(id, gus)), "approved_already");
  const auto second = approval(id, gus, "next");
  ASSERT_TRUE(second && second->published) << second.error().message;
  EXPECT_EQ(second->approvers, (std::vector<std::string>{"ann", "gus"}));
  EXPECT_EQ(snapshot("lib").dist_tags.at("next"), "1.1.0");
  EXPECT_EQ(snapshot("lib").dist_tags.at("latest"), "1.0.0");
  EXPECT_EQ(outcome(id)->tag, "next");
}

TEST_F(StagedReleaseTest, ARejectedVersionIsFreeAgain) {
  const std::string id = staged("1.1.0");
  const auto rejected = reject(id, ann);
  ASSERT_TRUE(rejected);
  EXPECT_FALSE(version("1.1.0"));
  EXPECT_EQ(code(reject(id, ann)), "stage_not_found");
  EXPECT_EQ(code(approve(id, ann)), "stage_not_found");
  const std::string again = staged("1.1.0");
  EXPECT_NE(again, id);
  EXPECT_TRUE(approve(again, ann));
}

TEST_F(StagedReleaseTest, TheStagedOneIsPublishedAfterOtherVersions) {
  const std::string id = staged("1.1.0");
  now += Milliseconds(1);
  ASSERT_TRUE(publish_now(candidate("lib", "1.2.0"), by("ann")));
  EXPECT_TRUE(approve(id, ann));
  EXPECT_TRUE(publish_now(candidate("lib", "1.3.0"), by("ann")));
}

TEST_F(StagedReleaseTest, AnApprovedVersionThatWasUnpublishedStaysBurnt) {
  const std::string id = staged("1.1.0");
  ASSERT_TRUE(approve(id, ann));
  write([&](db::Session& session) {
    burn_version(session, find_package(session, "lib")->id, "1.1.0");
  });
  EXPECT_EQ(code(stage_now(candidate("lib", "1.1.0"), by("ann"))), "version_already_published");
}

TEST_F(StagedReleaseTest, OfManyApprovalsExactlyOneWins) {
  for (int round = 0; round < 5; ++round) {
    const std::string id = staged("2.0." + std::to_string(round));
    std::latch start(6);
    std::atomic<int> approved = 0, gone = 0;
    {
      std::vector<std::jthread> threads;
      for (int i = 0; i < 6; ++i) {
        threads.emplace_back([&] {
          start.arrive_and_wait();
          const std::string got = code(approve(id, ann));
          ++(got == "ok" ? approved : gone);
          EXPECT_TRUE(got == "ok" || got == "stage_not_found") << got;
        });
      }
    }
    EXPECT_EQ(approved, 1);
    EXPECT_EQ(gone, 5);
  }
}

TEST_F(StagedReleaseTest, OfAnApprovalARejectionAndAPublishOneWins) {
  for (int round = 0; round < 10; ++round) {
    const std::string number = "3.0." + std::to_string(round);
    const std::string id = staged(number);
    std::latch start(3);
    std::string approval, rejection, direct;
    {
      std::jthread one([&] {
        start.arrive_and_wait();
        approval = code(approve(id, ann));
      });
      std::jthread two([&] {
        start.arrive_and_wait();
        rejection = code(reject(id, ann));
      });
      std::jthread three([&] {
        start.arrive_and_wait();
        PublishCandidate other = candidate("lib", number);
        other.tarball.sha512 = "blob of something else";
        direct = code(publish_now(other, by("ann")));
      });
    }
    EXPECT_NE(approval == "ok", rejection == "ok") << approval << " " << rejection;
    if (direct == "ok") EXPECT_EQ(rejection, "ok");
    const auto found = version(number);
    EXPECT_EQ(found.has_value(), approval == "ok" || direct == "ok");
    if (found) {
      EXPECT_EQ(found->state, VersionState::published);
      EXPECT_EQ(found->tarball.sha512 == "blob of something else", direct == "ok");
    }
  }
  EXPECT_EQ(list(ann).total, 0);
}

TEST_F(StagedReleaseTest, TwoStagingsOfOneVersionAreOneRelease) {
  std::latch start(4);
  std::atomic<int> won = 0;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&] {
        start.arrive_and_wait();
        if (stage_now(candidate("lib", "4.0.0"), by("ann"))) ++won;
      });
    }
  }
  EXPECT_EQ(won, 1);
  EXPECT_EQ(list(ann).total, 1);
}

TEST_F(StagedReleaseTest, TheListIsOfOnesOwnPackagesNewestFirst) {
  ASSERT_TRUE(publish_now(candidate("other", "1.0.0"), by("eve")));
  ASSERT_TRUE(stage_now(candidate("other", "1.1.0"), by("eve")));
  for (int i = 1; i <= 5; ++i) {
    now += Milliseconds(1);
    staged("1.1." + std::to_string(i));
  }
  const StagedPage all = list(ann);
  EXPECT_EQ(all.total, 5);
  EXPECT_EQ(all.items.front().candidate.version, "1.1.5");
  EXPECT_EQ(all.items.back().candidate.version, "1.1.1");
  const StagedPage second = list(ann, {}, 1, 2);
  EXPECT_EQ(second.total, 5);
  ASSERT_EQ(second.items.size(), 2u);
  EXPECT_EQ(second.items.front().candidate.version, "1.1.3");
  EXPECT_TRUE(list(ann, {}, 9, 2).items.empty());
  EXPECT_EQ(list(eve).total, 1);
  EXPECT_EQ(list(ann, "other").total, 0);
  EXPECT_EQ(list(eve, "other").total, 1);
  EXPECT_EQ(list(ann, {}, 0, 10, [](std::string_view name) { return name != "lib"; }).total, 0);
}

TEST_F(StagedReleaseTest, TheListIsOfWhatOnesOrganisationsOwnToo) {
  PublishOrder order = by("ann");
  order.caller.organizations = {{"acme-id", true}, {"other-id", false}};
  order.scope_owner = "acme-id";
  ASSERT_TRUE(publish_now(candidate("@acme/lib", "1.0.0"), order));
  ASSERT_TRUE(stage_now(candidate("@acme/lib", "1.1.0"), order));
  Caller member{"eve", {{"other-id", false}, {"acme-id", false}}, {}};
  EXPECT_EQ(list(member).total, 1);
  EXPECT_EQ(list(member, "@acme/lib").total, 1);
  EXPECT_EQ(list(ann).total, 1);  // its maintainer, a member or not
  EXPECT_EQ(list(eve).total, 0);
  EXPECT_EQ(list(Caller{}).total, 0);
}

TEST_F(StagedReleaseTest, IsOverAtTheEndOfItsTime) {
  const std::string id = staged("1.1.0");
  const auto over = [&] {
    return read<bool>([&](db::Session& session) { return any_expired(session, now); });
  };
  now += kStageLife - Milliseconds(1);
  EXPECT_FALSE(over());
  now += Milliseconds(1);
  EXPECT_TRUE(over());
  EXPECT_EQ(code(approve(id, ann)), "stage_not_found");
  EXPECT_TRUE(find(id));
  const auto taken = database->write(
      [&](db::Session& session) { return take_expired(session, now, 10, null_log()); });
  ASSERT_TRUE(taken);
  ASSERT_EQ(taken->size(), 1u);
  EXPECT_EQ(taken->front().id, id);
  EXPECT_FALSE(over());
  EXPECT_FALSE(version("1.1.0"));
  EXPECT_EQ(code(find(id)), "stage_not_found");
}

TEST_F(StagedReleaseTest, OneThatCannotBeReadKeepsNoOtherFromExpiring) {
  const std::string broken = staged("1.1.0"), whole = staged("1.2.0");
  write([&](db::Session& session) {
    session.run("UPDATE staged_release SET candidate = '[' WHERE id = :p1", {broken});
  });
  now += kStageLife;
  const auto taken = database->write(
      [&](db::Session& session) { return take_expired(session, now, 10, null_log()); });
  ASSERT_TRUE(taken);
  ASSERT_EQ(taken->size(), 2u);
  for (const StagedRelease& release : *taken) {
    EXPECT_EQ(release.candidate.name, "lib");
    EXPECT_EQ(release.candidate.version, release.id == broken ? "1.1.0" : "1.2.0");
  }
  EXPECT_FALSE(version("1.1.0"));
  EXPECT_FALSE(version("1.2.0"));
}

TEST_F(StagedReleaseTest, ItsTarballIsInUse) {
  const std::string id = staged("1.1.0");
  const auto in_use = [&] {
    return read<bool>(
        [&](db::Session& session) { return staged_tarball_in_use(session, "blob of lib@1.1.0"); });
  };
  EXPECT_TRUE(in_use());
  ASSERT_TRUE(reject(id, ann));
  EXPECT_FALSE(in_use());
}

TEST_F(StagedReleaseTest, NothingIsKeptWhenTheStoreBreaksHalfWay) {
  const std::string id = staged("1.1.0");
  write([&](db::Session& session) { session.run("DROP TABLE package_tag"); });
  EXPECT_EQ(code(approve(id, ann)), "store_broken");
  EXPECT_TRUE(find(id));
  EXPECT_EQ(version("1.1.0")->state, VersionState::staged);
}

}  // namespace
}  // namespace imp::registry
