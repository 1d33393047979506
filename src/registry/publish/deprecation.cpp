#include "registry/publish/deprecation.h"

#include <fmt/format.h>

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <map>
#include <vector>

#include "base/clean_text.h"
#include "registry/packages/version_store.h"
#include "registry/publish/refusal.h"
#include "registry/publish/revision.h"

namespace imp::registry {
namespace {

namespace json = boost::json;

constexpr std::size_t kMessageLimit = 4096;
constexpr std::size_t kManifestDepth = 80;  // deeper than what a publish document may hold

std::unexpected<Failure> unexpected(std::string_view version, std::string_view what) {
  return refuse(PublishRefusal::unexpected_change,
                fmt::format("versions[\"{}\"] {}. A document without a tarball may change the "
                            "\"deprecated\" of versions and nothing else.",
                            clean_text(version, 260), what));
}

// The message a version is to have; nothing for none.
Result<std::optional<std::string>> message(const json::object& manifest, std::string_view version) {
  const json::value* value = manifest.if_contains("deprecated");
  if (value == nullptr || value->is_null()) return std::nullopt;
  if (value->is_bool() && !value->get_bool()) return std::nullopt;
  if (!value->is_string() || value->get_string().size() > kMessageLimit) {
    return refuse(PublishRefusal::bad_field,
                  fmt::format("versions[\"{}\"].deprecated must be a string of at most {} bytes.",
                              clean_text(version, 260), kMessageLimit));
  }
  if (value->get_string().empty()) return std::nullopt;
  return std::string(value->get_string());
}

json::value without_tarball(const json::object& manifest) {
  json::value copy = manifest;
  copy.get_object().erase("deprecated");
  if (json::value* dist = copy.get_object().if_contains("dist"); dist && dist->is_object()) {
    dist->get_object().erase("tarball");
  }
  return copy;
}

Result<void> same_but_for_deprecated(const json::object& sent, const PackumentVersion& stored,
                                     const PackageName& name) {
  json::error_code error;
  json::parse_options options;
  options.max_depth = kManifestDepth;
  const json::value ours = json::parse(full_manifest(name, stored, ""), error, {}, options);
  if (error || !ours.is_object()) {
    return refuse(PublishRefusal::unexpected_change, "The stored manifest cannot be read.",
                  error.message());
  }
  if (without_tarball(sent) == without_tarball(ours.get_object())) return {};
  return unexpected(stored.version, "differs from what is published");
}

Result<void> same_tags(const json::object& document, const PackageSnapshot& snapshot) {
  const json::value* sent = document.if_contains("dist-tags");
  if (sent == nullptr) return {};
  json::object ours;
  for (const auto& [tag, version] : snapshot.dist_tags) ours.emplace(tag, version);
  if (*sent == json::value(ours)) return {};
  return refuse(PublishRefusal::unexpected_change,
                "\"dist-tags\" differs from what is stored: use npm dist-tag to change it.");
}

Result<std::vector<DeprecationPlan::Message>> differences(const json::object& document,
                                                          const PackageSnapshot& snapshot,
                                                          const PackageName& name) {
  const json::value* versions = document.if_contains("versions");
  if (versions == nullptr || !versions->is_object()) {
    return refuse(PublishRefusal::missing_field,
                  "The document has neither a tarball to publish nor \"versions\" to deprecate.");
  }
  std::vector<DeprecationPlan::Message> out;
  for (const auto& [key, value] : versions->get_object()) {
    const std::string version(key);
    const PackumentVersion* stored = snapshot.find(version);
    if (stored == nullptr) return unexpected(version, "is not published");
    if (!value.is_object()) return unexpected(version, "is not an object");
    Result<std::optional<std::string>> wanted = message(value.get_object(), version);
    if (!wanted) return pass_on(wanted);
    if (Result<void> ok = same_but_for_deprecated(value.get_object(), *stored, name); !ok) {
      return pass_on(ok);
    }
    if (*wanted != stored->deprecated) out.push_back({version, std::move(*wanted)});
  }
  return out;
}

}  // namespace

Result<DeprecationPlan> plan_deprecation(db::Session& session, const PackageName& name,
                                         const json::object& document, const Caller& caller) {
  const Result<Package> package = open_for_change(session, name, caller, ChangeOf::versions);
  if (!package) return pass_on(package);
  if (Result<void> ok = same_document_name(document, name); !ok) return pass_on(ok);
  const std::optional<PackageSnapshot> snapshot = load_snapshot(session, name.text());
  if (!snapshot) return stale(name);
  auto changes = differences(document, *snapshot, name);
  const bool current = document_rev(document) == couch_rev(*package);
  // Behind the current revision a difference may be somebody else's change: that is what to say.
  if (!changes) return current ? pass_on(changes) : stale(name);
  if (!changes->empty()) {
    if (!current) return stale(name);
    if (Result<void> ok = same_tags(document, *snapshot); !ok) return pass_on(ok);
  }
  return DeprecationPlan{package->revision, std::move(*changes)};
}

Result<Changed> deprecate(db::Session& session, const PackageName& name,
                          const DeprecationPlan& plan, const Caller& caller, Time now) {
  Result<Package> package = open_for_change(session, name, caller, ChangeOf::versions);
  if (!package) return pass_on(package);
  if (plan.changes.empty()) return Changed{std::move(*package), false};
  if (package->revision != plan.revision) return stale(name);
  // Mostly one message goes to many versions, and an audit record has its limit: each is said once.
  std::map<std::string, json::array> messages;
  for (const DeprecationPlan::Message& change : plan.changes) {
    write_deprecated(session, package->id, change.version, change.text);
    messages[change.text.value_or("")].emplace_back(change.version);
  }
  touch(session, *package, now);
  json::array deprecated;
  for (auto& [message, versions] : messages) {
    deprecated.push_back(json::object{{"message", message}, {"versions", std::move(versions)}});
  }
  return Changed{std::move(*package), true, {{"deprecated", std::move(deprecated)}}};
}

}  // namespace imp::registry
