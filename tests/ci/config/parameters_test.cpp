#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "support.h"

namespace imp::ci::config {
namespace {

/// A file whose only step echoes the parameter `x`.
std::string declaring(const std::string& declaration) {
  return "version: 2.1\n"
         "parameters:\n"
         "  x: " +
         declaration +
         "\n"
         "jobs:\n"
         "  build:\n"
         "    docker: [{image: i}]\n"
         "    steps: [run: 'echo << pipeline.parameters.x >>']\n";
}

std::string command(const std::expected<Compiled, Problems>& compiled) {
  if (!compiled) return texts(compiled.error());
  return std::get<RunStep>(compiled->workflows.at(0).jobs.at(0).steps.at(0)).command;
}

TEST(Parameters, DefaultsAndArgumentsByType) {
  struct Row {
    std::string declaration;
    Arguments arguments;
    std::string result;
  };
  const std::string text_x = "text";
  const std::vector<Row> rows = {
      {"{type: string, default: a}", {}, "echo a"},
      {"{type: string, default: ''}", {}, "echo "},
      {"{type: string, default: a}", {{"x", text_x}}, "echo text"},
      {"{type: integer, default: 3}", {{"x", std::int64_t{-4}}}, "echo -4"},
      {"{type: boolean, default: off}", {}, "echo false"},
      {"{type: boolean, default: false}", {{"x", true}}, "echo true"},
      {"{type: enum, enum: [a, text], default: a}", {{"x", text_x}}, "echo text"},
      // A value is text, not configuration: nothing in it is expanded again.
      {"{type: string, default: a}",
       {{"x", std::string("<< pipeline.id >>")}},
       "echo << pipeline.id >>"},

      {"{type: string, default: 3.10}",
       {},
       "3:30: parameters.x.default: The default must be the type string, but it is the number 3.10 "
       "(quote it if it is meant as text)."},
      {"{type: integer, default: three}",
       {},
       "3:31: parameters.x.default: The default must be the type integer, but it is the text "
       "\"three\"."},
      {"{type: boolean, default: 'true'}",
       {},
       "3:31: parameters.x.default: The default must be the type boolean, but it is the text "
       "\"true\"."},
      {"{type: enum, enum: [a, b], default: c}",
       {},
       "3:42: parameters.x.default: The default must be one of a, b, but it is the text \"c\"."},
      {"{type: string}", {}, "3:6: parameters.x: A pipeline parameter needs `default`."},
      {"{default: a}", {}, "3:6: parameters.x: A parameter needs `type`."},
      {"{type: enum, default: a}", {}, "3:6: parameters.x: An enum parameter needs `enum`."},
      {"{type: steps, default: []}",
       {},
       "3:13: parameters.x.type: A pipeline parameter has the type string, boolean, integer or "
       "enum, not `steps`."},
      {"text",
       {},
       "3:6: parameters.x: A parameter is a map of type, default, description, enum, but this is "
       "text."},
      {"{type: integer, default: 1}",
       {{"x", text_x}},
       "3:3: parameters.x: The value given for this pipeline must be the type integer, but it is "
       "the string \"text\"."},
      {"{type: string, default: a}",
       {{"x", true}},
       "3:3: parameters.x: The value given for this pipeline must be the type string, but it is "
       "the "
       "boolean \"true\"."},
      {"{type: enum, enum: [a, b], default: a}",
       {{"x", text_x}},
       "3:3: parameters.x: The value given for this pipeline must be one of a, b, but it is the "
       "string \"text\"."},
      {"{type: string, default: a}",
       {{"y", text_x}},
       "3:3: parameters: Unexpected argument(s): y. The file declares x."},
  };
  for (const Row& row : rows) {
    CompileInput input = on_branch("main");
    input.arguments = row.arguments;
    EXPECT_EQ(command(compile(declaring(row.declaration), input)), row.result) << row.declaration;
  }
}

TEST(Parameters, AnArgumentForAFileWithoutParametersIsAnError) {
  CompileInput input = on_branch("main");
  input.arguments = {{"deploy", true}};
  const auto compiled =
      compile("version: 2.1\njobs: {build: {docker: [{image: i}], steps: [checkout]}}\n", input);
  ASSERT_FALSE(compiled);
  EXPECT_EQ(texts(compiled.error()),
            "1:1: Unexpected argument(s): deploy. The file declares no parameters.");
}

TEST(Parameters, NamesFromBeforeThereWereExpressions) {
  const auto compiled = compile(
      "version: 2.1\n"
      "parameters: {'GHA:Event': {type: string, default: push}}\n"
      "jobs:\n  build:\n    docker: [{image: i}]\n"
      "    steps: [run: 'echo << pipeline.parameters.GHA:Event >>']\n",
      on_branch("main"));
  EXPECT_EQ(command(compiled), "echo push");
}

TEST(PipelineValues, KnownNamesAreUndefinedAndUnknownOnesErrors) {
  EXPECT_TRUE(is_pipeline_value("pipeline.git.branch"));
  EXPECT_TRUE(is_pipeline_value("pipeline.trigger_parameters.webhook.body"));
  EXPECT_FALSE(is_pipeline_value("pipeline.git.brunch"));
  EXPECT_FALSE(is_pipeline_value("pipeline.parameters.x"));
  EXPECT_FALSE(is_pipeline_value("job.ssh.enabled"));
  EXPECT_FALSE(is_pipeline_value(""));

  const expr::Environment environment = environment_of({{"pipeline.number", std::int64_t{7}}});
  for (const std::string_view name : pipeline_value_names()) {
    const expr::Value* value = environment.find(name);
    ASSERT_NE(value, nullptr) << name;
    EXPECT_EQ(expr::is_undefined(*value), name != "pipeline.number") << name;
  }
  EXPECT_EQ(environment.find("pipeline.nosuch"), nullptr);
}

TEST(PipelineValues, TheStandInsAreKnownNamesAndABranch) {
  const PipelineValues values = stand_in_pipeline_values();
  for (const auto& [name, value] : values) EXPECT_TRUE(is_pipeline_value(name)) << name;
  EXPECT_EQ(values.at("pipeline.git.branch"), expr::Value(std::string("main")));
  EXPECT_FALSE(values.contains("pipeline.git.tag"));
}

}  // namespace
}  // namespace imp::ci::config
