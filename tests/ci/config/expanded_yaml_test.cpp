#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "ci/config/yaml_reader.h"
#include "support.h"

namespace imp::ci::config {
namespace {

TEST(ExpandedYaml, OfTheGuidesFiles) {
  struct Row {
    std::string file;
    CompileInput input;
    std::string expected;
  };
  const std::vector<Row> rows = {
      {"trusted-publishing.yml", on_branch("main"), "trusted-publishing.expanded.yml"},
      {"token-publishing.yml", on_tag("v1.2.3"), "token-publishing.expanded.yml"},
      {"locked-down-context.yml", on_branch("stray"), "locked-down-context.expanded.yml"},
      {"everything.yml", on_branch("main"), "everything.expanded.yml"},
  };
  for (const Row& row : rows) {
    const auto compiled = compile(data(row.file), row.input);
    ASSERT_TRUE(compiled) << texts(compiled.error());
    EXPECT_EQ(expanded_yaml(*compiled), data(row.expected)) << row.file;
  }
}

TEST(ExpandedYaml, OfNothing) {
  EXPECT_EQ(expanded_yaml({}), "version: 2\njobs: {}\nworkflows:\n  version: 2\n");
}

Job job_running(std::string command) {
  Job job;
  job.name = job.definition = "build";
  job.docker = {{"i", {}}};
  job.working_directory = "~/project";
  RunStep step;
  step.name = step.command = std::move(command);
  job.steps = {step};
  return job;
}

/// The command that a YAML reader finds in the first step of the only job.
std::string command_read_back(const std::string& yaml) {
  const auto root = read_yaml(yaml);
  if (!root) return root.error().text();
  const Node& steps = *(*root)->find("jobs")->value->map()->front().value->find("steps")->value;
  const Node& command = *steps.list()->front()->find("run")->value->find("command")->value;
  const std::string* text = command.string();
  return text ? *text : "not text: " + describe(command);
}

TEST(ExpandedYaml, EveryTextIsReadBackAsItWas) {
  const std::vector<std::string> commands = {
      "npm ci",
      "5",
      "010",
      "1.10",
      "2019-01-01",
      "yes",
      "null",
      "~",
      "~/project",
      "-x",
      "- a",
      "a: b",
      "a:b",
      "a:",
      "n",
      "./run",
      ".inf",
      "=",
      "a #b",
      "# a",
      "*a",
      "&a",
      "!a",
      "%a",
      "@a",
      "`a`",
      "[a]",
      "{a}",
      "a,b",
      "'a'",
      "\"a\"",
      "a\\nb",
      " a",
      "a ",
      "a\tb",
      "two\nlines",
      "two\nlines\n",
      "\n",
      "\nfirst line empty",
      " indented first\nline",
      "inner\n  indent\n\n\nand gaps\n",
      "ends in gaps\n\n\n",
      "carriage\r\nreturn",
      "bell \a\x1b[0m",
      "é 😀 ⏰",
      "next\u0085line \u2028 \uFEFF",
      "trailing space \nhere",
      "cat <<EOF\nhi\nEOF\n",
      "export T=$(circleci run oidc get --claims '{\"aud\": \"npm:localhost\"}')\nnpm publish\n",
      std::string(5000, 'x'),
  };
  for (const std::string& command : commands) {
    const std::string yaml = expanded_yaml({{{"w", {job_running(command)}}}, {}});
    EXPECT_EQ(command_read_back(yaml), command) << yaml;
  }
}

TEST(ExpandedYaml, OneNameWithTwoBodiesGetsANumberEverywhere) {
  Workflow first{"one", {job_running("a")}};
  Workflow second{"two", {job_running("b"), job_running("c")}};
  second.jobs[1].name = "test";
  second.jobs[1].requirements = {{"build", {RequiredStatus::success}}};
  Workflow third{"three", {job_running("a")}};
  const std::string yaml = expanded_yaml({{first, second, third}, {}});
  EXPECT_TRUE(
      yaml.ends_with("workflows:\n"
                     "  version: 2\n"
                     "  one:\n"
                     "    jobs:\n"
                     "      - build\n"
                     "  two:\n"
                     "    jobs:\n"
                     "      - build-1\n"
                     "      - test:\n"
                     "          requires:\n"
                     "          - build-1\n"
                     "  three:\n"
                     "    jobs:\n"
                     "      - build\n"))
      << yaml;
  const auto root = read_yaml(yaml);
  ASSERT_TRUE(root);
  EXPECT_EQ((*root)->find("jobs")->value->map()->size(), 3U);
}

}  // namespace
}  // namespace imp::ci::config
