#include "ci/config/values.h"

#include <fmt/format.h>

#include <algorithm>

namespace imp::ci::config {

namespace {

std::string supported_names(std::span<const KnownKey> known) {
  std::vector<std::string> names;
  for (const KnownKey& key : known) {
    if (key.support == KnownKey::Support::read) names.emplace_back(key.name);
  }
  return comma_list(names);
}

std::optional<std::string> read_bounded(Report& report, const Place& place, std::size_t longest) {
  auto text = read_string(report, place);
  if (text && text->find_first_not_of(" \t\r\n") == std::string::npos) {
    report.error(ConfigRefusal::bad_value, place, "Expected text, but this is blank.");
    return {};
  }
  if (text && text->size() > longest) {
    report.error(
        ConfigRefusal::config_too_large, place,
        fmt::format("This text has {} bytes; at most {} are allowed here.", text->size(), longest));
    return {};
  }
  return text;
}

}  // namespace

bool check_map(Report& report, const Place& place, std::string_view what,
               std::span<const KnownKey> known, UnknownKeys unknown) {
  if (!place.node->map()) {
    report.error(ConfigRefusal::wrong_type, place,
                 fmt::format("{} is a map of {}, but this is {}.", what, supported_names(known),
                             describe(*place.node)));
    return false;
  }
  for (const Entry& entry : *place.node->map()) {
    const auto found = std::ranges::find(known, entry.key, &KnownKey::name);
    if (found == known.end() && unknown == UnknownKeys::refuse) {
      report.error(ConfigRefusal::unknown_key, entry.position, place.join(entry.key),
                   fmt::format("`{}` is not a known key here; known are {}.", entry.key,
                               supported_names(known)));
    } else if (found == known.end()) {
      report.warn(ConfigRefusal::unknown_key, entry.position, place.join(entry.key),
                  fmt::format("`{}` is not a known key here and has no effect; known are {}.",
                              entry.key, supported_names(known)));
    } else if (found->support == unsupported) {
      report.error(ConfigRefusal::unsupported_key, entry.position, place.join(entry.key),
                   fmt::format("`{}` is not supported by this version; supported here are {}.",
                               entry.key, supported_names(known)));
    }
  }
  return true;
}

bool is_left_out(Report& report, const Place& place) {
  if (!place.node->is_null()) return false;
  if (place.node->templated) {
    report.error(ConfigRefusal::bad_value, place,
                 "The value of this `<< >>` tag is not set in this pipeline; give one with `or`, "
                 "such as << pipeline.git.branch or \"none\" >>.");
  }
  return true;
}

std::optional<Place> find(const Place& map, std::string_view key) {
  const Entry* entry = map.node->find(key);
  if (!entry) return {};
  return map.at(*entry);
}

std::optional<Place> require(Report& report, const Place& map, std::string_view what,
                             std::string_view key) {
  auto found = find(map, key);
  if (!found) {
    report.error(ConfigRefusal::missing_key, map, fmt::format("{} needs `{}`.", what, key));
  }
  return found;
}

std::optional<std::string> read_string(Report& report, const Place& place) {
  if (const std::string* text = place.node->string()) return *text;
  if (place.node->scalar() && place.node->templated) return to_text(*place.node->scalar());
  report.error(ConfigRefusal::wrong_type, place,
               fmt::format("Expected text, but this is {}.", describe(*place.node)));
  return {};
}

std::optional<std::string> read_text(Report& report, const Place& place) {
  return read_bounded(report, place, max_text_bytes);
}

std::optional<std::string> read_short_text(Report& report, const Place& place) {
  return read_bounded(report, place, max_short_text_bytes);
}

std::optional<bool> read_boolean(Report& report, const Place& place) {
  if (place.node->scalar()) {
    if (const bool* value = std::get_if<bool>(place.node->scalar())) return *value;
  }
  report.error(ConfigRefusal::wrong_type, place,
               fmt::format("Expected true or false, but this is {}.", describe(*place.node)));
  return {};
}

std::optional<std::vector<std::string>> read_string_or_list(Report& report, const Place& place) {
  if (!place.node->list()) {
    auto text = read_text(report, place);
    if (!text) return {};
    return std::vector{std::move(*text)};
  }
  std::vector<std::string> texts;
  bool complete = true;
  for (std::size_t i = 0; i < place.node->list()->size(); ++i) {
    auto text = read_text(report, place.at(i));
    complete = complete && text.has_value();
    if (text) texts.push_back(std::move(*text));
  }
  if (!complete) return {};
  return texts;
}

}  // namespace imp::ci::config
