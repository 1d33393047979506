#include "cli/trust_file.h"

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>

#include "cli/refusal.h"
#include "registry/packages/package_name.h"

namespace imp::cli {

namespace {

using Kind = YamlNode::Kind;

bool is_one_of(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::ranges::find(words, text) != words.end();
}

}  // namespace

std::string TrustFile::place_of(const YamlNode& at) const {
  return fmt::format("{}:{}:{}", name_, at.line, at.column);
}

std::unexpected<Failure> TrustFile::malformed(const YamlNode& at, const std::string& what) const {
  return refuse(CliRefusal::unusable_input, fmt::format("{}: {}.", place_of(at), what));
}

Result<TrustFile> TrustFile::parse(std::string_view text, std::string_view name) {
  TrustFile file;
  file.name_ = name;
  auto root = parse_yaml(text, name);
  if (!root) {
    // The parser's words for what happens to nearly everybody's first scope.
    const std::string& said = root.error().message;
    return refuse(CliRefusal::unusable_input,
                  said.contains("cannot start with '@'")
                      ? said + " Scopes and scoped names are written in quotes: \"@acme/widget\"."
                      : said);
  }
  file.root_ = std::move(*root);
  if (file.root_.kind != Kind::map) {
    return file.malformed(file.root_,
                          "a trust file is a map with `packages`, `scopes` and, for those that "
                          "share them, `publishers`");
  }
  for (const auto& [key, value] : file.root_.members) {
    if (!is_one_of(key.text, {"packages", "scopes", "publishers"})) {
      return file.malformed(key, fmt::format("there is no key \"{}\"; allowed are packages, scopes "
                                             "and publishers",
                                             key.text));
    }
    if (value.kind != Kind::map) {
      return file.malformed(value, fmt::format("{} is a map of names", key.text));
    }
  }
  if (auto read = file.read_names(); !read) return pass_on(read);
  if (!file.root_.member("packages") && !file.root_.member("scopes")) {
    return file.malformed(file.root_, "there are no `packages` and no `scopes`");
  }
  auto scopes = file.read_entries("scopes");
  if (!scopes) return pass_on(scopes);
  auto packages = file.read_entries("packages");
  if (!packages) return pass_on(packages);
  file.scopes_ = std::move(*scopes);
  file.packages_ = std::move(*packages);
  return file;
}

Result<void> TrustFile::read_names() {
  const YamlNode* named = root_.member("publishers");
  if (!named) return {};
  for (const auto& [key, value] : named->members) {
    if (value.kind != Kind::map) {
      return malformed(key, fmt::format("publisher {} is a map with type, claims and permissions, "
                                        "and perhaps issuer",
                                        key.text));
    }
    if (auto read = read_publisher(value); !read) return pass_on(read);
  }
  return {};
}

Result<std::vector<TrustFile::Entry>> TrustFile::read_entries(std::string_view section) const {
  std::vector<Entry> entries;
  const YamlNode* named = root_.member(section);
  if (!named) return entries;
  const bool of_scopes = section == "scopes";
  for (const auto& [key, value] : named->members) {
    if (registry::is_scope(key.text) != of_scopes) {
      if (of_scopes) {
        return malformed(key,
                         fmt::format("\"{}\" is no scope, which is written \"@acme\"", key.text));
      }
      return malformed(key,
                       fmt::format("{} is a scope, whose publishers are under `scopes`", key.text));
    }
    auto entry = read_entry(key, value);
    if (!entry) return pass_on(entry);
    entries.push_back(std::move(*entry));
  }
  return entries;
}

Result<TrustFile::Entry> TrustFile::read_entry(const YamlNode& name, const YamlNode& value) const {
  if (value.kind != Kind::list) {
    return malformed(value, fmt::format("{} has a list of publishers; [] for none", name.text));
  }
  Entry entry{name.text, {}};
  for (const YamlNode& element : value.items) {
    const YamlNode* map = map_of(element);
    if (!map) {
      return malformed(element, element.kind == Kind::scalar
                                    ? fmt::format("there is no publisher \"{}\" under `publishers`",
                                                  element.text)
                                    : "a publisher is a map, or the name of one of `publishers`");
    }
    auto publisher = read_publisher(*map);
    if (!publisher) return pass_on(publisher);
    entry.publishers.push_back(std::move(*publisher));
  }
  return entry;
}

const YamlNode* TrustFile::map_of(const YamlNode& element) const {
  if (element.kind == Kind::map) return &element;
  const YamlNode* named = root_.member("publishers");
  return element.kind == Kind::scalar && named ? named->member(element.text) : nullptr;
}

Result<boost::json::object> TrustFile::read_publisher(const YamlNode& node) const {
  boost::json::object publisher;
  for (const auto& [key, value] : node.members) {
    if (!is_one_of(key.text, {"type", "issuer", "claims", "permissions"})) {
      return malformed(key, fmt::format("a publisher has no \"{}\"; allowed are type, claims, "
                                        "permissions and issuer",
                                        key.text));
    }
    const Kind wanted = key.text == "claims"        ? Kind::map
                        : key.text == "permissions" ? Kind::list
                                                    : Kind::scalar;
    if (value.kind != wanted) {
      return malformed(value, fmt::format("{} is a {}", key.text,
                                          wanted == Kind::map    ? "map of claims"
                                          : wanted == Kind::list ? "list"
                                                                 : "text"));
    }
    auto read = read_value(value);
    if (!read) return pass_on(read);
    publisher[key.text] = std::move(*read);
  }
  for (const std::string_view needed : {"type", "claims", "permissions"}) {
    if (!publisher.contains(needed)) {
      return malformed(node, fmt::format("the publisher has no {}", needed));
    }
  }
  return publisher;
}

Result<boost::json::value> TrustFile::read_value(const YamlNode& node) const {
  switch (node.kind) {
    case Kind::null:
      return malformed(node, "a value is missing");
    case Kind::scalar:
      if (node.style == YamlNode::Style::block) return malformed(node, "write it on one line");
      if (node.style == YamlNode::Style::plain && is_one_of(node.text, {"true", "false"})) {
        return node.text == "true";
      }
      return boost::json::value(node.text);
    case Kind::list: {
      boost::json::array list;
      for (const YamlNode& item : node.items) {
        auto read = read_value(item);
        if (!read) return read;
        list.push_back(std::move(*read));
      }
      return list;
    }
    case Kind::map: {
      boost::json::object map;
      for (const auto& [key, value] : node.members) {
        auto read = read_value(value);
        if (!read) return read;
        map[key.text] = std::move(*read);
      }
      return map;
    }
  }
  return nullptr;
}

const YamlMember* TrustFile::find(std::string_view entry) const {
  for (const char* section : {"packages", "scopes"}) {
    const YamlNode* named = root_.member(section);
    if (!named) continue;
    const auto found = std::ranges::find_if(
        named->members, [&](const auto& member) { return member.first.text == entry; });
    if (found != named->members.end()) return &*found;
  }
  return nullptr;
}

std::string TrustFile::place(std::string_view entry, const boost::json::value* publisher,
                             std::string_view message) const {
  const auto* found = find(entry);
  if (!found) return name_;
  const auto* index = publisher ? publisher->if_int64() : nullptr;
  if (!index || *index < 0 || static_cast<std::size_t>(*index) >= found->second.items.size()) {
    return place_of(found->first);
  }
  const YamlNode& element = found->second.items[static_cast<std::size_t>(*index)];
  const YamlNode* map = map_of(element);
  for (const auto& [key, value] : map->members) {
    if (key.text == "claims") {
      for (const auto& [claim, expected] : value.members) {
        if (message.contains(fmt::format("claims[\"{}\"]", claim.text))) return place_of(claim);
      }
    }
  }
  for (const auto& [key, value] : map->members) {
    if (message.contains(key.text)) return place_of(value);
  }
  return place_of(element);
}

}  // namespace imp::cli
