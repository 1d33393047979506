// Which jobs run, under which names, after which others.

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "support.h"

namespace imp::ci::config {
namespace {

std::string workflow(const std::string& jobs, const std::string& options = "") {
  return "version: 2.1\n"
         "jobs:\n"
         "  a: &job {docker: [{image: i}], steps: [checkout]}\n"
         "  b: *job\n"
         "  c: *job\n"
         "workflows:\n"
         "  w:\n" +
         options + "    jobs:\n" + jobs;
}

std::string plan_for(const std::string& jobs, const CompileInput& input) {
  return plan(compile(workflow(jobs), input));
}

TEST(Filters, ByExpressionOrMapOnBranchesAndTags) {
  struct Row {
    std::string filters;
    std::string ran;  ///< of main, feature/x, v1.0 (a tag): those that ran
  };
  const std::vector<Row> rows = {
      {"", "main feature/x"},
      {"{}", "main feature/x"},
      {"{branches: }", "main feature/x"},
      {"{branches: {only: main}}", "main"},
      {"{branches: {only: [main, dev]}}", "main"},
      {"{branches: {ignore: main}}", "feature/x"},
      {"{branches: {only: /feature.*/}}", "feature/x"},
      // The whole name has to match.
      {"{branches: {only: /feature/}}", ""},
      {"{branches: {ignore: [/feature.*/, /ma/]}}", "main"},
      {"{branches: {only: []}}", ""},
      // A pattern needs both slashes.
      {"{branches: {only: [/main, feature/x]}}", "feature/x"},
      {"{branches: {only: main, ignore: main}}", "main"},
      {"{tags: {only: /v.*/}}", "main feature/x v1.0"},
      {"{tags: {only: v1.0}}", "main feature/x v1.0"},
      {"{tags: {only: /v2.*/}}", "main feature/x"},
      {"{tags: {ignore: /v2.*/}}", "main feature/x v1.0"},
      {"{tags: {only: /.*/}, branches: {ignore: /.*/}}", "v1.0"},
      {"{branches: {only: /.*/}}", "main feature/x"},
      // An expression replaces the rule that tags need their own filter.
      {"'true'", "main feature/x v1.0"},
      {"'false'", ""},
      {"pipeline.git.branch == \"main\"", "main"},
      {"not pipeline.git.tag", "main feature/x"},
      {"pipeline.git.branch != \"main\"", "feature/x"},  // undefined on a tag, hence no
      {"pipeline.git.tag matches /v[0-9.]+/ or pipeline.git.branch == \"main\"", "main v1.0"},
      {"<< pipeline.git.branch == \"main\" >>", "main"},
      // Undefined on a branch: a condition that does not hold, not a filter that is missing.
      {"<< pipeline.git.tag == \"v1.0\" >>", "v1.0"},
      {"<< pipeline.event.github.pull_request.draft >>", ""},
      {"pipeline.event.github.pull_request.draft", ""},
  };
  for (const Row& row : rows) {
    const std::string jobs = "      - a: {filters: " + row.filters + "}\n";
    const std::string block = "      - a:\n          filters: " + row.filters + "\n";
    std::string ran;
    for (const auto& [name, input] :
         {std::pair{"main", on_branch("main")}, std::pair{"feature/x", on_branch("feature/x")},
          std::pair{"v1.0", on_tag("v1.0")}}) {
      const std::string result = plan_for(block, input);
      ASSERT_TRUE(result.empty() || result == "w: a") << row.filters << ": " << result;
      if (!result.empty()) ran += (ran.empty() ? "" : " ") + std::string(name);
    }
    EXPECT_EQ(ran, row.ran) << row.filters;
  }
}

TEST(Filters, MultiLineExpressions) {
  EXPECT_EQ(
      plan_for("      - a:\n          filters: |\n            pipeline.git.branch == \"main\"\n"
               "            and not pipeline.git.tag\n",
               on_branch("main")),
      "w: a");
}

TEST(Requirements, OnJobsThatAreFilteredOut) {
  struct Row {
    const char* why;
    std::string jobs;
    std::string plan;
  };
  const std::string off = "filters: {branches: {ignore: main}}";
  const std::vector<Row> rows = {
      {"one of two is gone: it is ignored",
       "      - a: {" + off + "}\n      - b\n      - c: {requires: [a, b]}\n", "w: b, c<b"},
      {"all are gone: the job does not run",
       "      - a: {" + off + "}\n      - c: {requires: [a]}\n", ""},
      {"and so on down the line",
       "      - a: {" + off + "}\n      - b: {requires: [a]}\n      - c: {requires: [b]}\n", ""},
      {"whatever the order of the list",
       "      - c: {requires: [b]}\n      - b: {requires: [a]}\n      - a: {" + off + "}\n", ""},
      {"an approval is a job like any other",
       "      - hold: {type: approval, " + off + "}\n      - c: {requires: [hold]}\n      - b\n",
       "w: b"},
      {"the status does not matter",
       "      - a: {" + off + "}\n      - b: {requires: [{a: not_run}]}\n      - c\n", "w: c"},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(plan_for(row.jobs, on_branch("main")), row.plan) << row.why;
  }
}

TEST(Requirements, OnATagEveryAncestorNeedsATagFilter) {
  const std::string jobs =
      "      - a: {filters: {tags: {only: /v.*/}}}\n"
      "      - b\n"
      "      - c: {requires: [b], filters: {tags: {only: /v.*/}}}\n";
  EXPECT_EQ(plan_for(jobs, on_tag("v1")), "w: a");
  EXPECT_EQ(plan_for(jobs, on_branch("main")), "w: a, b, c<b");
}

TEST(Requirements, StatusesAreSetsInOneOrder) {
  const auto statuses = [](const std::string& written) {
    const auto compiled = compile(
        workflow("      - a\n      - b:\n          requires:\n" + written), on_branch("main"));
    if (!compiled) return texts(compiled.error());
    std::string names;
    const auto& requirements = compiled->workflows[0].jobs[1].requirements;
    EXPECT_EQ(requirements.size(), 1U) << written;
    for (const RequiredStatus status : requirements.at(0).statuses) {
      names += (names.empty() ? "" : " ") + std::string(name_of(status));
    }
    return names;
  };
  EXPECT_EQ(statuses("            - a\n"), "success");
  EXPECT_EQ(statuses("            - a: failed\n"), "failed");
  EXPECT_EQ(statuses("            - a: [unauthorized, success, unauthorized]\n"),
            "success unauthorized");
  EXPECT_EQ(statuses("            - a: terminal\n"),
            "success failed canceled unauthorized not_run");
  EXPECT_EQ(statuses("            - a: [terminal, failed]\n"),
            "success failed canceled unauthorized not_run");
  // The same job twice is one requirement.
  EXPECT_EQ(statuses("            - a: canceled\n            - a\n"), "success canceled");
}

TEST(Names, RepeatedJobsAreNumbered) {
  EXPECT_EQ(plan_for("      - a\n      - a\n      - b\n", on_branch("main")), "w: a-1, a-2, b");
  EXPECT_EQ(plan_for("      - a\n      - a: {name: other}\n", on_branch("main")), "w: a, other");
  // A number that somebody took is skipped.
  EXPECT_EQ(plan_for("      - a\n      - a\n      - b: {name: a-1}\n", on_branch("main")),
            "w: a-2, a-3, a-1");
  // With exactly one other candidate the listed name will do.
  EXPECT_EQ(plan_for("      - a\n      - a: {requires: [a]}\n", on_branch("main")),
            "w: a-1, a-2<a-1");
  // Numbers do not depend on what is filtered out.
  EXPECT_EQ(
      plan_for("      - a: {filters: {branches: {ignore: main}}}\n      - a\n", on_branch("main")),
      "w: a-2");
  EXPECT_EQ(
      plan_for("      - a\n      - a\n      - b: {requires: [a-1, a-2]}\n", on_branch("main")),
      "w: a-1, a-2, b<a-1|a-2");
  EXPECT_EQ(plan_for("      - a: {name: << pipeline.number >>}\n", on_branch("main")), "w: 42");
  EXPECT_EQ(plan_for("      - a:\n", on_branch("main")), "w: a");
}

TEST(Conditions, WhenAndUnless) {
  struct Row {
    std::string condition;
    bool runs;
  };
  const std::vector<Row> rows = {
      {"when: pipeline.git.branch == \"main\"", true},
      {"when: pipeline.git.branch == \"dev\"", false},
      {"unless: pipeline.git.branch == \"main\"", false},
      {"unless: pipeline.git.tag", true},
      {"when: true", true},
      {"when: no", false},
      {"when: << pipeline.git.branch >>", true},
      {"when: << pipeline.git.tag >>", false},
      {"when: << pipeline.number >>", true},
      // What a tag came to is a value and not an expression again: "0" would be truthy text.
      {"when: << pipeline.number > 50 >>", false},
      {"when: '<< pipeline.git.branch starts-with \"x\" >>'", false},
  };
  for (const Row& row : rows) {
    const auto compiled =
        compile(workflow("      - a\n", "    " + row.condition + "\n"), on_branch("main"));
    EXPECT_EQ(plan(compiled), row.runs ? "w: a" : "") << row.condition;
  }
}

TEST(Workflows, AnImplicitOneRunsTheJobCalledBuild) {
  const std::string yaml =
      "version: 2.1\njobs:\n  build: {docker: [{image: i}], steps: [checkout]}\n";
  EXPECT_EQ(plan(compile(yaml, on_branch("main"))), "workflow: build");
  EXPECT_EQ(plan(compile(yaml, on_tag("v1"))), "") << "without a filter nothing runs on tags";
  EXPECT_EQ(plan(compile(yaml + "workflows:\n", on_branch("main"))), "workflow: build");
}

TEST(Workflows, ContextsKeepTheirOrder) {
  const auto contexts = [](const std::string& written) {
    const auto compiled =
        compile(workflow("      - a: {context: " + written + "}\n"), on_branch("main"));
    return compiled ? compiled->workflows[0].jobs[0].contexts
                    : std::vector{texts(compiled.error())};
  };
  using Names = std::vector<std::string>;
  EXPECT_EQ(contexts("org-global"), Names{"org-global"});
  EXPECT_EQ(contexts("[z, a, m]"), (Names{"z", "a", "m"}));
  EXPECT_EQ(contexts("'ctx-<< pipeline.git.branch >>'"), Names{"ctx-main"});
  EXPECT_EQ(contexts(""), Names{});
}

TEST(Workflows, NeitherBranchNorTagMatchesNoBranchFilter) {
  EXPECT_EQ(plan_for("      - a: {filters: {branches: {only: /.+/}}}\n      - b\n", {}), "w: b");
}

}  // namespace
}  // namespace imp::ci::config
