#include "base/settings.h"

#include <cctype>
#include <charconv>

#include "base/yaml_settings.h"

namespace imp {

namespace {

std::optional<std::int64_t> integer(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::string joined(const std::vector<std::string>& words) {
  std::string all;
  for (const std::string& word : words) all += (all.empty() ? "" : ", ") + word;
  return all;
}

std::string variable_name(std::string_view key) {
  std::string name = "IMPRIMATUR_";
  for (const char c : key) name += c == '.' ? '_' : static_cast<char>(std::toupper(c));
  return name;
}

std::vector<std::string> split_at_commas(std::string_view text) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const std::size_t comma = text.find(',');
    std::string_view part = text.substr(0, comma);
    while (part.starts_with(' ')) part.remove_prefix(1);
    while (part.ends_with(' ')) part.remove_suffix(1);
    if (!part.empty()) parts.emplace_back(part);
    text = comma == std::string_view::npos ? "" : text.substr(comma + 1);
  }
  return parts;
}

std::string in_words(Milliseconds value) {
  const std::int64_t ms = value.count();
  if (ms % 86'400'000 == 0) return fmt::format("{}d", ms / 86'400'000);
  if (ms % 3'600'000 == 0) return fmt::format("{}h", ms / 3'600'000);
  if (ms % 60'000 == 0) return fmt::format("{}m", ms / 60'000);
  if (ms % 1000 == 0) return fmt::format("{}s", ms / 1000);
  return fmt::format("{}ms", ms);
}

}  // namespace

Reason reason(SettingsRefusal refusal) {
  switch (refusal) {
    case SettingsRefusal::unreadable_file:
      return {"settings_unreadable", FailureKind::invalid};
    case SettingsRefusal::malformed_file:
      return {"settings_malformed", FailureKind::invalid};
    case SettingsRefusal::unknown_key:
      return {"settings_unknown_key", FailureKind::invalid};
    case SettingsRefusal::bad_value:
      return {"settings_bad_value", FailureKind::invalid};
  }
  return {};
}

std::optional<Milliseconds> parse_duration(std::string_view text) {
  const std::size_t digits = text.find_first_not_of("0123456789");
  if (digits == 0 || digits == std::string_view::npos || digits > 9) return std::nullopt;
  const std::int64_t value = *integer(text.substr(0, digits));
  const std::string_view unit = text.substr(digits);
  if (unit == "ms") return Milliseconds(value);
  if (unit == "s") return Milliseconds(value * 1000);
  if (unit == "m") return Milliseconds(value * 60'000);
  if (unit == "h") return Milliseconds(value * 3'600'000);
  if (unit == "d") return Milliseconds(value * 86'400'000);
  return std::nullopt;
}

void SettingsTable::add(Entry entry) { entries_.push_back(std::move(entry)); }

void SettingsTable::text(std::string key, std::string& target, std::string help) {
  add({std::move(key), std::move(help), "text", [&target](const std::vector<std::string>& values) {
         if (values.size() != 1) return false;
         target = values.front();
         return true;
       }});
}

void SettingsTable::number(std::string key, std::int64_t& target, std::int64_t least,
                           std::int64_t most, std::string help) {
  add({std::move(key), std::move(help), fmt::format("a whole number from {} to {}", least, most),
       [&target, least, most](const std::vector<std::string>& values) {
         const auto value = values.size() == 1 ? integer(values.front()) : std::nullopt;
         if (!value || *value < least || *value > most) return false;
         target = *value;
         return true;
       }});
}

void SettingsTable::duration(std::string key, Milliseconds& target, Milliseconds least,
                             Milliseconds most, std::string help) {
  add({std::move(key), std::move(help),
       fmt::format("a duration from {} to {}, such as 90s, 15m, 1h or 14d", in_words(least),
                   in_words(most)),
       [&target, least, most](const std::vector<std::string>& values) {
         const auto value = values.size() == 1 ? parse_duration(values.front()) : std::nullopt;
         if (!value || *value < least || *value > most) return false;
         target = *value;
         return true;
       }});
}

void SettingsTable::flag(std::string key, bool& target, std::string help) {
  add({std::move(key), std::move(help), "true or false",
       [&target](const std::vector<std::string>& values) {
         if (values.size() != 1 || (values.front() != "true" && values.front() != "false")) {
           return false;
         }
         target = values.front() == "true";
         return true;
       }});
}

void SettingsTable::choice(std::string key, std::string& target, std::vector<std::string> allowed,
                           std::string help) {
  add({std::move(key), std::move(help), "one of " + joined(allowed),
       [&target, allowed](const std::vector<std::string>& values) {
         if (values.size() != 1 || std::ranges::find(allowed, values.front()) == allowed.end()) {
           return false;
         }
         target = values.front();
         return true;
       }});
}

void SettingsTable::list(std::string key, std::vector<std::string>& target, std::string help) {
  add({std::move(key), std::move(help), "a list, or text separated by commas",
       [&target](const std::vector<std::string>& values) {
         target.clear();
         for (const std::string& value : values) {
           for (std::string& part : split_at_commas(value)) target.push_back(std::move(part));
         }
         return true;
       }});
}

const SettingsTable::Entry* SettingsTable::find(std::string_view key) const {
  const auto found = std::ranges::find(entries_, key, &Entry::key);
  return found == entries_.end() ? nullptr : &*found;
}

Result<void> SettingsTable::set(std::string_view key, const std::vector<std::string>& values,
                                std::string_view source) {
  const Entry* entry = find(key);
  if (!entry) {
    // The nearest family of keys says more than the whole list.
    const std::string_view family = key.substr(0, key.find('.') + 1);
    std::vector<std::string> known;
    for (const Entry& candidate : entries_) {
      if (family.empty() || candidate.key.starts_with(family)) known.push_back(candidate.key);
    }
    if (known.empty()) {
      for (const Entry& candidate : entries_) known.push_back(candidate.key);
    }
    return refuse(
        SettingsRefusal::unknown_key,
        fmt::format("{}: there is no setting \"{}\". Known: {}.", source, key, joined(known)));
  }
  if (!entry->assign(values)) {
    return refuse(SettingsRefusal::bad_value,
                  fmt::format("{}: \"{}\" is not allowed for {}, which takes {}.", source,
                              joined(values), key, entry->allowed));
  }
  return {};
}

Result<void> SettingsTable::read_file(const std::string& path) {
  const auto values = read_yaml_settings(path);
  if (!values) return pass_on(values);
  for (const FileSetting& setting : *values) {
    const auto done = set(setting.key, setting.values, fmt::format("{}:{}", path, setting.line));
    if (!done) return done;
  }
  return {};
}

Result<void> SettingsTable::read_environment(const char* const* environment,
                                             const std::vector<std::string>& reserved) {
  for (; *environment != nullptr; ++environment) {
    const std::string_view variable = *environment;
    const std::size_t equals = variable.find('=');
    const std::string_view name = variable.substr(0, equals);
    if (!name.starts_with("IMPRIMATUR_") || equals == std::string_view::npos) continue;
    if (std::ranges::find(reserved, name) != reserved.end()) continue;
    const auto entry = std::ranges::find(
        entries_, name, [](const Entry& candidate) { return variable_name(candidate.key); });
    if (entry == entries_.end()) {
      return refuse(SettingsRefusal::unknown_key,
                    fmt::format("The environment variable {} names no setting.", name));
    }
    const auto done = set(entry->key, {std::string(variable.substr(equals + 1))}, name);
    if (!done) return done;
  }
  return {};
}

}  // namespace imp
