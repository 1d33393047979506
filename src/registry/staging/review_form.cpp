// A review as JSON for programs and as text for a terminal.
#include <boost/json.hpp>

#include "registry/staging/release_review.h"

namespace imp::registry {

namespace {

template <class Texts>
boost::json::array array_of(const Texts& texts) {
  boost::json::array out;
  for (const std::string& text : texts) out.emplace_back(text);
  return out;
}

char mark_of(DiffLine::Kind kind) {
  switch (kind) {
    case DiffLine::Kind::same:
      return ' ';
    case DiffLine::Kind::removed:
      return '-';
    case DiffLine::Kind::added:
      return '+';
  }
  return ' ';
}

/// Lines as in a unified difference, and where they begin.
boost::json::object hunk_json(const DiffHunk& hunk) {
  boost::json::array lines;
  std::uint32_t before = 0, after = 0;
  for (const DiffLine& line : hunk) {
    if (before == 0) before = line.before;
    if (after == 0) after = line.after;
    lines.emplace_back(mark_of(line.kind) + line.text);
  }
  return {{"before", before}, {"after", after}, {"lines", std::move(lines)}};
}

std::vector<std::string> flags_of(const FileChange& change) {
  std::vector<std::string> flags;
  if (change.binary) flags.emplace_back("binary");
  if (change.minified) flags.emplace_back("minified");
  if (change.hidden_characters) flags.emplace_back("hidden-characters");
  if (change.repeated) flags.emplace_back("repeated");
  return flags;
}

boost::json::object change_json(const FileChange& change) {
  boost::json::array hunks;
  for (const DiffHunk& hunk : change.hunks) hunks.push_back(hunk_json(hunk));
  return {{"what", name(change.what)},
          {"path", change.path},
          {"before", change.before},
          {"after", change.after},
          {"flags", array_of(flags_of(change))},
          {"hunks", std::move(hunks)},
          {"leftOut", change.left_out}};
}

boost::json::value tarball_json(const TarballReview* tarball) {
  if (!tarball) return nullptr;
  boost::json::array changes;
  for (const FileChange& change : tarball->files) changes.push_back(change_json(change));
  return boost::json::object{
      {"added", tarball->added},
      {"removed", tarball->removed},
      {"changed", tarball->changed},
      {"unchanged", tarball->unchanged},
      {"unpacked", {{"before", tarball->unpacked_before}, {"after", tarball->unpacked_after}}},
      {"changes", std::move(changes)}};
}

void text_of(const FileChange& change, std::string& out) {
  out += fmt::format("\n{} {} ({} -> {} bytes)", name(change.what), change.path, change.before,
                     change.after);
  for (const std::string& flag : flags_of(change)) out += " [" + flag + "]";
  out += '\n';
  for (const DiffHunk& hunk : change.hunks) {
    const boost::json::object form = hunk_json(hunk);
    out += fmt::format("@@ -{} +{} @@\n", form.at("before").to_number<std::int64_t>(),
                       form.at("after").to_number<std::int64_t>());
    for (const DiffLine& line : hunk) {
      out += mark_of(line.kind);
      out += line.text;
      out += '\n';
    }
  }
  if (!change.left_out.empty()) out += "  " + change.left_out + '\n';
}

std::string joined(const std::vector<std::string>& texts) {
  return texts.empty() ? "nobody" : fmt::format("{}", fmt::join(texts, ", "));
}

// Manifests and names come from whoever staged: no line of theirs may steer a terminal.
std::string shown(std::string_view text) { return printable_line(text, 400); }

}  // namespace

std::string ReleaseReview::needs() const {
  std::string out = policy.text();
  if (!group_name.empty()) out += " (" + group_name + ")";
  if (needed > policy.approvals) {
    out += fmt::format("; {} approvals, because nobody here knows who that is", needed);
  }
  return out;
}

boost::json::object ReleaseReview::to_json() const {
  boost::json::array changes;
  for (const ManifestChange& change : manifest) {
    changes.push_back({{"what", change.what},
                       {"before", change.before},
                       {"after", change.after},
                       {"warning", change.warning}});
  }
  boost::json::array came_from;
  for (const OriginChange& change : origin) {
    came_from.push_back(
        {{"what", change.what}, {"before", change.before}, {"after", change.after}});
  }
  boost::json::object document{
      {"release", release.to_json()},
      {"integrity", release.candidate.tarball.integrity},
      {"size", release.candidate.tarball.size},
      {"publishedBy", npm_user(release.publisher)},
      {"maintainers", array_of(maintainers)},
      {"provenance", bundle ? boost::json::value(bundle->to_json()) : boost::json::value(nullptr)},
      {"origin", std::move(came_from)},
      {"manifest", std::move(changes)},
      {"files", tarball_json(tarball.get())},
      {"warnings", array_of(warnings)},
      {"notes", array_of(notes)},
      {"policy", policy.to_json()},
      {"approvals", array_of(approvers)},
      {"needed", needed},
      {"behind",
       release.behind.empty() ? boost::json::value(nullptr) : boost::json::value(release.behind)},
      {"heldReason", release.held_reason.empty() ? boost::json::value(nullptr)
                                                 : boost::json::value(release.held_reason)},
      {"previous", nullptr}};
  if (previous) {
    document["previous"] = {{"version", previous->version},
                            {"size", previous->size},
                            {"publishedBy", previous->npm_user},
                            {"maintainers", array_of(previous->maintainers)}};
  }
  return document;
}

std::string ReleaseReview::to_text() const {
  const PublishCandidate& it = release.candidate;
  std::string out = fmt::format("{}@{} for the tag {}, staged by {} ({})\n", it.name, it.version,
                                shown(it.tag), shown(release.publisher.person.name),
                                release.automation ? "trusted publisher" : "a person's credential");
  out += fmt::format("staged {}, expires {}\n", time_text(release.created),
                     time_text(release.expires));
  if (!release.held_reason.empty()) {
    out += fmt::format("held back: {}\n", shown(release.held_reason));
  }
  for (const auto& member : release.run) {
    out += fmt::format("run.{}: {}\n", shown(member.key()),
                       shown(member.value().is_string() ? std::string(member.value().get_string())
                                                        : boost::json::serialize(member.value())));
  }
  out += fmt::format(
      "integrity {}\n{} bytes packed{}\n", it.tarball.integrity, it.tarball.size,
      previous ? fmt::format(", {} in {}", previous->size, previous->version) : std::string());
  out += fmt::format("maintainers: {}\n", shown(joined(maintainers)));
  if (!release.behind.empty()) out += fmt::format("behind it: {}\n", shown(release.behind));
  out += fmt::format("needs: {}\n", shown(needs()));
  out += fmt::format("approved by: {}\n", shown(joined(approvers)));
  if (bundle) {
    out +=
        fmt::format("provenance: {}\n",
                    bundle->verified ? "verified, of " + shown(bundle->signer.source_repository) +
                                           " at " + shown(bundle->signer.source_commit)
                                     : "not verified, " + shown(bundle->reason));
  }
  out +=
      fmt::format("compared with {}\n", previous ? previous->version : "nothing: it is the first");
  for (const std::string& warning : warnings) out += "WARNING: " + shown(warning) + '\n';
  for (const std::string& note : notes) out += "NOTE: " + shown(note) + '\n';
  for (const OriginChange& change : origin) {
    out += fmt::format("origin, {}: {} -> {}\n", shown(change.what),
                       change.before.empty() ? "none" : shown(change.before),
                       change.after.empty() ? "none" : shown(change.after));
  }
  for (const ManifestChange& change : manifest) {
    out += fmt::format("{}{}: {} -> {}\n", change.warning ? "runs at install: " : "",
                       shown(change.what), change.before.empty() ? "none" : shown(change.before),
                       change.after.empty() ? "none" : shown(change.after));
  }
  if (!tarball) return out;
  out +=
      fmt::format("{} files added, {} removed, {} changed, {} as before; {} -> {} bytes unpacked\n",
                  tarball->added, tarball->removed, tarball->changed, tarball->unchanged,
                  tarball->unpacked_before, tarball->unpacked_after);
  for (const FileChange& change : tarball->files) text_of(change, out);
  return out;
}

}  // namespace imp::registry
