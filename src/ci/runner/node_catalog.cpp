#include "ci/runner/node_catalog.h"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "ci/runner/json_members.h"
#include "ci/runner/refusals.h"

namespace imp::ci::runner {

namespace json = boost::json;

namespace {

std::unexpected<Failure> not_understood() {
  return refuse(RunnerRefusal::toolchain_unavailable, "npm's list of versions is not understood.");
}

/// npm prints the thing itself instead of a list of one.
json::array as_list(json::value value) {
  if (value.is_array()) return std::move(value.as_array());
  return json::array({std::move(value)});
}

std::string text_at(const json::object& object, std::string_view key) {
  const json::value* found = object.if_contains(key);
  const json::string* text = found == nullptr ? nullptr : found->if_string();
  return text == nullptr ? "" : std::string(text->data(), text->size());
}

}  // namespace

Result<std::vector<Version>> read_versions(std::string_view text) {
  auto parsed = parse_json(text);
  if (!parsed) return not_understood();
  std::vector<Version> out;
  for (const json::value& value : as_list(std::move(*parsed))) {
    const json::string* version = value.if_string();
    if (version == nullptr) return not_understood();
    if (auto known = parse_version(std::string_view(*version))) out.push_back(*known);
  }
  return out;
}

Result<std::vector<NpmRelease>> read_npm_releases(std::string_view text) {
  auto parsed = parse_json(text);
  if (!parsed) return not_understood();
  std::vector<NpmRelease> out;
  for (const json::value& value : as_list(std::move(*parsed))) {
    const json::object* object = value.if_object();
    if (object == nullptr) return not_understood();
    const auto version = parse_version(text_at(*object, "version"));
    if (!version) continue;
    const json::value* engines = object->if_contains("engines");
    const json::object* ranges = engines == nullptr ? nullptr : engines->if_object();
    out.push_back({*version, ranges == nullptr ? "" : text_at(*ranges, "node")});
  }
  return out;
}

std::string to_text(const NodeCatalog& catalog) {
  json::array nodes;
  for (const Version& version : catalog.nodes) nodes.emplace_back(to_string(version));
  json::array npms;
  for (const NpmRelease& release : catalog.npms) {
    npms.push_back(json::object{{"version", to_string(release.version)},
                                {"engines", {{"node", release.node_range}}}});
  }
  return json::serialize(json::object{{"fetched_at", iso8601(catalog.fetched_at)},
                                      {"nodes", std::move(nodes)},
                                      {"npms", std::move(npms)}});
}

std::optional<NodeCatalog> catalog_from_text(std::string_view text) {
  auto parsed = parse_json(text);
  if (!parsed) return std::nullopt;
  Members members(*parsed, "");
  const auto fetched_at = parse_iso8601(members.text("fetched_at"));
  const auto nodes = read_versions(json::serialize(members.member("nodes")));
  const auto npms = read_npm_releases(json::serialize(members.member("npms")));
  if (!members.finish() || !fetched_at || !nodes || !npms) return std::nullopt;
  return NodeCatalog{*fetched_at, *nodes, *npms};
}

}  // namespace imp::ci::runner
