#pragma once

#include <fstream>
#include <iterator>
#include <string>

#include "ci/config/compile.h"

namespace imp::ci::config {

inline std::string data(const std::string& name) {
  std::ifstream file(std::string(IMPRIMATUR_TEST_DATA) + "/" + name);
  return {std::istreambuf_iterator<char>(file), {}};
}

inline CompileInput on_branch(std::string branch) {
  return {{{"pipeline.git.branch", std::move(branch)},
           {"pipeline.git.branch.is_default", true},
           {"pipeline.number", std::int64_t{42}}},
          {}};
}

inline CompileInput on_tag(std::string tag) { return {{{"pipeline.git.tag", std::move(tag)}}, {}}; }

/// Problems as their texts, one a line.
inline std::string texts(const Problems& problems) {
  std::string all;
  for (const Problem& problem : problems) {
    if (!all.empty()) all += '\n';
    all += problem.text();
  }
  return all;
}

/// Jobs that run, as "workflow: a, b<a, c<a|b" where < is what a job requires.
inline std::string plan(const std::expected<Compiled, Problems>& compiled) {
  if (!compiled) return texts(compiled.error());
  std::string text;
  for (const Workflow& workflow : compiled->workflows) {
    text += (text.empty() ? "" : "; ") + workflow.name + ":";
    for (const Job& job : workflow.jobs) {
      text += (job.name == workflow.jobs.front().name ? " " : ", ") + job.name;
      for (std::size_t i = 0; i < job.requirements.size(); ++i) {
        text += (i == 0 ? "<" : "|") + job.requirements[i].job;
      }
    }
  }
  return text;
}

}  // namespace imp::ci::config
