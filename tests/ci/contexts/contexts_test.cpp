#include "ci/contexts/contexts.h"

#include <gmock/gmock.h>

#include "ci/contexts/ci_store.h"
#include "ci/contexts/context_variables.h"
#include "ci/contexts/restrictions.h"

namespace imp::ci {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class ContextsTest : public CiStore {
 protected:
  explicit ContextsTest(Place place = Place::memory) : CiStore({context_migrations()}, place) {}

  Context context(std::string_view name = "publishing") {
    return contexts_.create(organization_, name, alice_).value();
  }

  Contexts contexts_{*database_, clock_};
  ContextVariables variables_{*database_, sealer_, clock_};
  Restrictions restrictions_{*database_, clock_};
};

TEST(ContextName, Rules) {
  const std::string euro = "\u20ac";
  std::string longest;
  for (int i = 0; i < 200; ++i) longest += euro;  // characters count, not bytes
  for (const std::string& good : {std::string("a"), std::string("npm publishing"), longest,
                                  std::string("tab\tinside"), std::string("org-global")}) {
    EXPECT_TRUE(check_context_name(good)) << good;
  }
  const std::string nul("a\0b", 3);
  for (const std::string& bad :
       {std::string(), std::string(" "), std::string(" a"), std::string("a "), std::string("\ta"),
        std::string("a\nb"), std::string("a\vb"), std::string("a\u2028b"), std::string("a\u0085b"),
        std::string("a\u00a0"), nul, std::string("\xff"), longest + "x"}) {
    const auto checked = check_context_name(bad);
    ASSERT_FALSE(checked) << bad;
    EXPECT_EQ(checked.error().code(), "invalid_context_name");
  }
}

TEST_F(ContextsTest, NewContextIsRestrictedToAllMembers) {
  const Context created = context();
  const auto restrictions = restrictions_.list(created.id).value();
  ASSERT_EQ(restrictions.size(), 1u);
  EXPECT_EQ(restrictions[0].kind, RestrictionKind::group);
  EXPECT_EQ(restrictions[0].name, "All members");
  EXPECT_EQ(restrictions[0].value, organization_);
  EXPECT_EQ(restrictions[0].id, organization_);
}

TEST_F(ContextsTest, NamesAreUniqueInAnOrganisationOnly) {
  context("a");
  EXPECT_EQ(contexts_.create(organization_, "a", alice_).error().code(), "context_exists");
  EXPECT_TRUE(contexts_.create(other_organization_, "a", alice_));
  EXPECT_TRUE(contexts_.create(organization_, "A", alice_));  // case counts, as on CircleCI
  EXPECT_EQ(contexts_.list(organization_)->size(), 2u);
}

TEST_F(ContextsTest, ListFindsPartsOfNamesWhateverTheirCase) {
  context("NPM publishing");
  context("deploy");
  const auto found = contexts_.list(organization_, "npm").value();
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].name, "NPM publishing");
  EXPECT_TRUE(contexts_.list(organization_, "%")->empty());  // not a pattern
}

TEST_F(ContextsTest, AtMostFiveHundredInAnOrganisation) {
  database_->write([&](db::Session& session) -> Result<void> {
    for (int i = 0; i < 500; ++i) {
      session.run(
          "INSERT INTO ci_contexts (id, organization_id, name, created) VALUES (:p1, :p2, :p3, 0)",
          {"id-" + std::to_string(i), organization_, "context " + std::to_string(i)});
    }
    return {};
  });
  EXPECT_EQ(contexts_.create(organization_, "one more", alice_).error().code(),
            "too_many_contexts");
  EXPECT_TRUE(contexts_.create(other_organization_, "one more", alice_));
}

TEST_F(ContextsTest, RemovingTakesVariablesAndRestrictionsAlong) {
  const Context created = context();
  ASSERT_TRUE(variables_.store(created.id, "TOKEN", "secret-value", alice_));
  ASSERT_TRUE(contexts_.remove(created.id, alice_));
  EXPECT_EQ(contexts_.find(created.id).error().code(), "context_not_found");
  EXPECT_TRUE(variables_.list(created.id)->empty());
  EXPECT_TRUE(restrictions_.list(created.id)->empty());
  EXPECT_EQ(contexts_.remove(created.id, alice_).error().code(), "context_not_found");
}

TEST_F(ContextsTest, StoringReplacesAndKeepsTheFirstDate) {
  const Context created = context();
  const auto first = variables_.store(created.id, "TOKEN", "first-value", alice_).value();
  clock_.advance(Milliseconds(1000));
  const auto second = variables_.store(created.id, "TOKEN", "second-value", alice_).value();
  EXPECT_EQ(second.created, first.created);
  EXPECT_EQ(second.updated, first.updated + Milliseconds(1000));
  const auto listed = variables_.list(created.id).value();
  ASSERT_EQ(listed.size(), 1u);
  EXPECT_EQ(listed[0].masked_value, "xxxxalue");
}

TEST_F(ContextsTest, VariableLimits) {
  const Context created = context();
  const struct {
    std::string name, value, code;
  } cases[] = {{"1A", "v", "invalid_variable_name"},
               {"A", std::string(32 * 1024 + 1, 'v'), "variable_too_large"},
               {"A", std::string("sec\0ret", 7), "variable_too_large"}};
  for (const auto& test : cases) {
    EXPECT_EQ(variables_.store(created.id, test.name, test.value, alice_).error().code(),
              test.code);
  }
  EXPECT_TRUE(variables_.store(created.id, "EMPTY", "", alice_));
  EXPECT_TRUE(variables_.store(created.id, "LARGEST", std::string(32 * 1024, 'v'), alice_));
  for (int i = 2; i < 100; ++i) {
    ASSERT_TRUE(variables_.store(created.id, "V" + std::to_string(i), "v", alice_));
  }
  EXPECT_EQ(variables_.store(created.id, "V100", "v", alice_).error().code(), "too_many_variables");
  EXPECT_TRUE(variables_.store(created.id, "V99", "replaced", alice_));  // not one more
  EXPECT_EQ(variables_.store("no such", "A", "v", alice_).error().code(), "context_not_found");
}

TEST_F(ContextsTest, SealedValueMovedToAnotherRowDoesNotOpen) {
  const Context mine = context("mine"), theirs = context("theirs");
  ASSERT_TRUE(variables_.store(mine.id, "TOKEN", "secret-value", alice_));
  ASSERT_TRUE(variables_.store(theirs.id, "TOKEN", "other-value", alice_));
  database_->write([&](db::Session& session) -> Result<void> {
    const auto sealed = session.row(
        "SELECT sealed_value FROM ci_context_variables WHERE context_id = :p1", {mine.id});
    session.run("UPDATE ci_context_variables SET sealed_value = :p1 WHERE context_id = :p2",
                {sealed->text(0), theirs.id});
    return {};
  });
  EXPECT_TRUE(variables_.list(mine.id));
  EXPECT_FALSE(variables_.list(theirs.id));
}

TEST_F(ContextsTest, RestrictionValuesAreChecked) {
  const Context created = context();
  const std::string id = "7a8b0000-0000-4000-8000-000000000001";
  const struct {
    RestrictionKind kind;
    std::string value, code;
  } cases[] = {
      {RestrictionKind::group, "core team", "invalid_restriction"},
      {RestrictionKind::project, "", "invalid_restriction"},
      {RestrictionKind::project, "acme/widgets", "invalid_restriction"},
      {RestrictionKind::expression, "", "invalid_expression"},
      {RestrictionKind::expression, R"(branch = "main")", "invalid_expression"},
      {RestrictionKind::expression, R"(branch in ["a"])", "invalid_expression"},
      {RestrictionKind::expression, "pipeline.trigger_parameters.webhook.body",
       "invalid_expression"},
      // Also where evaluation would never reach it.
      {RestrictionKind::expression, "true or pipeline.trigger_parameters.gitlab.ref",
       "invalid_expression"},
      {RestrictionKind::expression, std::string(5000, '1'), "invalid_expression"},
      {RestrictionKind::group, id, ""},
      {RestrictionKind::project, id, ""},
      {RestrictionKind::expression, "nosuch == 1", ""},            // denies later, as on CircleCI
      {RestrictionKind::expression, "pipeline.parameters.x", ""},  // the same
      {RestrictionKind::expression, R"("pipeline.trigger_parameters.x" == "a string")", ""},
  };
  for (const auto& test : cases) {
    const auto added = restrictions_.add({created.id, test.kind, test.value, "a name"}, alice_);
    EXPECT_EQ(added ? "" : added.error().code(), test.code) << test.value;
  }
  EXPECT_EQ(restrictions_.add({"no such", RestrictionKind::group, id, ""}, alice_).error().code(),
            "context_not_found");
}

TEST_F(ContextsTest, RefusedExpressionIsExplainedWithItsPosition) {
  const auto checked = check_restriction_expression(R"(branch = "main")");
  ASSERT_FALSE(checked);
  EXPECT_THAT(checked.error().message, HasSubstr("branch = \"main\"\n        ^"));
}

TEST_F(ContextsTest, AddingTwiceAnswersWithTheFirst) {
  const Context created = context();
  const NewRestriction wanted{created.id, RestrictionKind::expression, "true", ""};
  const auto first = restrictions_.add(wanted, alice_).value();
  EXPECT_EQ(restrictions_.add(wanted, alice_)->id, first.id);
  EXPECT_EQ(restrictions_.list(created.id)->size(), 2u);
}

TEST_F(ContextsTest, AllMembersCanBeRemovedAndComesBackOnlyWhenAsked) {
  const Context created = context();
  ASSERT_TRUE(restrictions_.remove(created.id, organization_, alice_));
  EXPECT_TRUE(restrictions_.list(created.id)->empty());
  const auto again =
      restrictions_.add({created.id, RestrictionKind::group, organization_, ""}, alice_).value();
  EXPECT_EQ(again.id, organization_);
  EXPECT_EQ(again.name, "All members");
  EXPECT_EQ(restrictions_.remove(created.id, "no such", alice_).error().code(),
            "restriction_not_found");
}

TEST_F(ContextsTest, RemovingInOneContextLeavesTheOther) {
  // The restriction has the same id in every context of an organisation.
  const Context one = context("one"), two = context("two");
  ASSERT_TRUE(restrictions_.remove(one.id, organization_, alice_));
  EXPECT_EQ(restrictions_.list(two.id)->size(), 1u);
}

TEST_F(ContextsTest, EveryChangeIsAudited) {
  const Context created = context();
  ASSERT_TRUE(variables_.store(created.id, "TOKEN", "secret-value", alice_));
  ASSERT_TRUE(variables_.remove(created.id, "TOKEN", alice_));
  const auto added =
      restrictions_.add({created.id, RestrictionKind::expression, "true", ""}, alice_).value();
  ASSERT_TRUE(restrictions_.remove(created.id, added.id, alice_));
  ASSERT_TRUE(restrictions_.remove(created.id, organization_, alice_));
  ASSERT_TRUE(restrictions_.add({created.id, RestrictionKind::group, organization_, ""}, alice_));
  ASSERT_TRUE(contexts_.remove(created.id, alice_));
  std::vector<std::string> actions;
  for (const auto& entry : audited("context.")) {
    actions.insert(actions.begin(), entry.record.action);
    EXPECT_EQ(entry.record.actor, "user:alice");
    EXPECT_EQ(entry.record.outcome, "granted");
    EXPECT_EQ(entry.record.organization, organization_);
    EXPECT_EQ(entry.record.subject, "context:" + created.id);
  }
  EXPECT_EQ(actions, (std::vector<std::string>{
                         "context.create", "context.env_var.store", "context.env_var.delete",
                         "context.restriction.create", "context.restriction.delete",
                         "context.group_remove", "context.group_add", "context.delete"}));
}

TEST_F(ContextsTest, RefusedChangesLeaveNoRecord) {
  context("a");
  const std::size_t before = audited().size();
  EXPECT_FALSE(contexts_.create(organization_, "a", alice_));
  EXPECT_FALSE(variables_.remove("no such", "TOKEN", alice_));
  EXPECT_EQ(audited().size(), before);
}

class ContextsOnDiskTest : public ContextsTest {
 protected:
  ContextsOnDiskTest() : ContextsTest(Place::disk) {}
};

TEST_F(ContextsOnDiskTest, ValuesAreNowhereInTheClear) {
  const std::string secret = "npm_verySecretValue0123456789";
  const Context created = context("find-me-in-the-file");
  ASSERT_TRUE(variables_.store(created.id, "NPM_TOKEN", "an older secret value", alice_));
  ASSERT_TRUE(variables_.store(created.id, "NPM_TOKEN", secret, alice_));
  const std::string bytes = bytes_on_disk();
  EXPECT_THAT(bytes, HasSubstr("find-me-in-the-file"));  // it is the right file
  EXPECT_THAT(bytes, HasSubstr("NPM_TOKEN"));
  for (const std::string& clear : {secret, secret.substr(20), std::string("an older secret"),
                                   base64(bytes_of(secret)), hex(bytes_of(secret))}) {
    EXPECT_THAT(bytes, Not(HasSubstr(clear)));
  }
}

}  // namespace
}  // namespace imp::ci
