#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <string_view>

#include "ci/config/compiled.h"
#include "ci/config/scalar.h"
#include "ci/expressions/characters.h"

namespace imp::ci::config {

namespace {

std::string indentation(std::size_t depth) { return std::string(depth * 2, ' '); }

/// What YAML does not take as it is, or takes as a line end.
bool needs_escape(char32_t c) {
  return c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0x2028 || c == 0x2029 || c == 0xFEFF ||
         c == 0xFFFE || c == 0xFFFF;
}

std::string quoted(std::string_view text) {
  const expr::Characters characters(text);
  std::string out = "\"";
  for (std::size_t i = 0; i < characters.size(); ++i) {
    const char32_t c = characters[i];
    if (c == U'"' || c == U'\\') {
      out += '\\';
      out += static_cast<char>(c);
    } else if (c == U'\n') {
      out += "\\n";
    } else if (c == U'\t') {
      out += "\\t";
    } else if (needs_escape(c)) {
      out += fmt::format("\\u{:04x}", static_cast<std::uint32_t>(c));
    } else {
      out += characters.slice(i, i + 1);
    }
  }
  return out + '"';
}

/// Letters, digits and harmless punctuation, and nothing that YAML gives another type.
bool is_plain(std::string_view text) {
  constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
  constexpr std::string_view others = "0123456789_./$+@=()-:~ ";
  const auto is_safe = [&](char c) { return letters.contains(c) || others.contains(c); };
  if (text.empty() || !std::ranges::all_of(text, is_safe)) return false;
  // A digit, sign or point first may be a number or a date to one parser or another.
  const bool starts_well = letters.contains(text.front()) || text.front() == '_' ||
                           text.front() == '/' || text.front() == '$' || text.starts_with("./") ||
                           text.starts_with("~/");
  if (!starts_well || text.ends_with(' ') || text.ends_with(':') || text.contains(": ")) {
    return false;
  }
  const bool short_boolean = text == "y" || text == "Y" || text == "n" || text == "N";
  return !short_boolean && std::holds_alternative<std::string>(resolve_plain(text));
}

/// A block scalar keeps several lines readable; it needs a first line that is neither indented nor
/// empty, and nothing to escape.
bool is_block(std::string_view text) {
  if (!text.contains('\n') || text.starts_with(' ') || text.starts_with('\n') ||
      text.ends_with("\n\n")) {
    return false;
  }
  const expr::Characters characters(text);
  for (std::size_t i = 0; i < characters.size(); ++i) {
    if (characters[i] != U'\n' && needs_escape(characters[i])) return false;
  }
  return true;
}

std::string scalar(std::string_view text, std::size_t depth) {
  if (is_plain(text)) return std::string(text);
  if (!is_block(text)) return quoted(text);
  const bool final_newline = text.ends_with('\n');
  std::string out = final_newline ? "|" : "|-";
  if (final_newline) text.remove_suffix(1);
  while (true) {
    const std::size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    out += '\n';
    if (!line.empty()) out += indentation(depth) + std::string(line);
    if (end == std::string_view::npos) return out;
    text.remove_prefix(end + 1);
  }
}

class Writer {
 public:
  void line(std::size_t depth, std::string_view text) {
    out_ += indentation(depth);
    out_ += text;
    out_ += '\n';
  }

  void pair(std::size_t depth, std::string_view key, std::string_view value) {
    line(depth, fmt::format("{}: {}", scalar(key, 0), scalar(value, depth + 1)));
  }

  void optional_pair(std::size_t depth, std::string_view key, std::string_view value) {
    if (!value.empty()) pair(depth, key, value);
  }

  void environment(std::size_t depth, const EnvironmentVariables& variables) {
    if (variables.empty()) return;
    line(depth, "environment:");
    for (const auto& [name, value] : variables) pair(depth + 1, name, value);
  }

  void step(std::size_t depth, const CheckoutStep& step) {
    if (step.path.empty()) return line(depth, "- checkout");
    line(depth, "- checkout:");
    pair(depth + 2, "path", step.path);
  }

  void step(std::size_t depth, const RunStep& step) {
    line(depth, "- run:");
    const std::size_t inner = depth + 2;
    pair(inner, "command", step.command);
    if (step.name != step.command) pair(inner, "name", step.name);
    optional_pair(inner, "shell", step.shell);
    optional_pair(inner, "working_directory", step.working_directory);
    environment(inner, step.environment);
    if (step.background) line(inner, "background: true");
    if (step.no_output_timeout != RunStep{}.no_output_timeout) {
      pair(inner, "no_output_timeout",
           fmt::format("{}s", static_cast<double>(step.no_output_timeout.count()) / 1000));
    }
    if (step.when != RunWhen::on_success) pair(inner, "when", name_of(step.when));
  }

  std::string take() { return std::move(out_); }

 private:
  std::string out_;
};

std::string body_of(const Job& job) {
  Writer writer;
  writer.line(2, "docker:");
  for (const DockerImage& image : job.docker) {
    writer.line(2, fmt::format("- image: {}", scalar(image.image, 4)));
    writer.environment(3, image.environment);
  }
  writer.optional_pair(2, "resource_class", job.resource_class);
  writer.optional_pair(2, "shell", job.shell);
  writer.pair(2, "working_directory", job.working_directory);
  writer.environment(2, job.environment);
  writer.line(2, "steps:");
  for (const Step& step : job.steps) {
    std::visit([&](const auto& known) { writer.step(2, known); }, step);
  }
  return writer.take();
}

/// Jobs of all workflows share one map. The same name with another body, from another workflow,
/// gets a number.
class JobTable {
 public:
  std::string key_of(const Job& job) {
    const std::string body = body_of(job);
    std::string key = job.name;
    for (int number = 1;; ++number) {
      const auto [entry, added] = bodies_.emplace(key, body);
      if (added) order_.push_back(key);
      if (entry->second == body) return key;
      key = fmt::format("{}-{}", job.name, number);
    }
  }

  std::string text() const {
    if (order_.empty()) return "jobs: {}\n";
    std::string out = "jobs:\n";
    for (const std::string& key : order_) {
      out += indentation(1) + scalar(key, 0) + ":\n" + bodies_.at(key);
    }
    return out;
  }

 private:
  std::map<std::string, std::string> bodies_;
  std::vector<std::string> order_;
};

using Keys = std::map<std::string, std::string>;  ///< by Job::name

void write_requirement(Writer& writer, const Requirement& requirement, const Keys& keys) {
  const std::string name = scalar(keys.at(requirement.job), 0);
  if (requirement.statuses == std::vector{RequiredStatus::success}) {
    return writer.line(5, fmt::format("- {}", name));
  }
  writer.line(5, fmt::format("- {}:", name));
  for (const RequiredStatus status : requirement.statuses) {
    writer.line(7, fmt::format("- {}", name_of(status)));
  }
}

void write_job(Writer& writer, const Job& job, const Keys& keys) {
  const std::string key = scalar(keys.at(job.name), 0);
  const bool bare = job.type == JobType::build && job.contexts.empty() && job.requirements.empty();
  if (bare) return writer.line(3, fmt::format("- {}", key));
  writer.line(3, fmt::format("- {}:", key));
  if (job.type == JobType::approval) writer.pair(5, "type", name_of(job.type));
  if (!job.contexts.empty()) {
    writer.line(5, "context:");
    for (const std::string& context : job.contexts) {
      writer.line(5, fmt::format("- {}", scalar(context, 6)));
    }
  }
  if (job.requirements.empty()) return;
  writer.line(5, "requires:");
  for (const Requirement& requirement : job.requirements) {
    write_requirement(writer, requirement, keys);
  }
}

void write_workflow(Writer& writer, const Workflow& workflow, JobTable& jobs) {
  Keys keys;
  for (const Job& job : workflow.jobs) {
    keys[job.name] = job.type == JobType::build ? jobs.key_of(job) : job.name;
  }
  writer.line(1, scalar(workflow.name, 0) + ":");
  writer.line(2, "jobs:");
  for (const Job& job : workflow.jobs) write_job(writer, job, keys);
}

}  // namespace

std::string expanded_yaml(const Compiled& compiled) {
  JobTable jobs;
  Writer workflows;
  for (const Workflow& workflow : compiled.workflows) write_workflow(workflows, workflow, jobs);
  return "version: 2\n" + jobs.text() + "workflows:\n  version: 2\n" + workflows.take();
}

}  // namespace imp::ci::config
