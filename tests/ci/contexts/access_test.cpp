#include "ci/contexts/access.h"

#include <gmock/gmock.h>

#include <boost/json/serialize.hpp>

#include "accounts/accounts.h"
#include "base/log.h"
#include "ci/contexts/ci_store.h"
#include "ci/contexts/contexts.h"
#include "ci/contexts/restrictions.h"

namespace imp::ci {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

class AccessTest : public CiStore {
 protected:
  AccessTest() : CiStore({context_migrations()}) {
    person_ = accounts_.people
                  .create({.name = "alice",
                           .email = "alice@example.test",
                           .password = "correct horse battery",
                           .fullname = {}},
                          accounts::Actor::system())
                  .value();
    owner_ = accounts_.organizations
                 .create({.name = "acme", .display_name = {}}, person_, accounts::Actor::system())
                 .value();
    values_.set("pipeline.git.branch", "main");
    values_.set("job.ssh.enabled", false);
  }

  Context context(std::string_view name,
                  std::vector<std::pair<std::string, std::string>> variables) {
    const Context created = contexts_.create(owner_.id, name, alice_).value();
    for (const auto& [variable, value] : variables) {
      EXPECT_TRUE(variables_.store(created.id, variable, value, alice_));
    }
    return created;
  }
  void restrict(const Context& context, std::string_view expression) {
    ASSERT_TRUE(restrictions_.add(
        {context.id, RestrictionKind::expression, std::string(expression), ""}, alice_));
  }

  ContextRequest request(std::vector<std::string> names) {
    return {.organization_id = owner_.id,
            .project_id = "1a2b0000-0000-4000-8000-000000000001",
            .job_id = "job-1",
            .context_names = std::move(names),
            .person_id = person_.id,
            .values = &values_};
  }
  Access authorize(const ContextRequest& request) {
    return database_
        ->write([&](db::Session& session) -> Result<Access> {
          return access_.authorize(session, request);
        })
        .value();
  }
  Result<ContextRelease> release(const ContextRequest& request) {
    return database_->write(
        [&](db::Session& session) { return access_.release(session, request); });
  }
  static std::vector<std::string> pairs(const ContextRelease& release) {
    std::vector<std::string> result;
    for (const SecretVariable& variable : release.variables) {
      result.push_back(variable.name + "=" + variable.value);
    }
    return result;
  }

  accounts::Accounts accounts_{
      accounts::Services{.database = *database_,
                         .clock = clock_,
                         .random = crypto::system_random(),
                         .sealer = sealer_,
                         .log = null_log(),
                         .metrics = metrics_,
                         .settings = {.public_url = "https://ci.example:4873",
                                      .password_cost = crypto::PasswordCost::minimal}}};
  accounts::Person person_;
  accounts::Organization owner_;
  expr::Environment values_;
  Contexts contexts_{*database_, clock_};
  ContextVariables variables_{*database_, sealer_, clock_};
  Restrictions restrictions_{*database_, clock_};
  ContextAccess access_{variables_, clock_, metrics_};
};

TEST_F(AccessTest, ReleasesValuesInOrderAndTheLaterContextWins) {
  const Context one = context("one", {{"A", "1"}, {"SHARED", "from one"}});
  const Context two = context("two", {{"B", "2"}, {"SHARED", "from two"}});
  auto released = release(request({"one", "two"})).value();
  EXPECT_THAT(pairs(released), ElementsAre("A=1", "B=2", "SHARED=from two"));
  EXPECT_THAT(released.access.context_ids, ElementsAre(one.id, two.id));
  released = release(request({"two", "one"})).value();
  EXPECT_THAT(pairs(released), ElementsAre("A=1", "B=2", "SHARED=from one"));
  EXPECT_THAT(released.access.context_ids, ElementsAre(two.id, one.id));
}

TEST_F(AccessTest, ListedTwiceCountsOnceAtItsLastPlace) {
  const Context one = context("one", {{"S", "one"}});
  const Context two = context("two", {{"S", "two"}});
  const auto released = release(request({"one", "two", "one"})).value();
  EXPECT_THAT(released.access.context_ids, ElementsAre(two.id, one.id));
  EXPECT_THAT(pairs(released), ElementsAre("S=one"));
}

TEST_F(AccessTest, WithoutContextsNothingIsAskedAndNothingRecorded) {
  const std::size_t before = audited().size();
  const auto released = release(request({})).value();
  EXPECT_EQ(released.access.outcome, AccessOutcome::allowed);
  EXPECT_TRUE(released.variables.empty());
  EXPECT_EQ(audited().size(), before);
}

TEST_F(AccessTest, OneRefusalWithholdsEverything) {
  context("open", {{"A", "1"}});
  restrict(context("closed", {{"B", "2"}}), "false");
  for (const auto& names : {std::vector<std::string>{"open", "closed"}, {"closed", "open"}}) {
    const auto released = release(request(names)).value();
    EXPECT_EQ(released.access.outcome, AccessOutcome::unauthorized);
    EXPECT_EQ(released.access.code, "expression_false");
    EXPECT_THAT(released.access.reason, HasSubstr("\"closed\""));
    EXPECT_TRUE(released.variables.empty());
    EXPECT_TRUE(released.access.context_ids.empty());
  }
}

TEST_F(AccessTest, UnknownContextFailsTheJobRatherThanDenyingIt) {
  context("open", {{"A", "1"}});
  const auto released = release(request({"open", "deleted"})).value();
  EXPECT_EQ(released.access.outcome, AccessOutcome::unknown_context);
  EXPECT_THAT(released.access.reason, HasSubstr("\"deleted\""));
  EXPECT_TRUE(released.variables.empty());
}

TEST_F(AccessTest, ContextsOfOtherOrganisationsAreUnknown) {
  ASSERT_TRUE(contexts_.create(other_organization_, "theirs", alice_));
  EXPECT_EQ(authorize(request({"theirs"})).outcome, AccessOutcome::unknown_context);
}

TEST_F(AccessTest, DecisionIsTakenAgainWhenValuesAreReleased) {
  const Context created = context("guard", {{"A", "1"}});
  EXPECT_EQ(authorize(request({"guard"})).outcome, AccessOutcome::allowed);
  restrict(created, "job.ssh.enabled");
  EXPECT_EQ(release(request({"guard"}))->access.outcome, AccessOutcome::unauthorized);
}

TEST_F(AccessTest, TriggerWithoutPersonIsRefused) {
  context("guard", {{"A", "1"}});
  ContextRequest nobody = request({"guard"});
  nobody.person_id.clear();
  const Access access = authorize(nobody);
  EXPECT_EQ(access.outcome, AccessOutcome::unauthorized);
  EXPECT_EQ(access.code, "no_actor");
}

TEST_F(AccessTest, MembershipIsThatOfTheMoment) {
  context("guard", {{"A", "1"}});
  const auto system = accounts::Actor::system();
  const auto bob = accounts_.people
                       .create({.name = "bob",
                                .email = "bob@example.test",
                                .password = "correct horse battery",
                                .fullname = {}},
                               system)
                       .value();
  ContextRequest by_bob = request({"guard"});
  by_bob.person_id = bob.id;
  EXPECT_EQ(authorize(by_bob).code, "not_in_group");
  ASSERT_TRUE(accounts_.organizations.set_member(owner_, bob, accounts::Role::member, system));
  EXPECT_EQ(authorize(by_bob).outcome, AccessOutcome::allowed);
  ASSERT_TRUE(accounts_.organizations.remove_member(owner_, bob, system));
  EXPECT_EQ(release(by_bob)->access.code, "not_in_group");
}

TEST_F(AccessTest, GroupsOfTheOrganisationCount) {
  const Context created = context("guard", {{"A", "1"}});
  const auto system = accounts::Actor::system();
  const auto core = accounts_.groups.create(owner_, "core", system).value();
  ASSERT_TRUE(restrictions_.add({created.id, RestrictionKind::group, core.id, "core"}, alice_));
  ASSERT_TRUE(restrictions_.remove(created.id, owner_.id, alice_));
  const auto bob = accounts_.people
                       .create({.name = "bob",
                                .email = "bob@example.test",
                                .password = "correct horse battery",
                                .fullname = {}},
                               system)
                       .value();
  ASSERT_TRUE(accounts_.organizations.set_member(owner_, bob, accounts::Role::member, system));
  ContextRequest by_bob = request({"guard"});
  by_bob.person_id = bob.id;
  EXPECT_EQ(authorize(by_bob).code, "not_in_group");
  ASSERT_TRUE(accounts_.groups.add(owner_, core, bob, system));
  EXPECT_EQ(authorize(by_bob).outcome, AccessOutcome::allowed);
}

TEST_F(AccessTest, DecisionsAreAuditedAndCountedWithTheirReason) {
  restrict(context("guard", {{"A", "the-secret-value"}}), R"(pipeline.git.branch == "main")");
  ASSERT_TRUE(release(request({"guard"})));
  values_.set("pipeline.git.branch", "dev");
  ASSERT_TRUE(release(request({"guard"})));

  const auto requests = audited("workflow-job-context-request");
  ASSERT_EQ(requests.size(), 2u);
  EXPECT_EQ(requests[0].record.outcome, "expression_false");
  EXPECT_THAT(boost::json::serialize(requests[0].record.detail), HasSubstr("pipeline.git.branch"));
  EXPECT_EQ(requests[1].record.outcome, "granted");
  EXPECT_EQ(requests[1].record.subject, "job:job-1");
  EXPECT_EQ(audited("context.secrets.accessed").size(), 1u);
  for (const auto& entry : audited()) {
    EXPECT_THAT(boost::json::serialize(entry.record.detail), Not(HasSubstr("the-secret-value")));
  }
  EXPECT_THAT(metrics_.exposition(),
              HasSubstr(R"(imprimatur_context_requests_total{outcome="expression_false"} 1)"));
}

TEST_F(AccessTest, DamagedValueReleasesNothing) {
  context("good", {{"A", "1"}});
  context("bad", {{"B", "2"}});
  database_->write([&](db::Session& session) -> Result<void> {
    session.run("UPDATE ci_context_variables SET sealed_value = 'damaged' WHERE name = 'B'");
    return {};
  });
  EXPECT_FALSE(release(request({"good", "bad"})));
  // Nothing was released, so nothing says that it was.
  EXPECT_TRUE(audited("context.secrets.accessed").empty());
}

TEST_F(AccessTest, RestrictionOfUnknownKindDenies) {
  const Context created = context("guard", {});
  database_->write([&](db::Session& session) -> Result<void> {
    session.run(
        "INSERT INTO ci_context_restrictions (context_id, id, kind, value, name, created) "
        "VALUES (:p1, 'r', 'ip-range', '192.0.2.0/24', '', 0)",
        {created.id});
    return {};
  });
  EXPECT_EQ(authorize(request({"guard"})).outcome, AccessOutcome::unauthorized);
}

}  // namespace
}  // namespace imp::ci
