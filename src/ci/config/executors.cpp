#include "ci/config/executors.h"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "ci/config/environment_variables.h"

namespace imp::ci::config {

namespace {

constexpr std::array<KnownKey, 9> executor_keys{{
    {"docker"},
    {"environment"},
    {"resource_class"},
    {"shell"},
    {"working_directory"},
    {"description"},
    {"machine", unsupported},
    {"macos", unsupported},
    {"parameters", unsupported},
}};

constexpr std::array<KnownKey, 9> image_keys{{
    {"image"},
    {"environment"},
    {"name", unsupported},
    {"entrypoint", unsupported},
    {"command", unsupported},
    {"user", unsupported},
    {"auth", unsupported},
    {"aws_auth", unsupported},
    {"gcp_auth", unsupported},
}};

std::vector<DockerImage> read_docker(Report& report, const Place& place) {
  const List* list = place.node->list();
  if (!list || list->empty()) {
    report.error(ConfigRefusal::wrong_type, place,
                 "`docker` is a list of images, such as `- image: cimg/node:22.14`.");
    return {};
  }
  if (list->size() > 1) {
    report.error(ConfigRefusal::unsupported_key, place.at(1),
                 "Service containers are not supported by this version; list one image.");
  }
  const Place first = place.at(0);
  if (!check_map(report, first, "A docker entry", image_keys)) return {};
  DockerImage image;
  if (const auto name = require(report, first, "A docker entry", "image")) {
    image.image = read_short_text(report, *name).value_or("");
  }
  if (const auto environment = find(first, "environment")) {
    image.environment = read_environment(report, *environment);
  }
  std::vector<DockerImage> images;
  images.push_back(std::move(image));
  return images;
}

void read_into(Report& report, const Place& place, std::string_view key, std::string& value) {
  if (const auto found = find(place, key)) value = read_short_text(report, *found).value_or("");
}

}  // namespace

void read_executor_keys(Report& report, const Place& place, Executor& executor) {
  if (const auto docker = find(place, "docker")) executor.docker = read_docker(report, *docker);
  read_into(report, place, "resource_class", executor.resource_class);
  read_into(report, place, "shell", executor.shell);
  read_into(report, place, "working_directory", executor.working_directory);
  if (const auto environment = find(place, "environment")) {
    override_environment(executor.environment, read_environment(report, *environment));
  }
}

Executors read_executors(Report& report, const Place& root) {
  Executors executors;
  const auto place = find(root, "executors");
  if (!place || place->node->is_null()) return executors;
  if (!place->node->map()) {
    report.error(
        ConfigRefusal::wrong_type, *place,
        fmt::format("`executors` is a map of names, but this is {}.", describe(*place->node)));
    return executors;
  }
  for (const Entry& entry : *place->node->map()) {
    const Place definition = place->at(entry);
    Executor executor;
    if (check_map(report, definition, "An executor", executor_keys)) {
      // An unsupported kind of executor has been reported; that `docker` is missing is no news
      // then.
      const bool other_kind = definition.node->find("machine") || definition.node->find("macos");
      if (!other_kind) require(report, definition, "An executor", "docker");
      read_executor_keys(report, definition, executor);
    }
    executors.emplace(entry.key, std::move(executor));
  }
  return executors;
}

std::optional<Executor> resolve_executor(Report& report, const Place& place,
                                         const Executors& executors) {
  std::optional<Place> name_place = place;
  if (place.node->map()) {
    name_place = require(report, place, "An executor reference", "name");
    if (!name_place) return {};
    for (const Entry& entry : *place.node->map()) {
      if (entry.key == "name") continue;
      report.error(ConfigRefusal::unsupported_key, entry.position, place.join(entry.key),
                   "Executor parameters are not supported by this version; an executor is given by "
                   "its name alone.");
    }
  }
  const auto name = read_text(report, *name_place);
  if (!name) return {};
  const auto found = executors.find(*name);
  if (found != executors.end()) return found->second;
  report.error(
      ConfigRefusal::unknown_reference, *name_place,
      fmt::format("Cannot find a definition for executor named {}. The file defines {}.", *name,
                  executors.empty() ? "no executors" : comma_list(std::views::keys(executors))));
  return {};
}

}  // namespace imp::ci::config
