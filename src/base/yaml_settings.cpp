#include "base/yaml_settings.h"

#include <fstream>
#include <iterator>

#include "base/settings.h"
#include "base/yaml_document.h"

namespace imp {

namespace {

/// No setting is a block of text, and the parser's text of a block may be longer than the block.
bool is_one_line(const YamlNode& node) {
  return node.kind == YamlNode::Kind::null ||
         (node.kind == YamlNode::Kind::scalar && node.style != YamlNode::Style::block);
}

class Walk {
 public:
  explicit Walk(const std::string& path) : path_(path) {}

  Result<void> map(const YamlNode& node, const std::string& prefix) {
    for (const auto& [name, value] : node.members) {
      const std::string key = prefix + name.text;
      const bool nested = value.kind == YamlNode::Kind::map;
      if (auto done = nested ? map(value, key + ".") : leaf(key, name.line, value); !done) {
        return done;
      }
    }
    return {};
  }

  std::vector<FileSetting> found;

 private:
  Result<void> leaf(const std::string& key, int line, const YamlNode& value) {
    FileSetting setting{key, {}, line};
    if (value.kind == YamlNode::Kind::list) {
      for (const YamlNode& item : value.items) {
        if (!is_one_line(item)) return malformed(item.line, key + " takes a list of plain values");
        setting.values.push_back(item.text);
      }
    } else {
      if (!is_one_line(value)) return malformed(line, key + " takes a value of one line");
      setting.values.push_back(value.text);
    }
    found.push_back(std::move(setting));
    return {};
  }

  std::unexpected<Failure> malformed(int line, const std::string& what) {
    return refuse(SettingsRefusal::malformed_file, fmt::format("{}:{}: {}.", path_, line, what));
  }

  const std::string& path_;
};

}  // namespace

Result<std::vector<FileSetting>> read_yaml_settings(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  if (!file.is_open() || file.bad()) {
    return refuse(SettingsRefusal::unreadable_file,
                  fmt::format("The settings file {} cannot be read.", path));
  }
  const auto root = parse_yaml(text, path);
  if (!root) return pass_on(root);
  Walk walk(path);
  if (root->kind != YamlNode::Kind::null) {
    if (root->kind != YamlNode::Kind::map) {
      return refuse(SettingsRefusal::malformed_file,
                    path + ":1: a settings file is a map of keys and values.");
    }
    if (auto done = walk.map(*root, ""); !done) return pass_on(done);
  }
  return std::move(walk.found);
}

}  // namespace imp
