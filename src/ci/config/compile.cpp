#include "ci/config/compile.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "ci/config/executors.h"
#include "ci/config/jobs.h"
#include "ci/config/report.h"
#include "ci/config/templates.h"
#include "ci/config/values.h"
#include "ci/config/workflows.h"
#include "ci/config/yaml_reader.h"

namespace imp::ci::config {

namespace {

constexpr std::array<std::string_view, 6> unsupported_keys{
    "orbs", "commands", "job-groups", "functions", "experimental", "triggers"};

void check_top_level(Report& report, const Place& root) {
  for (const Entry& entry : *root.node->map()) {
    const bool known = std::ranges::find(unsupported_keys, entry.key) != unsupported_keys.end();
    // `setup: false` is what a file without the key says.
    const bool setup =
        entry.key == "setup" && !(entry.value->scalar() && *entry.value->scalar() == Scalar(false));
    if (!known && !setup) continue;
    report.error(ConfigRefusal::unsupported_key, entry.position, entry.key,
                 fmt::format("`{}` is not supported by this version; supported here are version, "
                             "parameters, executors, jobs and workflows.",
                             entry.key));
  }
}

void check_version(Report& report, const Place& root) {
  const auto version = find(root, "version");
  if (!version) {
    report.error(ConfigRefusal::unsupported_version, root,
                 "The file does not say its version; start it with `version: 2.1`.");
    return;
  }
  const Scalar* scalar = version->node->scalar();
  if (scalar && to_text(*scalar) == "2.1") return;
  report.error(ConfigRefusal::unsupported_version, *version,
               "This server reads version 2.1 of the configuration; write `version: 2.1`.");
}

/// The file with the templates of the parts that may have them rendered.
Place render_templates(Report& report, const Place& root, const expr::Environment& environment) {
  std::size_t budget = max_expanded_bytes;
  Node node = *root.node;
  Map rendered;
  for (const Entry& entry : *node.map()) {
    const bool has_templates =
        entry.key == "executors" || entry.key == "jobs" || entry.key == "workflows";
    rendered.push_back(
        {entry.key, entry.position,
         has_templates ? render_tree(report, root.at(entry), environment, budget) : entry.value});
  }
  node.value = std::move(rendered);
  return {std::make_shared<const Node>(std::move(node)), root.path};
}

}  // namespace

std::expected<Compiled, Problems> compile(std::string_view yaml, const CompileInput& input) {
  auto document = read_yaml(yaml);
  if (!document) return std::unexpected(Problems{std::move(document.error())});

  Report report;
  Place root{std::move(*document), {}};
  if (!root.node->map()) {
    report.error(
        ConfigRefusal::wrong_type, root,
        fmt::format("A configuration is a map that starts with `version: 2.1`, but this is "
                    "{}.",
                    describe(*root.node)));
    return std::unexpected(report.take_errors());
  }
  check_version(report, root);
  check_top_level(report, root);
  expr::Environment environment = environment_of(input.pipeline_values);
  declare_parameters(report, root, input.arguments, environment);
  if (report.failed()) return std::unexpected(report.take_errors());

  root = render_templates(report, root, environment);
  const Executors executors = read_executors(report, root);
  const JobDefinitions definitions = read_jobs(report, root, executors);
  Compiled compiled;
  compiled.workflows = read_workflows(report, root, definitions, environment);
  if (report.failed()) return std::unexpected(report.take_errors());
  compiled.warnings = report.take_warnings();
  return compiled;
}

}  // namespace imp::ci::config
