// Files that are small to write and large to compile.

#include <gtest/gtest.h>

#include <chrono>
#include <ranges>
#include <string>

#include "ci/config/report.h"
#include "ci/config/values.h"
#include "ci/config/workflows.h"
#include "ci/config/yaml_reader.h"
#include "support.h"

namespace imp::ci::config {
namespace {

std::string repeated(std::size_t times, std::string_view text) {
  std::string all;
  for (std::size_t i = 0; i < times; ++i) all += text;
  return all;
}

ConfigRefusal refusal_of(const std::string& yaml) {
  const auto compiled = compile(yaml, on_branch("main"));
  if (compiled) {
    ADD_FAILURE() << "compiled";
    return ConfigRefusal::bad_value;
  }
  return compiled.error().front().refusal;
}

TEST(Limits, ManyInvocationsOfALargeJob) {
  const std::string yaml =
      "version: 2.1\n"
      "jobs:\n  big: {docker: [{image: i}], steps: [run: '" +
      std::string(500'000, 'x') +
      "']}\n"
      "workflows:\n  w:\n    jobs:\n" +
      repeated(500, "      - big\n");
  EXPECT_EQ(refusal_of(yaml), ConfigRefusal::config_too_large);
}

TEST(Limits, TooManyInvocations) {
  const std::string head =
      "version: 2.1\njobs:\n  a: {docker: [{image: i}], steps: [checkout]}\n"
      "workflows:\n  w:\n    jobs:\n";
  EXPECT_TRUE(compile(head + repeated(max_invocations, "      - a\n"), on_branch("main")));
  EXPECT_EQ(refusal_of(head + repeated(max_invocations + 1, "      - a\n")),
            ConfigRefusal::config_too_large);
}

/// A job in lines 4 to 6 with `shell: SHELL`, an image and one step.
std::string with_texts(const std::string& image, const std::string& shell,
                       const std::string& step) {
  return "version: 2.1\njobs:\n  build:\n    docker: [{image: '" + image +
         "'}]\n    shell: " + shell + "\n    steps: [" + step + "]\n";
}

// The runner takes no longer ones; its refusal could not say which line.
TEST(Limits, TextsAreAsLongAsARunnerTakes) {
  const std::string longest(max_short_text_bytes, 'x'), over = longest + "x";
  const auto run = [](const std::string& key, const std::string& value) {
    return "run: {command: c, " + key + ": " + value + "}";
  };
  const std::string message = "This text has 4097 bytes; at most 4096 are allowed here.";
  struct Row {
    std::string yaml, error;
  };
  const std::vector<Row> rows = {
      {with_texts(over, "sh", "checkout"), "4:22: jobs.build.docker[0].image: "},
      {with_texts("i", over, "checkout"), "5:12: jobs.build.shell: "},
      {with_texts("i", "sh", run("name", over)), "6:37: jobs.build.steps[0].run.name: "},
      {with_texts("i", "sh", run("shell", over)), "6:38: jobs.build.steps[0].run.shell: "},
      {with_texts("i", "sh", run("working_directory", over)),
       "6:50: jobs.build.steps[0].run.working_directory: "},
      {with_texts("i", "sh", "checkout: {path: " + over + "}"),
       "6:30: jobs.build.steps[0].checkout.path: "},
  };
  for (const Row& row : rows) {
    const auto compiled = compile(row.yaml, on_branch("main"));
    ASSERT_FALSE(compiled) << row.error;
    EXPECT_EQ(texts(compiled.error()), row.error + message);
  }
  EXPECT_TRUE(compile(with_texts(longest, longest, run("name", longest)), on_branch("main")));
}

TEST(Limits, ACommandThatTemplatesMakeTooLong) {
  const std::string yaml = "version: 2.1\nparameters: {long: {type: string, default: '" +
                           std::string(600'000, 'x') +
                           "'}}\njobs:\n  build:\n    docker: [{image: i}]\n"
                           "    environment: {A: << pipeline.parameters.long >>";
  EXPECT_TRUE(compile(yaml + "}\n    steps: [checkout]\n", on_branch("main")));
  EXPECT_EQ(refusal_of(yaml + "<< pipeline.parameters.long >>}\n    steps: [checkout]\n"),
            ConfigRefusal::config_too_large);
  EXPECT_EQ(refusal_of(yaml + "}\n    steps: [run: << pipeline.parameters.long >>"
                              "<< pipeline.parameters.long >>]\n"),
            ConfigRefusal::config_too_large);
}

TEST(Limits, ALongCommandIsNamedByItsBeginning) {
  const auto name_of_step = [](const std::string& command) {
    const auto compiled =
        compile(with_texts("i", "sh", "run: '" + command + "'"), on_branch("main"));
    EXPECT_TRUE(compiled) << texts(compiled.error());
    return std::get<RunStep>(compiled->workflows[0].jobs[0].steps[0]).name;
  };
  EXPECT_EQ(name_of_step("npm test"), "npm test");
  EXPECT_EQ(name_of_step(std::string(4096, 'x')), std::string(4096, 'x'));
  EXPECT_EQ(name_of_step(std::string(300'000, 'x')), std::string(200, 'x') + "…");
  // Not within a character: byte 200 is the second one of an "é".
  EXPECT_EQ(name_of_step(std::string(199, 'x') + repeated(3000, "é")), std::string(199, 'x') + "…");
}

TEST(Limits, TooManySteps) {
  const std::string head = "version: 2.1\njobs:\n  build:\n    docker: [{image: i}]\n    steps:\n";
  EXPECT_TRUE(compile(head + repeated(max_steps, "      - checkout\n"), on_branch("main")));
  const auto compiled =
      compile(head + repeated(max_steps + 1, "      - checkout\n"), on_branch("main"));
  ASSERT_FALSE(compiled);
  EXPECT_EQ(texts(compiled.error()),
            "10006:9: jobs.build.steps[10000]: A job has at most 10000 steps; this one has 10001.");
}

TEST(Limits, TemplatesThatMultiplyALongParameter) {
  const std::string yaml =
      "version: 2.1\n"
      "parameters: {long: {type: string, default: '" +
      std::string(500'000, 'x') +
      "'}}\n"
      "jobs:\n  build:\n    docker: [{image: i}]\n    steps:\n" +
      repeated(100, "      - run: echo << pipeline.parameters.long >>\n");
  EXPECT_EQ(refusal_of(yaml), ConfigRefusal::config_too_large);
}

// A merge copies where an alias shares: what is merged is counted before it fills the memory, so
// the refusal names one of the first merge keys and not the list that holds them all.
TEST(Limits, MergeKeysThatMultiplyALargeMap) {
  std::string head = "version: 2.1\nlarge: &large\n";
  for (int i = 0; i < 5000; ++i) head += "  k" + std::to_string(i) + ": x\n";
  const auto compiled =
      compile(head + "many:\n" + repeated(200, "  - <<: *large\n"), on_branch("main"));
  ASSERT_FALSE(compiled);
  EXPECT_EQ(compiled.error()[0].refusal, ConfigRefusal::config_too_large);
  EXPECT_GT(compiled.error()[0].line, 5010U);
  EXPECT_LT(compiled.error()[0].line, 5040U);
  // The same map again adds nothing to the file, but each time is as much work.
  EXPECT_EQ(refusal_of(head + "many:\n  <<: [*large" + repeated(200, ", *large") + "]\n"),
            ConfigRefusal::config_too_large);
}

// A file with a thousand wrong names and many right ones would otherwise copy all for each.
TEST(Limits, AListOfNamesLooksAtNoMoreThanItShows) {
  std::size_t looked_at = 0;
  const auto names = std::views::iota(0, 100'000) | std::views::transform([&](int i) {
                       ++looked_at;
                       return "name" + std::to_string(i);
                     });
  EXPECT_TRUE(comma_list(names).ends_with(" more"));
  EXPECT_LT(looked_at, 200U);
}

// Each costs time to compile, whatever it matches, so a file with very many is refused wherever
// they stand: in filters, in conditions and in tags.
TEST(Limits, TooManyPatterns) {
  const std::string head =
      "version: 2.1\njobs:\n  a: {docker: [{image: i}], steps: [checkout]}\n"
      "workflows:\n  w:\n    jobs:\n";
  const auto listed = [&](std::size_t count) {
    return head + "      - a: {filters: {branches: {only: [" + repeated(count, "/x/, ") + "]}}}\n";
  };
  EXPECT_TRUE(compile(listed(max_patterns), on_branch("main")));
  EXPECT_EQ(refusal_of(listed(max_patterns + 1)), ConfigRefusal::config_too_large);

  const auto conditions = [&](std::size_t count) {
    return head + repeated(count,
                           "      - a: {filters: 'pipeline.git.branch matches /x/ or "
                           "pipeline.git.branch matches /y/'}\n");
  };
  EXPECT_TRUE(compile(conditions(max_patterns / 2), on_branch("main")));
  EXPECT_EQ(refusal_of(conditions(max_patterns / 2 + 1)), ConfigRefusal::config_too_large);

  const auto tags = [&](std::size_t count) {
    return "version: 2.1\njobs:\n  build:\n    docker: [{image: i}]\n    steps:\n      - run: '" +
           repeated(count, "<< pipeline.git.branch matches /x/ >> ") + "'\n";
  };
  EXPECT_TRUE(compile(tags(max_patterns), on_branch("main")));
  EXPECT_EQ(refusal_of(tags(max_patterns + 1)), ConfigRefusal::config_too_large);
}

TEST(Limits, TooManyContexts) {
  std::string contexts;
  for (std::size_t i = 0; i <= max_contexts; ++i) {
    contexts += (i == 0 ? "c" : ", c") + std::to_string(i);
  }
  const std::string head =
      "version: 2.1\njobs:\n  a: {docker: [{image: i}], steps: [checkout]}\n"
      "workflows:\n  w:\n    jobs:\n";
  EXPECT_EQ(refusal_of(head + "      - a: {context: [" + contexts + "]}\n"),
            ConfigRefusal::config_too_large);
  EXPECT_TRUE(
      compile(head + repeated(20, "      - a: {context: [one, two]}\n"), on_branch("main")));
}

TEST(Limits, TooManyVariables) {
  std::string variables;
  for (int i = 0; i < 2000; ++i) variables += "      V" + std::to_string(i) + ": x\n";
  EXPECT_EQ(refusal_of("version: 2.1\njobs:\n  build:\n    docker: [{image: i}]\n"
                       "    steps: [checkout]\n    environment:\n" +
                       variables),
            ConfigRefusal::config_too_large);
}

TEST(Limits, EveryJobRequiringEveryOtherIsSlowForNobody) {
  std::string jobs;
  std::string earlier;
  for (int i = 0; i < 300; ++i) {
    const std::string name = "j" + std::to_string(i);
    jobs += "      - a: {name: " + name + ", requires: [" + earlier + "]}\n";
    earlier += (i == 0 ? "" : ", ") + name;
  }
  const auto start = std::chrono::steady_clock::now();
  const auto compiled = compile(
      "version: 2.1\njobs:\n  a: {docker: [{image: i}], steps: [checkout]}\n"
      "workflows:\n  w:\n    jobs:\n" +
          jobs,
      on_branch("main"));
  ASSERT_TRUE(compiled) << texts(compiled.error());
  EXPECT_EQ(compiled->workflows[0].jobs.back().requirements.size(), 299U);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(20));
}

TEST(Limits, ALongNameInManyMessages) {
  const std::string name(max_key_bytes, 'n');
  std::string requirements;
  for (int i = 0; i < 20'000; ++i) requirements += (i == 0 ? "z" : ", z") + std::to_string(i);
  const std::string head =
      "version: 2.1\njobs:\n  a: {docker: [{image: i}], steps: [checkout]}\n"
      "workflows:\n  w:\n    jobs:\n";
  const auto compiled =
      compile(head + "      - a: {name: " + name + ", requires: [" + requirements + "]}\n",
              on_branch("main"));
  ASSERT_FALSE(compiled);
  EXPECT_EQ(compiled.error().size(), 100U);
  EXPECT_LT(texts(compiled.error()).size(), 200'000U);
  EXPECT_EQ(refusal_of(head + "      - a: {name: n" + name + "}\n"),
            ConfigRefusal::config_too_large);
}

TEST(Limits, MessagesListSomeNamesAndCountTheRest) {
  const std::string jobs = repeated(1, "      - a: {requires: [nosuch]}\n") + [] {
    std::string more;
    for (int i = 0; i < 500; ++i)
      more += "      - hold" + std::to_string(i) + ": {type: approval}\n";
    return more;
  }();
  const auto compiled = compile(
      "version: 2.1\njobs:\n  a: {docker: [{image: i}], steps: [checkout]}\n"
      "workflows:\n  w:\n    jobs:\n" +
          jobs,
      on_branch("main"));
  ASSERT_FALSE(compiled);
  EXPECT_TRUE(compiled.error()[0].message.ends_with(" more.")) << texts(compiled.error());
}

TEST(Limits, AHostileFilterCostsTimeLinearInTheBranch) {
  CompileInput input;
  input.pipeline_values["pipeline.git.branch"] = std::string(50'000, 'a');
  const auto compiled = compile(
      "version: 2.1\njobs:\n  a: {docker: [{image: i}], steps: [checkout]}\n"
      "workflows:\n  w:\n    jobs:\n      - a: {filters: {branches: {only: /(a*)*b/}}}\n",
      input);
  ASSERT_TRUE(compiled) << texts(compiled.error());
  EXPECT_TRUE(compiled->workflows.empty());
}

}  // namespace
}  // namespace imp::ci::config
