#include "cli/plan_text.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

namespace imp::cli {
namespace {

TEST(PlanText, TellsEachChangeAndCounts) {
  const auto file = TrustFile::parse(
      "packages:\n  a: []\n  b: []\n  c:\n    - {type: x, claims: {k: v}, permissions: [p]}\n",
      "t");
  ASSERT_TRUE(file) << file.error().message;
  const auto answer = boost::json::parse(R"({"dryRun": true, "packages": [
    {"package": "a", "outcome": "changed", "kept": 0, "remove": [],
     "add": [{"type": "github", "issuer": "i", "claims": {"k": "v"}, "permissions": ["createPackage"]}],
     "change": [{"from": {"permissions": ["x"]},
                 "to": {"type": "gitlab", "claims": {}, "permissions": ["x", "y"]}}]},
    {"package": "b", "outcome": "unchanged", "kept": 1, "add": [], "change": [], "extra": [{"id": "p"}]},
    {"package": "c", "outcome": "refused", "code": "invalid_publisher", "publisher": 0,
     "message": "claims[\"k\"] is wrong"}]})");
  const PlanText plan = plan_text(answer, *file);
  EXPECT_EQ(plan.refused, 1u);
  EXPECT_EQ(plan.text,
            "a\n"
            "  + github (i)\n"
            "  +   k: v\n"
            "  +   permissions: createPackage\n"
            "  ~ gitlab\n"
            "  ~   permissions: x, y\n"
            "  ~   before: x\n"
            "c\n"
            "  refused: claims[\"k\"] is wrong (invalid_publisher)\n"
            "  t:5:26\n"
            "Plan: 1 to add, 1 to change, 0 to remove; unchanged: 1, refused: 1\n"
            "1 that the file does not name stay; --prune removes them\n");
}

TEST(PlanText, ScopesComeFirstAndSayThatTheyAre) {
  const auto file = TrustFile::parse(
      "packages:\n  \"@acme/a\": []\nscopes:\n  \"@acme\": []\n  \"@other\": []\n", "t");
  ASSERT_TRUE(file) << file.error().message;
  const auto answer = boost::json::parse(R"({"dryRun": true,
    "packages": [{"package": "@acme/a", "outcome": "unchanged", "kept": 1}],
    "scopes": [
      {"scope": "@acme", "outcome": "changed",
       "add": [{"type": "github", "issuer": "i", "claims": {}, "permissions": ["createPackage"]}]},
      {"scope": "@other", "outcome": "refused", "code": "organization_not_found",
       "message": "There is no organisation"}]})");
  EXPECT_EQ(plan_text(answer, *file).text,
            "scope @acme\n"
            "  + github (i)\n"
            "  +   permissions: createPackage\n"
            "scope @other\n"
            "  refused: There is no organisation (organization_not_found)\n"
            "  t:5:3\n"
            "Plan: 1 to add, 0 to change, 0 to remove; unchanged: 1, refused: 1\n");
}

// A name that is mistyped looks like one that is new: the plan says that there is no package.
TEST(PlanText, WhatIsPreparedSaysSo) {
  const auto file = TrustFile::parse("packages:\n  new: []\n  old: []\n", "t");
  ASSERT_TRUE(file) << file.error().message;
  auto answer = boost::json::parse(R"({"dryRun": true, "packages": [
    {"package": "new", "outcome": "changed", "pending": true,
     "add": [{"type": "github", "issuer": "i", "claims": {}, "permissions": ["createPackage"]}]},
    {"package": "old", "outcome": "changed",
     "add": [{"type": "gitlab", "issuer": "j", "claims": {}, "permissions": ["createPackage"]}]}]})");
  EXPECT_EQ(plan_text(answer, *file).text,
            "new (no package yet)\n"
            "  + github (i)\n"
            "  +   permissions: createPackage\n"
            "old\n"
            "  + gitlab (j)\n"
            "  +   permissions: createPackage\n"
            "Plan: 1 to add, 1 to prepare, 0 to change, 0 to remove; unchanged: 0, refused: 0\n");
  answer.as_object()["dryRun"] = false;
  EXPECT_TRUE(plan_text(answer, *file)
                  .text.ends_with("Applied: 1 added, 1 prepared, 0 changed, 0 removed; "
                                  "unchanged: 0, refused: 0\n"));
}

TEST(PlanText, SaysWhenItIsDone) {
  const auto file = TrustFile::parse("packages: {}\n", "t");
  const auto answer = boost::json::parse(R"({"dryRun": false, "packages": []})");
  EXPECT_EQ(plan_text(answer, *file).text,
            "Applied: 0 added, 0 changed, 0 removed; unchanged: 0, refused: 0\n");
}

}  // namespace
}  // namespace imp::cli
