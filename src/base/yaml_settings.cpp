#include "base/yaml_settings.h"

#include <libfyaml.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <memory>
#include <sstream>

#include "base/settings.h"

namespace imp {

namespace {

struct DestroyDocument {
  void operator()(fy_document* document) const { fy_document_destroy(document); }
};
using Document = std::unique_ptr<fy_document, DestroyDocument>;

int line_of(fy_node* node) {
  const fy_token* token = fy_node_is_scalar(node) ? fy_node_get_scalar_token(node) : nullptr;
  const fy_mark* mark = token ? fy_token_start_mark(const_cast<fy_token*>(token)) : nullptr;
  return mark ? mark->line + 1 : 0;
}

std::string scalar(fy_node* node) {
  std::size_t length = 0;
  const char* text = fy_node_get_scalar(node, &length);
  return text ? std::string(text, length) : std::string();
}

/// No setting is a block of text, and the parser's text of a block may be longer than the block.
bool is_one_line(fy_node* node) {
  const fy_node_style style = fy_node_get_style(node);
  return fy_node_is_scalar(node) && style != FYNS_LITERAL && style != FYNS_FOLDED;
}

class Walk {
 public:
  explicit Walk(const std::string& path) : path_(path) {}

  Result<void> map(fy_node* node, const std::string& prefix) {
    void* position = nullptr;
    while (fy_node_pair* pair = fy_node_mapping_iterate(node, &position)) {
      fy_node* name = fy_node_pair_key(pair);
      fy_node* value = fy_node_pair_value(pair);
      if (!name || !fy_node_is_scalar(name)) return malformed(name, "a key must be plain text");
      const std::string key = prefix + scalar(name);
      if (value && fy_node_is_mapping(value)) {
        if (auto done = map(value, key + "."); !done) return done;
      } else if (auto done = leaf(key, line_of(name), value); !done) {
        return done;
      }
    }
    return {};
  }

  std::vector<FileSetting> found;

 private:
  Result<void> leaf(const std::string& key, int line, fy_node* value) {
    FileSetting setting{key, {}, line};
    if (value && fy_node_is_sequence(value)) {
      void* position = nullptr;
      while (fy_node* item = fy_node_sequence_iterate(value, &position)) {
        if (!is_one_line(item)) return malformed(item, key + " takes a list of plain values");
        setting.values.push_back(scalar(item));
      }
    } else if (value) {
      if (!is_one_line(value)) {
        return refuse(SettingsRefusal::malformed_file,
                      fmt::format("{}:{}: {} takes a value of one line.", path_, line, key));
      }
      setting.values.push_back(scalar(value));
    }
    found.push_back(std::move(setting));
    return {};
  }

  std::unexpected<Failure> malformed(fy_node* node, const std::string& what) {
    return refuse(SettingsRefusal::malformed_file,
                  fmt::format("{}:{}: {}.", path_, node ? line_of(node) : 0, what));
  }

  const std::string& path_;
};

bool holds_only_comments(const std::string& text) {
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const std::size_t first = line.find_first_not_of(" \t\r");
    if (first != std::string::npos && line[first] != '#') return false;
  }
  return true;
}

/// The parser's own account of what is wrong, made one line of ours.
std::string first_error(fy_diag* diag, const std::string& path) {
  void* position = nullptr;
  if (const fy_diag_error* error = fy_diag_errors_iterate(diag, &position)) {
    // Counted from 1 here, unlike in marks; 0 means that the parser does not know.
    return fmt::format("{}:{}:{}: {}.", path, std::max(1, error->line), std::max(1, error->column),
                       error->msg);
  }
  return path + ": this is not YAML.";
}

}  // namespace

Result<std::vector<FileSetting>> read_yaml_settings(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  if (!file.is_open() || file.bad()) {
    return refuse(SettingsRefusal::unreadable_file,
                  fmt::format("The settings file {} cannot be read.", path));
  }
  // libfyaml calls a file without a document an error.
  if (holds_only_comments(text)) return std::vector<FileSetting>{};

  fy_diag_cfg diag_config;
  fy_diag_cfg_default(&diag_config);
  const std::unique_ptr<fy_diag, void (*)(fy_diag*)> diag(fy_diag_create(&diag_config),
                                                          fy_diag_destroy);
  fy_diag_set_collect_errors(diag.get(), true);
  fy_parse_cfg config{};
  config.flags = FYPCF_QUIET;
  config.diag = diag.get();
  const Document document(fy_document_build_from_string(&config, text.data(), text.size()));
  if (!document) return refuse(SettingsRefusal::malformed_file, first_error(diag.get(), path));

  Walk walk(path);
  fy_node* root = fy_document_root(document.get());
  if (root && !fy_node_is_null(root)) {
    if (!fy_node_is_mapping(root)) {
      return refuse(SettingsRefusal::malformed_file,
                    path + ":1: a settings file is a map of keys and values.");
    }
    if (auto done = walk.map(root, ""); !done) return pass_on(done);
  }
  return std::move(walk.found);
}

}  // namespace imp
