#include "ci/contexts/decision.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace imp::ci {
namespace {

using ::testing::HasSubstr;

const std::string org = "0f0e0000-0000-4000-8000-000000000001";
const std::string core = "group-core", release = "group-release";
const std::string widgets = "project-widgets", gadgets = "project-gadgets";

Restriction group(std::string value, std::string name = {}) {
  return {"g-" + value, "ctx", RestrictionKind::group, value, name.empty() ? value : name, {}};
}
Restriction project(std::string value) {
  return {"p-" + value, "ctx", RestrictionKind::project, value, "name of " + value, {}};
}
Restriction expression(std::string value) {
  return {"e-" + value, "ctx", RestrictionKind::expression, value, "", {}};
}
Restriction everyone() { return group(org, "All members"); }

ContextActor member(std::vector<std::string> groups = {}) {
  return {.person_id = "alice", .organization_member = true, .group_ids = std::move(groups)};
}
ContextActor admin() {
  return {.person_id = "root", .organization_member = true, .organization_admin = true};
}
ContextActor stranger() { return {.person_id = "mallory"}; }

/// A push to main; no tag, no pull request.
expr::Environment push_to_main() {
  expr::Environment values;
  values.set("pipeline.git.branch", "main");
  values.set("pipeline.git.tag", expr::Undefined{});
  values.set("pipeline.number", std::int64_t{7});
  values.set("job.ssh.enabled", false);
  // Present although they must not count: the starter of the pipeline chooses them.
  values.set("pipeline.parameters.deploy", true);
  values.set("pipeline.trigger_parameters.webhook.body", "yes");
  return values;
}

struct Case {
  std::string why;
  std::vector<Restriction> restrictions;
  std::optional<ContextActor> actor;
  std::string project_id;
  Denial expected;
};

TEST(ContextDecision, Table) {
  const std::string main_only = R"(pipeline.git.branch == "main" and not job.ssh.enabled)";
  const std::vector<Case> cases{
      // Groups
      {"new context, member", {everyone()}, member(), widgets, Denial::none},
      {"new context, stranger", {everyone()}, stranger(), widgets, Denial::not_in_group},
      {"new context, nobody", {everyone()}, std::nullopt, widgets, Denial::no_actor},
      {"in the only group", {group(core)}, member({core}), widgets, Denial::none},
      {"outside the only group", {group(core)}, member(), widgets, Denial::not_in_group},
      {"in another group", {group(core)}, member({release}), widgets, Denial::not_in_group},
      {"groups are or-ed", {group(core), group(release)}, member({release}), widgets, Denial::none},
      {"all members or core", {group(core), everyone()}, member(), widgets, Denial::none},
      {"in none of two",
       {group(core), group(release)},
       member({"x"}),
       widgets,
       Denial::not_in_group},
      {"group kept after leaving",
       {group(core)},
       ContextActor{.person_id = "eve", .group_ids = {core}},
       widgets,
       Denial::not_in_group},
      {"group id equal to the organisation's, by a stranger",
       {everyone()},
       ContextActor{.person_id = "eve", .group_ids = {org}},
       widgets,
       Denial::not_in_group},
      {"no groups left, member", {}, member({core}), widgets, Denial::administrators_only},
      {"no groups left, admin", {}, admin(), widgets, Denial::none},
      {"no groups left, nobody", {}, std::nullopt, widgets, Denial::no_actor},
      {"admin passes any group", {group(core)}, admin(), widgets, Denial::none},
      {"an actor without an id is nobody",
       {everyone()},
       ContextActor{.organization_member = true, .organization_admin = true},
       widgets,
       Denial::no_actor},
      // Projects
      {"listed project", {everyone(), project(widgets)}, member(), widgets, Denial::none},
      {"other project", {everyone(), project(widgets)}, member(), gadgets, Denial::other_project},
      {"projects are or-ed",
       {everyone(), project(widgets), project(gadgets)},
       member(),
       gadgets,
       Denial::none},
      {"admins pass no project",
       {everyone(), project(widgets)},
       admin(),
       gadgets,
       Denial::other_project},
      {"no project at all", {everyone(), project("")}, member(), "", Denial::other_project},
      {"project ids match whole",
       {everyone(), project(widgets + "2")},
       member(),
       widgets,
       Denial::other_project},
      // Expressions
      {"true", {everyone(), expression(main_only)}, member(), widgets, Denial::none},
      {"false",
       {everyone(), expression(R"(pipeline.git.branch == "dev")")},
       member(),
       widgets,
       Denial::expression_false},
      {"expressions are and-ed",
       {everyone(), expression(main_only), expression("false")},
       member(),
       widgets,
       Denial::expression_false},
      {"in either order",
       {everyone(), expression("false"), expression(main_only)},
       member(),
       widgets,
       Denial::expression_false},
      {"admins pass no expression",
       {everyone(), expression("false")},
       admin(),
       widgets,
       Denial::expression_false},
      {"0 is true", {everyone(), expression("0")}, member(), widgets, Denial::none},
      {"unset variable",
       {everyone(), expression(R"(pipeline.git.tag == "v1")")},
       member(),
       widgets,
       Denial::expression_failed},
      {"unset under not",
       {everyone(), expression("not pipeline.git.tag")},
       member(),
       widgets,
       Denial::expression_failed},
      {"unset under !=",
       {everyone(), expression(R"(pipeline.git.tag != "v1")")},
       member(),
       widgets,
       Denial::expression_failed},
      {"unset, then or",
       {everyone(), expression("pipeline.git.tag or true")},
       member(),
       widgets,
       Denial::expression_failed},
      {"unset, but skipped",
       {everyone(), expression("true or pipeline.git.tag")},
       member(),
       widgets,
       Denial::none},
      {"unknown variable",
       {everyone(), expression("nosuch")},
       member(),
       widgets,
       Denial::expression_failed},
      {"type error",
       {everyone(), expression("pipeline.git.branch < 3")},
       member(),
       widgets,
       Denial::expression_failed},
      {"does not parse",
       {everyone(), expression("pipeline.git.branch = ")},
       member(),
       widgets,
       Denial::expression_failed},
      {"empty", {everyone(), expression("")}, member(), widgets, Denial::expression_failed},
      {"parameters are not visible",
       {everyone(), expression("pipeline.parameters.deploy")},
       member(),
       widgets,
       Denial::expression_failed},
      {"nor those of triggers",
       {everyone(), expression(R"(pipeline.trigger_parameters.webhook.body == "yes")")},
       member(),
       widgets,
       Denial::expression_failed},
      // Kinds are and-ed
      {"all three agree",
       {group(core), project(widgets), expression(main_only)},
       member({core}),
       widgets,
       Denial::none},
      {"group says no",
       {group(core), project(widgets), expression(main_only)},
       member(),
       widgets,
       Denial::not_in_group},
      {"project says no",
       {group(core), project(widgets), expression(main_only)},
       member({core}),
       gadgets,
       Denial::other_project},
      {"expression says no",
       {group(core), project(widgets), expression("false")},
       member({core}),
       widgets,
       Denial::expression_false},
      {"a true expression does not make up for a group",
       {group(core), expression("true")},
       member(),
       widgets,
       Denial::not_in_group},
  };
  const expr::Environment values = push_to_main();
  for (const Case& test : cases) {
    const Decision decision = decide({.context_name = "guard",
                                      .organization_id = org,
                                      .restrictions = test.restrictions,
                                      .actor = test.actor,
                                      .project_id = test.project_id,
                                      .values = &values});
    EXPECT_EQ(decision.denial, test.expected) << test.why << ": " << decision.reason;
    EXPECT_EQ(decision.allowed(), test.expected == Denial::none) << test.why;
    // Every refusal says which context; an approval has nothing to say.
    if (decision.allowed()) {
      EXPECT_EQ(decision.reason, "") << test.why;
    } else {
      EXPECT_THAT(decision.reason, HasSubstr("\"guard\"")) << test.why;
    }
  }
}

Decision decide_on(std::vector<Restriction> restrictions, const expr::Environment* values) {
  return decide({.context_name = "guard",
                 .organization_id = org,
                 .restrictions = std::move(restrictions),
                 .actor = member(),
                 .project_id = gadgets,
                 .values = values});
}

TEST(ContextDecision, ReasonNamesTheExpressionThatSaidNo) {
  const expr::Environment values = push_to_main();
  const Decision decision = decide_on(
      {everyone(), expression("true"), expression(R"(pipeline.git.branch == "x")")}, &values);
  EXPECT_THAT(decision.reason, HasSubstr(R"(pipeline.git.branch == "x")"));
  EXPECT_EQ(decision.restriction_id, R"(e-pipeline.git.branch == "x")");
}

TEST(ContextDecision, ReasonNamesTheVariableThatIsUnset) {
  const expr::Environment values = push_to_main();
  const Decision decision = decide_on({everyone(), expression("not pipeline.git.tag")}, &values);
  EXPECT_THAT(decision.reason, HasSubstr("pipeline.git.tag"));
}

TEST(ContextDecision, ReasonNamesProjectsAndGroups) {
  EXPECT_THAT(decide_on({everyone(), project(widgets)}, nullptr).reason,
              HasSubstr("name of project-widgets"));
  EXPECT_THAT(decide_on({group(core, "Core team")}, nullptr).reason, HasSubstr("Core team"));
}

TEST(ContextDecision, WithoutValuesEveryVariableIsUnset) {
  EXPECT_EQ(decide_on({everyone(), expression("job.ssh.enabled")}, nullptr).denial,
            Denial::expression_failed);
  EXPECT_TRUE(decide_on({everyone(), expression("true")}, nullptr).allowed());
}

TEST(ContextDecision, RerunWithSshIsSeen) {
  expr::Environment values = push_to_main();
  values.set("job.ssh.enabled", true);
  EXPECT_EQ(decide_on({everyone(), expression("not job.ssh.enabled")}, &values).denial,
            Denial::expression_false);
}

TEST(ContextDecision, DenialNamesAreStable) {
  const std::pair<Denial, std::string_view> names[] = {
      {Denial::none, "allowed"},
      {Denial::no_actor, "no_actor"},
      {Denial::not_in_group, "not_in_group"},
      {Denial::administrators_only, "administrators_only"},
      {Denial::other_project, "other_project"},
      {Denial::expression_false, "expression_false"},
      {Denial::expression_failed, "expression_failed"}};
  for (const auto& [denial, code] : names) EXPECT_EQ(name(denial), code);
}

}  // namespace
}  // namespace imp::ci
