#include "jobtool/arguments.h"

namespace imp::jobtool {

bool Arguments::has(std::string_view flag) const {
  for (const auto& entry : flags) {
    if (entry.first == flag) return true;
  }
  return false;
}

std::string Arguments::value(std::string_view flag) const {
  for (auto entry = flags.rbegin(); entry != flags.rend(); ++entry) {
    if (entry->first == flag) return entry->second;
  }
  return {};
}

namespace {

const Flag* find(const std::vector<Flag>& known, std::string_view name) {
  for (const Flag& flag : known) {
    if (flag.name == name) return &flag;
  }
  return nullptr;
}

}  // namespace

std::optional<Arguments> read_arguments(const std::vector<std::string>& words,
                                        const std::vector<Flag>& known, std::string& problem) {
  Arguments out;
  bool flags_ended = false;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    if (flags_ended || word.size() < 2 || word.front() != '-') {
      out.positional.push_back(word);
      continue;
    }
    if (word == "--") {
      flags_ended = true;
      continue;
    }
    const std::size_t equals = word.find('=');
    const std::string name = word.substr(0, equals);
    const Flag* flag = find(known, name);
    if (flag == nullptr) {
      problem = "unknown flag: " + name;
      return std::nullopt;
    }
    std::string value = equals == std::string::npos ? "" : word.substr(equals + 1);
    if (!flag->takes_value) {
      if (equals != std::string::npos && value != "true" && value != "false") {
        problem = name + " is a switch: it takes no value other than true or false";
        return std::nullopt;
      }
      if (value != "false") out.flags.emplace_back(flag->name, "");
      continue;
    }
    if (equals == std::string::npos) {
      if (i + 1 == words.size()) {
        problem = "flag needs a value: " + name;
        return std::nullopt;
      }
      value = words[++i];
    }
    out.flags.emplace_back(flag->name, std::move(value));
  }
  return out;
}

}  // namespace imp::jobtool
