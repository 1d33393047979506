// What is wrong with a file, where, and what is allowed instead: each row is one mistake.

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "support.h"

namespace imp::ci::config {
namespace {

/// A valid file around the part under test.
std::string with_job(const std::string& job_lines) {
  return "version: 2.1\njobs:\n  build:\n" + job_lines;
}

const std::string docker = "    docker: [{image: cimg/base:stable}]\n";

std::string with_steps(const std::string& step_lines) {
  return with_job(docker + "    steps:\n" + step_lines);
}

/// Lines 2 to 4 define jobs a, b and c; the workflow's first job stands in line 8.
std::string with_workflow(const std::string& job_lines) {
  return "version: 2.1\n"
         "jobs:\n"
         "  a: &job {docker: [{image: i}], steps: [checkout]}\n"
         "  b: *job\n"
         "  c: *job\n"
         "workflows:\n"
         "  w:\n"
         "    jobs:\n" +
         job_lines;
}

struct Row {
  std::string yaml;
  std::string error;  ///< every problem, one a line
};

void check(const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    const auto compiled = compile(row.yaml, on_branch("main"));
    if (compiled) {
      ADD_FAILURE() << "compiled:\n" << row.yaml;
      continue;
    }
    EXPECT_EQ(texts(compiled.error()), row.error) << row.yaml;
  }
}

TEST(Errors, TopLevel) {
  check({
      {"", "1:1: The file holds no configuration."},
      {"# nothing\n", "1:1: The file holds no configuration."},
      {"just text",
       "1:1: A configuration is a map that starts with `version: 2.1`, but this is text."},
      {"- a", "1:1: A configuration is a map that starts with `version: 2.1`, but this is a list."},
      {"jobs: {}", "1:1: The file does not say its version; start it with `version: 2.1`."},
      {"version: 2\njobs: {}",
       "1:10: version: This server reads version 2.1 of the configuration; write `version: 2.1`."},
      {"version: 2.1", "1:1: The file needs `workflows`, or a job called `build`."},
      {"version: 2.1\njobs: [a]",
       "2:7: jobs: `jobs` is a map of names, but this is a list.\n"
       "1:1: The file needs `workflows`, or a job called `build`."},
      {"version: 2.1\nexecutors: x\nworkflows: 3",
       "2:12: executors: `executors` is a map of names, but this is text.\n"
       "3:12: workflows: `workflows` is a map of names, but this is the number 3 (quote it if it "
       "is "
       "meant as text)."},
      {"version: 2.1\nsetup: true\norbs: {node: circleci/node@5}\ncommands: {}",
       "2:1: setup: `setup` is not supported by this version; supported here are version, "
       "parameters, executors, jobs and workflows.\n"
       "3:1: orbs: `orbs` is not supported by this version; supported here are version, "
       "parameters, executors, jobs and workflows.\n"
       "4:1: commands: `commands` is not supported by this version; supported here are version, "
       "parameters, executors, jobs and workflows."},
  });
}

TEST(Errors, Jobs) {
  const std::string keys =
      "docker, executor, steps, shell, working_directory, environment, resource_class, "
      "description, type";
  check({
      {with_job("    steps: [checkout]\n"), "4:5: jobs.build: A job needs `docker` or `executor`."},
      {with_job(docker), "4:5: jobs.build: A job needs `steps`."},
      {with_job(docker + "    steps: []\n"),
       "5:12: jobs.build.steps: A job needs at least one step."},
      {with_job(docker + "    steps: checkout\n"),
       "5:12: jobs.build.steps: `steps` is a list, but this is text."},
      {with_job(docker + "    parallelism: 4\n    steps: [checkout]\n"),
       "5:5: jobs.build.parallelism: `parallelism` is not supported by this version; supported "
       "here "
       "are " +
           keys + "."},
      {with_job("    machine: true\n    steps: [checkout]\n"),
       "4:5: jobs.build.machine: `machine` is not supported by this version; supported here are " +
           keys + "."},
      {with_job(docker + "    parameters: {x: {type: string}}\n    steps: [checkout]\n"),
       "5:5: jobs.build.parameters: `parameters` is not supported by this version; supported here "
       "are " +
           keys + "."},
      {with_job(docker + "    type: approval\n"),
       "5:11: jobs.build.type: Jobs of type approval are not supported by this version; an "
       "approval "
       "is written in the workflow: `- hold: {type: approval}`."},
      {with_job(docker + "    type: release\n"),
       "5:11: jobs.build.type: Jobs of type release are not supported by this version; supported "
       "is "
       "build."},
      {with_job(docker + "    type: party\n"),
       "5:11: jobs.build.type: A job's `type` is build, not `party`."},
      {"version: 2.1\njobs: {build: }",
       "2:8: jobs.build: A job is a map of " + keys + ", but this is empty."},
      {"version: 2.1\njobs:\n  build: &b {docker: [{image: i}], steps: [checkout]}\n  Build: *b\n",
       "4:3: jobs.Build: Another job has the name `Build` but for upper and lower case."},
      {"version: 2.1\njobs:\n  build: &b {docker: [{image: i}], steps: [checkout]}\n  a.b: *b\n",
       "4:3: jobs.a.b: A job's name starts with a letter and goes on with letters, digits, spaces, "
       "_ "
       "and -."},
      {with_job(docker + "    shell: [a]\n    working_directory: ~\n    resource_class: ''\n"
                         "    steps: [checkout]\n"),
       "7:21: jobs.build.resource_class: Expected text, but this is blank.\n"
       "5:12: jobs.build.shell: Expected text, but this is a list.\n"
       "6:24: jobs.build.working_directory: Expected text, but this is empty."},
  });
}

TEST(Errors, Executors) {
  check({
      {with_job("    docker: []\n    steps: [checkout]\n"),
       "4:13: jobs.build.docker: `docker` is a list of images, such as `- image: "
       "cimg/node:22.14`."},
      {with_job("    docker: [{user: root}]\n    steps: [checkout]\n"),
       "4:15: jobs.build.docker[0].user: `user` is not supported by this version; supported here "
       "are image, environment.\n"
       "4:14: jobs.build.docker[0]: A docker entry needs `image`."},
      {with_job("    docker: [{image: 3.10}]\n    steps: [checkout]\n"),
       "4:22: jobs.build.docker[0].image: Expected text, but this is the number 3.10 (quote it if "
       "it "
       "is meant as text)."},
      {with_job("    docker:\n      - image: a\n      - image: postgres\n    steps: [checkout]\n"),
       "6:9: jobs.build.docker[1]: Service containers are not supported by this version; list one "
       "image."},
      {with_job("    executor: node\n    steps: [checkout]\n"),
       "4:15: jobs.build.executor: Cannot find a definition for executor named node. The file "
       "defines no executors."},
      {"version: 2.1\nexecutors:\n  one: {docker: [{image: i}]}\n"
       "jobs: {build: {executor: {name: two, tag: x}, steps: [checkout]}}",
       "4:38: jobs.build.executor.tag: Executor parameters are not supported by this version; an "
       "executor is given by its name alone.\n"
       "4:33: jobs.build.executor.name: Cannot find a definition for executor named two. The file "
       "defines one."},
      {"version: 2.1\nexecutors: {one: {docker: [{image: i}]}}\n"
       "jobs: {build: {executor: one, docker: [{image: i}], steps: [checkout]}}",
       "3:26: jobs.build.executor: A job has either `docker` or `executor`, not both."},
      {"version: 2.1\nexecutors:\n  one:\n    shell: sh\n"
       "jobs: {build: {executor: one, steps: [checkout]}}",
       "4:5: executors.one: An executor needs `docker`."},
      {"version: 2.1\nexecutors:\n  one:\n    macos: {xcode: 16}\n"
       "jobs: {build: {docker: [{image: i}], steps: [checkout]}}",
       "4:5: executors.one.macos: `macos` is not supported by this version; supported here are "
       "docker, environment, resource_class, shell, working_directory, description."},
  });
}

TEST(Errors, Environment) {
  check({
      {with_job(docker + "    environment: {1A: x, 'A-B': y, C: [z]}\n    steps: [checkout]\n"),
       "5:19: jobs.build.environment.1A: `1A` is not a variable name; use letters, digits and _, "
       "and "
       "no digit first.\n"
       "5:26: jobs.build.environment.A-B: `A-B` is not a variable name; use letters, digits and _, "
       "and no digit first.\n"
       "5:39: jobs.build.environment.C: The value of a variable is text, but this is a list."},
      {with_job(docker + "    environment: [A=b]\n    steps: [checkout]\n"),
       "5:19: jobs.build.environment[0]: Expected a map such as `NAME: value`, but this is text."},
      {with_job(docker + "    environment: A=b\n    steps: [checkout]\n"),
       "5:18: jobs.build.environment: `environment` is a map of variables, or a list of such maps, "
       "but this is text."},
  });
}

TEST(Errors, Steps) {
  const std::string unsupported_tail =
      " is not supported by this version; supported are checkout and run.";
  check({
      {with_steps("      - save_cache: {key: k, paths: [p]}\n"),
       "6:9: jobs.build.steps[0].save_cache: The step `save_cache`" + unsupported_tail},
      {with_steps("      - setup_remote_docker\n"),
       "6:9: jobs.build.steps[0]: The step `setup_remote_docker`" + unsupported_tail},
      {with_steps("      - checkout\n      - when: {condition: true, steps: []}\n"),
       "7:9: jobs.build.steps[1].when: The step `when`" + unsupported_tail},
      {with_steps("      - store_artifacts: {path: p}\n"),
       "6:9: jobs.build.steps[0].store_artifacts: The step `store_artifacts`" + unsupported_tail},
      {with_steps("      - node/install\n"),
       "6:9: jobs.build.steps[0]: Cannot find a definition for command named node/install. A step "
       "is checkout or run; commands and orbs are not supported by this version."},
      {with_steps("      - 5\n"),
       "6:9: jobs.build.steps[0]: A step is `checkout` or `run: ...`, but this is the number 5 "
       "(quote it if it is meant as text)."},
      // The most common slip of indentation.
      {with_steps("      - run:\n        name: Test\n        command: npm test\n"),
       "6:9: jobs.build.steps[0]: A step has one key, but this has 3; indent what belongs to `run` "
       "further than `run` itself."},
      {with_steps("      - run\n"),
       "6:9: jobs.build.steps[0]: `run` needs a command: `run: npm test`."},
      {with_steps("      - run:\n"),
       "6:9: jobs.build.steps[0].run: A run step is a map of command, name, shell, environment, "
       "working_directory, background, no_output_timeout, when, but this is empty."},
      {with_steps("      - run: {name: Test}\n"),
       "6:14: jobs.build.steps[0].run: A run step needs `command`."},
      {with_steps("      - run: '  '\n"),
       "6:14: jobs.build.steps[0].run: Expected text, but this is blank."},
      {with_steps("      - run: 5\n"),
       "6:14: jobs.build.steps[0].run: Expected text, but this is the number 5 (quote it if it is "
       "meant as text)."},
      {with_steps("      - run: {command: x, when: never}\n"),
       "6:33: jobs.build.steps[0].run.when: `when` is on_success, always or on_fail, not `never`."},
      {with_steps("      - run: {command: x, background: 'true'}\n"),
       "6:39: jobs.build.steps[0].run.background: Expected true or false, but this is text."},
      {with_steps("      - run: {command: x, max_auto_reruns: 3}\n"),
       "6:27: jobs.build.steps[0].run.max_auto_reruns: `max_auto_reruns` is not supported by this "
       "version; supported here are command, name, shell, environment, working_directory, "
       "background, no_output_timeout, when."},
      {with_steps("      - checkout: {method: full}\n"),
       "6:20: jobs.build.steps[0].checkout.method: `method` is not supported by this version; "
       "supported here are path."},
  });
  for (const char* timeout : {"10", "m", "1d", "-1m", "1.m", ".5m", "1e3s", "0s", "121h", "''",
                              "99999999999999999999999999h"}) {
    const auto compiled =
        compile(with_steps("      - run: {command: x, no_output_timeout: '" +
                           std::string(timeout == std::string("''") ? "" : timeout) + "'}\n"),
                on_branch("main"));
    ASSERT_FALSE(compiled) << timeout;
    EXPECT_TRUE(compiled.error()[0].message.contains("a number with a unit, such as 90s"))
        << timeout;
  }
}

TEST(Errors, Workflows) {
  const std::string keys = "requires, name, context, type, filters";
  check({
      {"version: 2.1\nworkflows: {w: {}}", "2:16: workflows.w: A workflow needs `jobs`."},
      {"version: 2.1\nworkflows: {w: {jobs: a}}",
       "2:23: workflows.w.jobs: `jobs` of a workflow is a list, but this is text."},
      {"version: 2.1\nworkflows: {w: [a]}",
       "2:16: workflows.w: A workflow is a map of jobs, when, unless, but this is a list."},
      {with_workflow("      - d\n"),
       "9:9: workflows.w.jobs[0]: Cannot find a definition for job named d. The file defines a, b, "
       "c."},
      {with_workflow("      - node/test\n"),
       "9:9: workflows.w.jobs[0]: node/test is a job of an orb, and orbs are not supported by this "
       "version."},
      {with_workflow("      - [a]\n"),
       "9:9: workflows.w.jobs[0]: An entry of a workflow is a job's name, or one name with its "
       "options indented below it."},
      {with_workflow("      - a: x\n"),
       "9:12: workflows.w.jobs[0].a: What follows a job's name is a map, but this is text."},
      {with_workflow("      - a:\n        context: c\n"),
       "9:9: workflows.w.jobs[0]: An entry of a workflow is a job's name, or one name with its "
       "options indented below it."},
      {with_workflow("      - a: {matrix: {parameters: {}}, version: 3}\n"),
       "9:13: workflows.w.jobs[0].a.matrix: `matrix` is not supported by this version; supported "
       "here are " +
           keys +
           ".\n"
           "9:39: workflows.w.jobs[0].a.version: Unexpected argument(s): version. Job parameters "
           "are "
           "not supported by this version; supported here are " +
           keys + "."},
      {with_workflow("      - a: {type: build}\n"),
       "9:19: workflows.w.jobs[0].a.type: In a workflow `type` can only be approval, not `build`."},
      {with_workflow("      - a: {context: [c, 5]}\n"),
       "9:26: workflows.w.jobs[0].a.context[1]: Expected text, but this is the number 5 (quote it "
       "if "
       "it is meant as text)."},
      // A filter that is misspelt would let everything pass.
      {with_workflow("      - a: {filters: {branch: {only: main}}}\n"),
       "9:23: workflows.w.jobs[0].a.filters.branch: `branch` is not a known key here; known are "
       "branches, tags."},
      {with_workflow("      - a: {filters: {branches: {onyl: main}}}\n"),
       "9:34: workflows.w.jobs[0].a.filters.branches.onyl: `onyl` is not a known key here; known "
       "are only, ignore."},
      {with_workflow("      - a: {filters: {branch: main, branches: main}}\n"),
       "9:23: workflows.w.jobs[0].a.filters.branch: `branch` is not a known key here; known are "
       "branches, tags.\n"
       "9:47: workflows.w.jobs[0].a.filters.branches: A branch or tag filter is a map of only, "
       "ignore, but this is text."},
      {with_workflow("      - a: {filters: {branches: {only: /(/}}}\n"),
       "9:40: workflows.w.jobs[0].a.filters.branches.only: /(/ is not a regular expression that "
       "RE2 "
       "accepts: missing ): (."},
      // Tags are checked on a branch, too.
      {with_workflow("      - a: {filters: {tags: {ignore: [v1, /(?!x)/]}}}\n"),
       "9:43: workflows.w.jobs[0].a.filters.tags.ignore[1]: /(?!x)/ is not a regular expression "
       "that "
       "RE2 accepts: invalid perl operator: (?!."},
      {with_workflow("      - a: {filters: 5}\n"),
       "9:22: workflows.w.jobs[0].a.filters: `filters` is an expression or a map of branches and "
       "tags, but this is the number 5 (quote it if it is meant as text)."},
      {"version: 2.1\njobs:\n  a: {docker: [{image: i}], steps: [checkout]}\nworkflows:\n  w:\n"
       "    triggers: [{schedule: {cron: '0 0 * * *'}}]\n    when: true\n    unless: true\n"
       "    jobs: [a]\n",
       "6:5: workflows.w.triggers: `triggers` is not supported by this version; supported here are "
       "jobs, when, unless.\n"
       "8:13: workflows.w.unless: A workflow has either `when` or `unless`, not both."},
      {"version: 2.1\njobs:\n  a: {docker: [{image: i}], steps: [checkout]}\nworkflows:\n  w:\n"
       "    when: {equal: [main, << pipeline.git.branch >>]}\n    jobs: [a]\n",
       "6:11: workflows.w.when: Logic statements (and, or, not, equal, matches) are not supported "
       "by "
       "this version; write the condition as an expression, such as pipeline.git.branch == "
       "\"main\"."},
  });
}

// What a job waits for, needs and is limited to must not go missing with an unset value.
TEST(Errors, TagsThatComeToNothing) {
  const std::string unset =
      "The value of this `<< >>` tag is not set in this pipeline; give one with `or`, such as << "
      "pipeline.git.branch or \"none\" >>.";
  check({
      {with_workflow("      - a: << pipeline.git.tag >>\n"),
       "9:12: workflows.w.jobs[0].a: " + unset},
      {with_workflow("      - a: {requires: << pipeline.git.tag >>}\n"),
       "9:23: workflows.w.jobs[0].a.requires: " + unset},
      {with_workflow("      - a: {context: << pipeline.git.tag >>}\n"),
       "9:22: workflows.w.jobs[0].a.context: " + unset},
      {with_workflow("      - a: {filters: {branches: << pipeline.git.tag >>}}\n"),
       "9:33: workflows.w.jobs[0].a.filters.branches: " + unset},
      {with_workflow("      - a: {filters: {tags: << pipeline.git.tag >>}}\n"),
       "9:29: workflows.w.jobs[0].a.filters.tags: " + unset},
  });
}

TEST(Errors, Requirements) {
  check({
      {with_workflow("      - a: {requires: b}\n"),
       "9:23: workflows.w.jobs[0].a.requires: `requires` is a list of jobs, but this is text."},
      {with_workflow("      - a: {requires: [z]}\n      - b\n"),
       "9:24: workflows.w.jobs[0].a.requires[0]: Job `a` requires job `z`, which is not in this "
       "workflow. It has a, b."},
      // A job that got another name is not found by its definition's.
      {with_workflow("      - a: {name: first}\n      - b: {requires: [a]}\n"),
       "10:24: workflows.w.jobs[1].b.requires[0]: Job `b` requires job `a`, which is not in this "
       "workflow. It has first, b."},
      {with_workflow("      - a: {requires: [{b: passed}]}\n      - b\n"),
       "9:28: workflows.w.jobs[0].a.requires[0].b: A required status is success, failed, canceled, "
       "unauthorized, not_run or terminal, not `passed`."},
      {with_workflow("      - a: {requires: [{b: []}]}\n      - b\n"),
       "9:28: workflows.w.jobs[0].a.requires[0].b: List at least one status."},
      {with_workflow("      - a: {requires: [a]}\n"),
       "9:9: workflows.w.jobs[0].a: These jobs wait for each other: a requires a."},
      {with_workflow("      - c: {requires: [a]}\n      - a: {requires: [b]}\n"
                     "      - b: {requires: [a]}\n"),
       "10:9: workflows.w.jobs[1].a: These jobs wait for each other: a requires b requires a."},
      // A cycle is one whether its jobs run on this branch or not.
      {with_workflow("      - a: {requires: [b], filters: {branches: {only: x}}}\n"
                     "      - b: {requires: [a]}\n"),
       "9:9: workflows.w.jobs[0].a: These jobs wait for each other: a requires b requires a."},
      {with_workflow("      - a: {name: x}\n      - b: {name: x}\n"),
       "10:9: workflows.w.jobs[1].b: The workflow has two jobs named `x`; give one of them another "
       "`name`."},
      {with_workflow("      - a: {name: b}\n      - b\n"),
       "10:9: workflows.w.jobs[1]: The workflow has two jobs named `b`; give one of them another "
       "`name`."},
      {with_workflow("      - a\n      - a\n      - b: {requires: [a]}\n"),
       "11:24: workflows.w.jobs[2].b.requires[0]: `a` could be any of a-1, a-2; require one of "
       "those, or give each a `name`."},
      {with_workflow("      - a\n      - a\n      - a: {requires: [a]}\n"),
       "11:24: workflows.w.jobs[2].a.requires[0]: `a` could be any of a-1, a-2; require one of "
       "those, or give each a `name`."},
  });
}

TEST(Errors, ExpressionsAndTemplates) {
  check({
      {with_workflow("      - a:\n          filters: pipeline.git.brunch == \"main\"\n"),
       "10:20: workflows.w.jobs[0].a.filters: Referred to a variable \"pipeline.git.brunch\" that "
       "does not exist:\n"
       "pipeline.git.brunch == \"main\"\n"
       "^^^^^^^^^^^^^^^^^^^"},
      {with_workflow("      - a:\n          filters: pipeline.git.branch = \"main\"\n"),
       "10:20: workflows.w.jobs[0].a.filters: Incomplete token, expected \"==\", found ' ':\n"
       "pipeline.git.branch = \"main\"\n"
       "                     ^"},
      // Restrictions know this variable, filters do not.
      {with_workflow("      - a: {filters: not job.ssh.enabled}\n"),
       "9:22: workflows.w.jobs[0].a.filters: Referred to a variable \"job.ssh.enabled\" that does "
       "not exist:\n"
       "not job.ssh.enabled\n"
       "    ^^^^^^^^^^^^^^^"},
      {with_steps("      - run: |\n          cat <<EOF\n          hi\n          EOF\n"),
       "6:9: jobs.build.steps[0].run: Unclosed '<<' tag ('<<' must be escaped as '\\<<')\n"
       "in line 1 of this text: cat <<EOF"},
      // The place of a text in several lines is its first: the message says which one it is.
      {with_steps("      - run:\n          command: |\n            echo << pipeline.number >>\n\n"
                  "            echo \\<<; echo << nosuch >>\n"),
       "7:11: jobs.build.steps[0].run.command: Referred to a variable \"nosuch\" that does not "
       "exist:\n"
       "nosuch\n"
       "^^^^^^\n"
       "in line 3 of this text: echo \\<<; echo << nosuch >>"},
      {with_steps("      - run: echo << parameters.message >>\n"),
       "6:14: jobs.build.steps[0].run: Arguments referenced without declared parameters: "
       "parameters.message"},
      {with_steps("      - run: echo << pipeline.parameters.missing >>\n"),
       "6:14: jobs.build.steps[0].run: Referred to a variable \"pipeline.parameters.missing\" that "
       "does not exist:\n"
       "pipeline.parameters.missing\n"
       "^^^^^^^^^^^^^^^^^^^^^^^^^^^"},
  });
}

TEST(Errors, Yaml) {
  check({
      {"version: 2.1\nversion: 2.1", "2:1: The key `version` is in this map twice."},
      {"version: 2.1\n---\nversion: 2.1",
       "2:1: A configuration is one YAML document; remove what follows `---`."},
      {"a: *nowhere", "1:4: No anchor `&nowhere` stands before the alias `*nowhere`."},
      // An alias inside its own anchor would never end.
      {"a: &a [*a]", "1:8: No anchor `&a` stands before the alias `*a`."},
      {"a: &a 1\nb:\n  <<: *a",
       "3:3: The merge key `<<` takes an alias of a map, or a list of such aliases."},
      {"? [a]\n: b", "1:3: A key must be plain text."},
      {"a: !ruby/object:Gem {}",
       "1:21: The YAML tag `!ruby/object:Gem` means nothing here; remove it."},
      {std::string("a: \0b", 5), "1:4: The file is not UTF-8 text."},
      {"a: \xFF", "1:4: The file is not UTF-8 text."},
      {"a: \u00e9\nb: \u00e9\xC3(", "2:5: The file is not UTF-8 text."},
  });
  // The parser's own words are its own; the place is what matters.
  const auto tab = compile("version: 2.1\njobs:\n\tbuild: x\n", on_branch("main"));
  ASSERT_FALSE(tab);
  EXPECT_EQ(tab.error()[0].refusal, ConfigRefusal::yaml_malformed);
  EXPECT_EQ(tab.error()[0].line, 3U) << texts(tab.error());
  for (const char* quote : {"\"", "'"}) {
    const auto unclosed =
        compile("version: 2.1\njobs: " + std::string(quote) + "x\n", on_branch("main"));
    ASSERT_FALSE(unclosed);
    EXPECT_EQ(unclosed.error()[0].line, 2U);
    EXPECT_EQ(unclosed.error()[0].column, 7U) << texts(unclosed.error());
  }
  const auto open = compile("version: 2.1\njobs: {a: [b\n", on_branch("main"));
  ASSERT_FALSE(open);
  EXPECT_EQ(open.error()[0].refusal, ConfigRefusal::yaml_malformed);
  EXPECT_TRUE(open.error()[0].message.starts_with("This is not YAML: ")) << texts(open.error());
}

// A condition that is not read would let the workflow run whenever it should not.
TEST(Errors, UnknownKeysOfAWorkflow) {
  const auto gated = [](const std::string& gate) {
    return "version: 2.1\n"
           "jobs: {a: {docker: [{image: i}], steps: [checkout]}}\n"
           "workflows:\n"
           "  w:\n"
           "    " +
           gate +
           "\n"
           "    jobs: [a]\n";
  };
  const auto refused = [](const std::string& key) {
    return "5:5: workflows.w." + key + ": `" + key +
           "` is not a known key here; known are jobs, when, unless.";
  };
  check({
      {gated("unles: pipeline.git.branch != \"main\""), refused("unles")},
      {gated("wen: pipeline.git.branch == \"main\""), refused("wen")},
      {gated("if: pipeline.git.branch == \"main\""), refused("if")},
      {gated("filters: {branches: {only: main}}"), refused("filters")},
      {gated("on: push"), refused("on")},
  });
}

TEST(Errors, AreOneRefusalForTheCaller) {
  const auto compiled = compile("version: 2.1\nsetup: true\norbs: {}", on_branch("main"));
  ASSERT_FALSE(compiled);
  const Failure failure = failure_of(compiled.error());
  EXPECT_EQ(failure.code(), "config_unsupported_key");
  EXPECT_EQ(failure.kind(), FailureKind::invalid);
  EXPECT_EQ(failure.message, texts(compiled.error()));
}

TEST(Errors, AreCappedInNumber) {
  std::string steps;
  for (int i = 0; i < 500; ++i) steps += "      - nonsense\n";
  const auto compiled = compile(with_steps(steps), on_branch("main"));
  ASSERT_FALSE(compiled);
  EXPECT_EQ(compiled.error().size(), 100U);
}

TEST(Warnings, UnknownKeysWarnAndChangeNothing) {
  const auto compiled = compile(
      "version: 2.1\n"
      "x-common: &c {anything: [goes]}\n"
      "jobs:\n"
      "  build:\n"
      "    docker: [{image: i, colour: red}]\n"
      "    enviroment: {A: b}\n"
      "    environment: {PYTHON: 3.10, SHORT_SHA: 0123456, PLAIN: 42}\n"
      "    steps:\n"
      "      - checkout: {paths: x}\n"
      "      - run: {command: x, timeout: 5m}\n"
      "workflows:\n"
      "  version: 2\n"
      "  w:\n"
      "    jobs:\n"
      "      - build\n"
      "      - hold: {type: approval, context: c}\n",
      on_branch("main"));
  ASSERT_TRUE(compiled) << texts(compiled.error());
  EXPECT_EQ(
      texts(compiled->warnings),
      "6:5: jobs.build.enviroment: `enviroment` is not a known key here and has no effect; "
      "known are docker, executor, steps, shell, working_directory, environment, "
      "resource_class, description, type.\n"
      "5:25: jobs.build.docker[0].colour: `colour` is not a known key here and has no effect; "
      "known are image, environment.\n"
      "7:27: jobs.build.environment.PYTHON: YAML reads 3.10 as the number 3.1; quote it to "
      "keep it as written.\n"
      "7:44: jobs.build.environment.SHORT_SHA: YAML reads 0123456 as the number 42798; quote "
      "it to keep it as written.\n"
      "9:20: jobs.build.steps[0].checkout.paths: `paths` is not a known key here and has no "
      "effect; known are path.\n"
      "10:27: jobs.build.steps[1].run.timeout: `timeout` is not a known key here and has no "
      "effect; known are command, name, shell, environment, working_directory, background, "
      "no_output_timeout, when.\n"
      "16:9: workflows.w.jobs[1].hold: An approval runs nothing, so its `context` has no "
      "effect.");
  const Job& job = compiled->workflows[0].jobs[0];
  EXPECT_EQ(job.environment,
            (EnvironmentVariables{{"PYTHON", "3.1"}, {"SHORT_SHA", "42798"}, {"PLAIN", "42"}}));
  EXPECT_TRUE(compiled->workflows[0].jobs[1].contexts.empty());
}

}  // namespace
}  // namespace imp::ci::config
