#include "registry/trust/providers/kiln/kiln.h"

#include "registry/trust/exchange.h"
#include "registry/trust/providers/whole.h"

namespace imp::trust::test {
namespace {

json::object kiln_job() {
  return {{"team", "acme"},       {"team_id", "77"},     {"project", "acme/widgets"},
          {"project_id", "1001"}, {"recipe", "release"}, {"ref", "refs/tags/v1.2.0"},
          {"cause", "push"},      {"machine", "kiln"}};
}

json::object kiln_publisher() {
  return {{"project", "acme/widgets"}, {"recipe", "release"}, {"ref", "refs/tags/v{{version}}"}};
}

RequiredClaims kiln_required() { return RequiredClaims::parse(kiln(), kiln_publisher()).value(); }

TEST(Kiln, IsWhole) { expect_whole(kiln()); }

class KilnPublisher : public testing::TestWithParam<Outcome> {};

TEST_P(KilnPublisher, IsCheckedMemberByMember) {
  expect_parsed(kiln(), kiln_publisher(), GetParam());
}

INSTANTIATE_TEST_SUITE_P(
    Members, KilnPublisher,
    testing::Values(Outcome{"NoProject", "project", "", "invalid_publisher"},
                    Outcome{"ProjectWithoutTeam", "project", "\"widgets\"", "invalid_publisher"},
                    Outcome{"ProjectThatClimbs", "project", "\"acme/..\"", "invalid_publisher"},
                    Outcome{"NoRecipe", "recipe", "", "invalid_publisher"},
                    Outcome{"AnyRef", "ref", "", "ok"},
                    Outcome{"ShortRef", "ref", "\"main\"", "invalid_publisher"},
                    // It is made of the project.
                    Outcome{"Team", "team", "\"acme\"", "invalid_publisher"},
                    Outcome{"Misspelt", "receipe", "\"release\"", "invalid_publisher"}),
    kRowName);

class KilnClaim : public testing::TestWithParam<Received> {};

TEST_P(KilnClaim, IsComparedExactly) { expect_compared(kiln_required(), kiln_job(), GetParam()); }

INSTANTIATE_TEST_SUITE_P(
    Each, KilnClaim,
    testing::Values(Received{"OtherRecipe", "recipe", "\"test\"", false},
                    Received{"RecipeInCapitals", "recipe", "\"Release\"", false},
                    Received{"Branch", "ref", "\"refs/heads/v1.2.0\"", false},
                    Received{"OtherProject", "project", "\"acme/gadgets\"", false, false},
                    Received{"OtherTeam", "team", "\"mallory\"", false, false},
                    Received{"NoTeam", "team", "", false, false, false}),
    kRowName);

TEST(Kiln, JobOfThePublisherAgreesAndBindsTheVersion) {
  EXPECT_TRUE(compare(kiln_required(), kiln_job()).agreed());
  EXPECT_EQ(kiln_required().tenant(), "acme");
  EXPECT_EQ(kiln_required().bound_version(kiln_job()), "1.2.0");
}

TEST(Kiln, ProjectThatTookTheNameOfAnotherIsNoticed) {
  RequiredClaims required = kiln_required();
  EXPECT_TRUE(required.learn_from(kiln_job()));
  EXPECT_TRUE(compare(required, kiln_job()).agreed());
  EXPECT_TRUE(compare(required, changed(kiln_job(), "project_id", "\"1002\"")).resurrected());
}

TEST(Kiln, ItsRunsTellWhoseMachineItWas) {
  jose::Claims claims;
  claims.all = kiln_job();
  const json::object run = run_of(kiln(), claims);
  EXPECT_EQ(run.at("project"), "acme/widgets");
  EXPECT_EQ(runner_class(kiln(), run), "kiln");
}

TEST(Kiln, RulesHoldWhateverThePublisher) {
  const struct {
    const char* claim;
    const char* json_text;
    const char* outcome;
  } cases[] = {{"cause", "\"push\"", "ok"},
               {"cause", "\"proposal\"", "banned_event"},
               {"cause", "", "claim_missing"},
               {"team", "\"mallory\"", "tenant_mismatch"},
               {"project_id", "1001", "claim_missing"}};  // a number, where texts are compared
  for (const auto& it : cases) {
    const auto job = changed(kiln_job(), it.claim, it.json_text);
    EXPECT_EQ(code_of(kiln().check(job, std::nullopt)), it.outcome) << it.claim << it.json_text;
  }
}

}  // namespace
}  // namespace imp::trust::test
