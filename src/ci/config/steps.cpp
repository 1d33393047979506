#include "ci/config/steps.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <string_view>
#include <utility>

#include "ci/config/environment_variables.h"
#include "ci/config/values.h"

namespace imp::ci::config {

namespace {

constexpr std::array<KnownKey, 10> run_keys{{
    {"command"},
    {"name"},
    {"shell"},
    {"environment"},
    {"working_directory"},
    {"background"},
    {"no_output_timeout"},
    {"when"},
    {"max_auto_reruns", unsupported},
    {"auto_rerun_delay", unsupported},
}};

constexpr std::array<KnownKey, 4> checkout_keys{
    {{"path"}, {"name", unsupported}, {"method", unsupported}, {"depth", unsupported}}};

constexpr std::array<std::string_view, 13> unsupported_steps{"setup_remote_docker",
                                                             "add_ssh_keys",
                                                             "save_cache",
                                                             "restore_cache",
                                                             "persist_to_workspace",
                                                             "attach_workspace",
                                                             "store_artifacts",
                                                             "store_test_results",
                                                             "deploy",
                                                             "install_signing_bundle",
                                                             "when",
                                                             "unless",
                                                             "setup_docker"};

constexpr auto max_no_output_timeout = std::chrono::hours(120);

/// `\d+(\.\d+)?[mhs]`
std::optional<Milliseconds> duration(std::string_view text) {
  if (text.size() < 2) return {};
  const char unit = text.back();
  text.remove_suffix(1);
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  const std::size_t dot = text.find('.');
  const std::string_view whole = text.substr(0, dot);
  const std::string_view fraction = dot == text.npos ? "0" : text.substr(dot + 1);
  if (whole.empty() || fraction.empty() || !std::ranges::all_of(whole, is_digit) ||
      !std::ranges::all_of(fraction, is_digit)) {
    return {};
  }
  double amount = 0;
  std::from_chars(text.data(), text.data() + text.size(), amount);
  const double seconds = unit == 's' ? 1 : unit == 'm' ? 60 : unit == 'h' ? 3600 : 0;
  const double milliseconds = amount * seconds * 1000;
  if (seconds == 0 || milliseconds < 1) return {};
  if (milliseconds > static_cast<double>(Milliseconds(max_no_output_timeout).count())) return {};
  return Milliseconds(static_cast<std::int64_t>(milliseconds));
}

void read_when(Report& report, const Place& place, RunStep& step) {
  const auto text = read_string(report, place);
  if (!text) return;
  for (const RunWhen when : {RunWhen::on_success, RunWhen::always, RunWhen::on_fail}) {
    if (*text == name_of(when)) {
      step.when = when;
      return;
    }
  }
  report.error(ConfigRefusal::bad_value, place,
               fmt::format("`when` is on_success, always or on_fail, not `{}`.", *text));
}

void read_timeout(Report& report, const Place& place, RunStep& step) {
  const auto text = read_string(report, place);
  if (!text) return;
  if (const auto timeout = duration(*text)) {
    step.no_output_timeout = *timeout;
    return;
  }
  report.error(ConfigRefusal::bad_value, place,
               fmt::format("`no_output_timeout` is a number with a unit, such as 90s, 20m or 1.5h, "
                           "and at most {}h, not `{}`.",
                           max_no_output_timeout.count(), *text));
}

/// A byte that goes on with a character of UTF-8.
bool is_continuation(char byte) { return (static_cast<unsigned char>(byte) & 0xc0) == 0x80; }

/// What a step without a name is called: its command, as far as it makes a title.
std::string default_name(const std::string& command) {
  if (command.size() <= max_short_text_bytes) return command;
  constexpr std::size_t kept = 200;
  std::size_t end = kept;
  while (is_continuation(command[end])) --end;
  return command.substr(0, end) + "\u2026";
}

std::optional<Step> read_run(Report& report, const Place& place) {
  RunStep step;
  if (place.node->scalar() && !place.node->is_null()) {
    auto command = read_text(report, place);
    if (!command) return {};
    step.name = default_name(*command);
    step.command = std::move(*command);
    return step;
  }
  if (!check_map(report, place, "A run step", run_keys)) return {};
  const auto command_place = require(report, place, "A run step", "command");
  if (!command_place) return {};
  auto command = read_text(report, *command_place);
  if (!command) return {};
  step.command = std::move(*command);
  step.name = default_name(step.command);
  const auto text_into = [&](std::string_view key, std::string& value) {
    if (const auto found = find(place, key)) value = read_short_text(report, *found).value_or("");
  };
  text_into("name", step.name);
  text_into("shell", step.shell);
  text_into("working_directory", step.working_directory);
  if (const auto found = find(place, "environment")) {
    step.environment = read_environment(report, *found);
  }
  if (const auto found = find(place, "background")) {
    step.background = read_boolean(report, *found).value_or(false);
  }
  if (const auto found = find(place, "no_output_timeout")) read_timeout(report, *found, step);
  if (const auto found = find(place, "when")) read_when(report, *found, step);
  return step;
}

std::optional<Step> read_checkout(Report& report, const Place& place) {
  CheckoutStep step;
  if (place.node->is_null()) return step;
  if (!check_map(report, place, "A checkout step", checkout_keys)) return {};
  if (const auto path = find(place, "path"))
    step.path = read_short_text(report, *path).value_or("");
  return step;
}

void refuse_step(Report& report, Position position, const std::string& path,
                 std::string_view name) {
  const bool known = std::ranges::find(unsupported_steps, name) != unsupported_steps.end();
  if (known) {
    report.error(ConfigRefusal::unsupported_key, position, path,
                 fmt::format("The step `{}` is not supported by this version; supported are "
                             "checkout and run.",
                             name));
  } else {
    report.error(ConfigRefusal::unknown_reference, position, path,
                 fmt::format("Cannot find a definition for command named {}. A step is checkout or "
                             "run; commands and orbs are not supported by this version.",
                             name));
  }
}

std::optional<Step> read_step(Report& report, const Place& place) {
  if (const std::string* name = place.node->string()) {
    if (*name == "checkout") return CheckoutStep{};
    if (*name == "run") {
      report.error(ConfigRefusal::missing_key, place, "`run` needs a command: `run: npm test`.");
    } else {
      refuse_step(report, place.node->position, place.path, *name);
    }
    return {};
  }
  const Map* map = place.node->map();
  if (!map || map->empty()) {
    report.error(
        ConfigRefusal::wrong_type, place,
        fmt::format("A step is `checkout` or `run: ...`, but this is {}.", describe(*place.node)));
    return {};
  }
  if (map->size() > 1) {
    report.error(ConfigRefusal::wrong_type, place,
                 fmt::format("A step has one key, but this has {}; indent what belongs to `{}` "
                             "further than `{}` itself.",
                             map->size(), map->front().key, map->front().key));
    return {};
  }
  const Entry& entry = map->front();
  if (entry.key == "run") return read_run(report, place.at(entry));
  if (entry.key == "checkout") return read_checkout(report, place.at(entry));
  refuse_step(report, entry.position, place.join(entry.key), entry.key);
  return {};
}

}  // namespace

std::vector<Step> read_steps(Report& report, const Place& place) {
  std::vector<Step> steps;
  const List* list = place.node->list();
  if (!list || list->empty()) {
    report.error(ConfigRefusal::wrong_type, place,
                 list ? "A job needs at least one step."
                      : fmt::format("`steps` is a list, but this is {}.", describe(*place.node)));
    return steps;
  }
  if (list->size() > max_steps) {
    report.error(
        ConfigRefusal::config_too_large, place.at(max_steps),
        fmt::format("A job has at most {} steps; this one has {}.", max_steps, list->size()));
    return steps;
  }
  for (std::size_t i = 0; i < list->size(); ++i) {
    if (auto step = read_step(report, place.at(i))) steps.push_back(std::move(*step));
  }
  return steps;
}

}  // namespace imp::ci::config
