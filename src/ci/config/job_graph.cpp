#include "ci/config/job_graph.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "ci/config/values.h"

namespace imp::ci::config {

namespace {

class Graph {
 public:
  Graph(Report& report, const std::vector<Invocation>& invocations)
      : report_(report), invocations_(invocations), edges_(invocations.size()) {}

  std::vector<Job> arrange(std::size_t& budget) {
    name_jobs();
    for (std::size_t i = 0; i < invocations_.size(); ++i) {
      for (const RequirementEntry& entry : invocations_[i].requirements) connect(i, entry);
    }
    const std::vector<std::size_t> order = requirements_first();
    if (failed_) return {};
    return build(runs(order), budget);
  }

 private:
  struct Edge {
    std::size_t target = 0;
    std::vector<RequiredStatus> statuses;
  };

  void name_jobs() {
    std::map<std::string, std::size_t, std::less<>> unnamed;
    for (const Invocation& invocation : invocations_) {
      if (invocation.given_name.empty()) ++unnamed[invocation.listed];
    }
    for (std::size_t i = 0; i < invocations_.size(); ++i) {
      const Invocation& invocation = invocations_[i];
      const bool alone = invocation.given_name.empty() && unnamed[invocation.listed] == 1;
      const std::string& name = alone ? invocation.listed : invocation.given_name;
      names_.push_back(name);
      if (!name.empty() && !indices_.emplace(name, i).second) {
        fail(ConfigRefusal::duplicate_name, invocation.position, invocation.path,
             fmt::format("The workflow has two jobs named `{}`; give one of them another `name`.",
                         name));
      }
    }
    std::map<std::string, std::size_t, std::less<>> counters;
    for (std::size_t i = 0; i < invocations_.size(); ++i) {
      if (!names_[i].empty()) continue;
      const std::string& listed = invocations_[i].listed;
      duplicates_[listed].push_back(i);
      do {
        names_[i] = fmt::format("{}-{}", listed, ++counters[listed]);
      } while (!indices_.emplace(names_[i], i).second);
    }
  }

  void connect(std::size_t from, const RequirementEntry& entry) {
    const auto target = find_required(from, entry);
    if (!target) return;
    std::vector<Edge>& edges = edges_[from];
    const auto known = std::ranges::find(edges, *target, &Edge::target);
    if (known == edges.end()) {
      edges.push_back({*target, entry.statuses});
      return;
    }
    known->statuses.insert(known->statuses.end(), entry.statuses.begin(), entry.statuses.end());
    std::ranges::sort(known->statuses);
    const auto repeated = std::ranges::unique(known->statuses);
    known->statuses.erase(repeated.begin(), repeated.end());
  }

  std::optional<std::size_t> find_required(std::size_t from, const RequirementEntry& entry) {
    if (const auto found = indices_.find(entry.name); found != indices_.end()) return found->second;
    std::vector<std::size_t> candidates;
    if (const auto found = duplicates_.find(entry.name); found != duplicates_.end()) {
      std::ranges::copy_if(found->second, std::back_inserter(candidates),
                           [&](std::size_t i) { return i != from; });
    }
    if (candidates.size() == 1) return candidates.front();
    if (candidates.empty()) {
      fail(ConfigRefusal::unknown_reference, entry.position, entry.path,
           fmt::format("Job `{}` requires job `{}`, which is not in this workflow. It has {}.",
                       names_[from], entry.name, comma_list(names_)));
    } else {
      std::vector<std::string> names;
      names.reserve(candidates.size());
      for (const std::size_t i : candidates) names.push_back(names_[i]);
      fail(ConfigRefusal::unknown_reference, entry.position, entry.path,
           fmt::format("`{}` could be any of {}; require one of those, or give each a `name`.",
                       entry.name, comma_list(names)));
    }
    return {};
  }

  /// Every job behind all that it requires. On a cycle the error is reported and the order short.
  std::vector<std::size_t> requirements_first() {
    std::vector<std::size_t> waiting(edges_.size());
    std::vector<std::vector<std::size_t>> dependants(edges_.size());
    for (std::size_t i = 0; i < edges_.size(); ++i) {
      waiting[i] = edges_[i].size();
      for (const Edge& edge : edges_[i]) dependants[edge.target].push_back(i);
    }
    std::vector<std::size_t> order;
    for (std::size_t i = 0; i < edges_.size(); ++i) {
      if (waiting[i] == 0) order.push_back(i);
    }
    for (std::size_t next = 0; next < order.size(); ++next) {
      for (const std::size_t dependant : dependants[order[next]]) {
        if (--waiting[dependant] == 0) order.push_back(dependant);
      }
    }
    if (order.size() < edges_.size()) report_cycle(waiting);
    return order;
  }

  /// Whoever still waits requires somebody who still waits: following that leads into a cycle.
  void report_cycle(const std::vector<std::size_t>& waiting) {
    const auto first = std::ranges::find_if(waiting, [](std::size_t n) { return n > 0; });
    std::vector<std::size_t> way{static_cast<std::size_t>(first - waiting.begin())};
    std::set<std::size_t> seen{way.front()};
    while (true) {
      const auto next = std::ranges::find_if(
          edges_[way.back()], [&](const Edge& edge) { return waiting[edge.target] > 0; });
      way.push_back(next->target);
      if (!seen.insert(next->target).second) break;
    }
    const auto start = std::ranges::find(way, way.back());
    std::string cycle = names_[*start];
    for (auto job = start + 1; job != way.end(); ++job) cycle += " requires " + names_[*job];
    const Invocation& invocation = invocations_[*start];
    fail(ConfigRefusal::dependency_cycle, invocation.position, invocation.path,
         fmt::format("These jobs wait for each other: {}.", cycle));
  }

  std::vector<bool> runs(const std::vector<std::size_t>& order) const {
    std::vector<bool> runs(invocations_.size());
    for (const std::size_t i : order) {
      const bool required_runs =
          edges_[i].empty() ||
          std::ranges::any_of(edges_[i], [&](const Edge& edge) { return runs[edge.target]; });
      runs[i] = invocations_[i].passes_filters && required_runs;
    }
    return runs;
  }

  std::vector<Job> build(const std::vector<bool>& runs, std::size_t& budget) {
    std::vector<Job> jobs;
    for (std::size_t i = 0; i < invocations_.size(); ++i) {
      if (!runs[i]) continue;
      const Invocation& invocation = invocations_[i];
      const std::size_t weight = invocation.definition ? invocation.definition->weight : 0;
      if (weight > budget) {
        fail(ConfigRefusal::config_too_large, invocation.position, invocation.path,
             "With every job written out the configuration is too large.");
        return {};
      }
      budget -= weight;
      Job job = invocation.definition ? invocation.definition->job : Job{};
      if (!invocation.definition) {
        job.type = JobType::approval;
        job.definition = invocation.listed;
      }
      job.name = names_[i];
      job.contexts = invocation.contexts;
      for (const Edge& edge : edges_[i]) {
        if (runs[edge.target]) job.requirements.push_back({names_[edge.target], edge.statuses});
      }
      jobs.push_back(std::move(job));
    }
    return jobs;
  }

  void fail(ConfigRefusal refusal, Position position, std::string path, std::string message) {
    failed_ = true;
    report_.error(refusal, position, std::move(path), std::move(message));
  }

  Report& report_;
  const std::vector<Invocation>& invocations_;
  std::vector<std::vector<Edge>> edges_;
  std::vector<std::string> names_;
  std::map<std::string, std::size_t, std::less<>> indices_;                  ///< by final name
  std::map<std::string, std::vector<std::size_t>, std::less<>> duplicates_;  ///< by listed name
  bool failed_ = false;
};

}  // namespace

std::vector<Job> arrange(Report& report, const std::vector<Invocation>& invocations,
                         std::size_t& budget) {
  return Graph(report, invocations).arrange(budget);
}

}  // namespace imp::ci::config
