#include "web/staging/release_model.h"

#include <boost/json.hpp>

#include "web/frame/model.h"

namespace imp::web {

namespace {

/// Of a release that changes more files, the others are opened one by one, but for odd ones.
constexpr std::size_t kFilesOpened = 25;

/// The run that staged it, as far as its identity token told.
boost::json::array run_model(const boost::json::object& run) {
  boost::json::array items;
  for (const auto& member : run) {
    const boost::json::value& value = member.value();
    items.push_back({{"key", member.key()},
                     {"value", value.is_string() ? std::string(value.get_string())
                                                 : boost::json::serialize(value)}});
  }
  return items;
}

boost::json::array changes_model(const std::vector<registry::ManifestChange>& changes) {
  boost::json::array items;
  for (const registry::ManifestChange& change : changes) {
    items.push_back({{"what", change.what},
                     {"before", change.before},
                     {"after", change.after},
                     {"warning", change.warning}});
  }
  return items;
}

boost::json::array origin_model(const std::vector<registry::OriginChange>& changes) {
  boost::json::array rows;
  for (const registry::OriginChange& change : changes) {
    rows.push_back({{"what", change.what}, {"before", change.before}, {"after", change.after}});
  }
  return rows;
}

boost::json::object line_model(const registry::DiffLine& line) {
  using Kind = registry::DiffLine::Kind;
  return {{"mark", line.kind == Kind::added     ? "+"
                   : line.kind == Kind::removed ? "-"
                                                : " "},
          {"kind", line.kind == Kind::added     ? "added"
                   : line.kind == Kind::removed ? "removed"
                                                : "same"},
          {"text", line.text}};
}

boost::json::object hunk_model(const registry::DiffHunk& hunk) {
  boost::json::array lines;
  std::uint32_t first = 0;
  for (const registry::DiffLine& line : hunk) {
    if (first == 0) first = line.after != 0 ? line.after : line.before;
    lines.push_back(line_model(line));
  }
  return {{"first", first}, {"lines", std::move(lines)}};
}

boost::json::object file_model(const registry::FileChange& change, bool opened) {
  using What = registry::FileChange::What;
  boost::json::array hunks;
  for (const registry::DiffHunk& hunk : change.hunks) hunks.push_back(hunk_model(hunk));
  return {{"what", registry::name(change.what)},
          {"path", change.path},
          {"before", change.what == What::added ? std::string() : size_text(change.before)},
          {"after", change.what == What::removed ? std::string() : size_text(change.after)},
          {"binary", change.binary},
          {"minified", change.minified},
          {"hidden", change.hidden_characters},
          {"repeated", change.repeated},
          {"left_out", change.left_out},
          {"shows_text", !hunks.empty() || !change.left_out.empty()},
          {"opened", opened || change.hidden_characters || change.repeated},
          {"hunks", std::move(hunks)}};
}

}  // namespace

boost::json::array texts_model(const std::vector<std::string>& texts) {
  boost::json::array items;
  for (const std::string& text : texts) items.emplace_back(text);
  return items;
}

boost::json::object release_model(const registry::StagedRelease& release, Time now) {
  const registry::TarballFacts& tarball = release.candidate.tarball;
  return {{"id", release.id},
          {"version", release.candidate.version},
          {"tag", release.candidate.tag},
          {"actor", release.publisher.person.name},
          {"automation", release.automation},
          {"runner", release.runner()},
          {"held", release.held_reason},
          {"created", time_model(release.created, now)},
          {"expires", time_model(release.expires, now)},
          {"has_run", !release.run.empty()},
          {"run", run_model(release.run)},
          {"files", tarball.file_count},
          {"unpacked", size_text(tarball.unpacked_size)},
          {"size", size_text(tarball.size)},
          {"integrity", tarball.integrity},
          {"stage_id", {{"value", release.id}, {"what", "the Stage ID"}}}};
}

boost::json::object review_model(const registry::ReleaseReview& review) {
  boost::json::object model{
      {"previous", review.previous ? review.previous->version : std::string()},
      {"previous_size", review.previous ? size_text(review.previous->size) : std::string()},
      {"maintainers", texts_model(review.maintainers)},
      {"needs", review.needs()},
      {"approvers", texts_model(review.approvers)},
      {"behind", review.release.behind},
      {"warnings", texts_model(review.warnings)},
      {"notes", texts_model(review.notes)},
      {"has_origin", !review.origin.empty()},
      {"origin", origin_model(review.origin)},
      {"has_changes", !review.manifest.empty()},
      {"changes", changes_model(review.manifest)},
      {"compared", review.tarball != nullptr}};
  if (!review.tarball) return model;
  boost::json::array changed_files;
  for (const registry::FileChange& change : review.tarball->files) {
    changed_files.push_back(file_model(change, changed_files.size() < kFilesOpened));
  }
  model["added"] = review.tarball->added;
  model["removed"] = review.tarball->removed;
  model["changed"] = review.tarball->changed;
  model["unchanged"] = review.tarball->unchanged;
  model["changed_files"] = std::move(changed_files);
  return model;
}

}  // namespace imp::web
