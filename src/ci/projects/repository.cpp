#include "ci/projects/repository.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <filesystem>

#include "base/encoding.h"
#include "base/uuid.h"
#include "ci/projects/git_process.h"
#include "ci/projects/readable.h"

namespace imp::ci {
namespace {

/// Some hundred thousand refs. A push that went beyond it could not be followed by another.
constexpr std::size_t refs_limit = 64 << 20;

bool is_revision(std::string_view text) {
  return text.size() == 40 && std::ranges::all_of(text, [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

Result<void> check_revision(std::string_view revision) {
  if (is_revision(revision)) return {};
  return refuse(RepositoryRefusal::invalid_revision,
                "A revision is a commit's 40 hexadecimal digits in lower case.");
}

Result<void> check_file_path(std::string_view path) {
  const auto invalid = [] {
    return refuse(
        RepositoryRefusal::invalid_file_path,
        "A file path is relative to the repository's root, without \".\", \"..\" and empty "
        "parts.");
  };
  if (path.empty() || path.size() > 1024 || path.find('\0') != path.npos) return invalid();
  std::string_view rest = path;
  for (;;) {
    const std::size_t slash = rest.find('/');
    const std::string_view part = rest.substr(0, slash);
    if (part.empty() || part == "." || part == "..") return invalid();
    if (slash == rest.npos) return {};
    rest.remove_prefix(slash + 1);
  }
}

std::unexpected<Failure> git_failed(const GitOutput& output) {
  return refuse(RepositoryRefusal::git_failed, "The git program failed on the repository.",
                fmt::format("exit {}: {}", output.exit_code, output.error));
}

Result<GitOutput> run(std::vector<std::string> arguments, std::size_t limit = 4 << 20) {
  return run_git({.arguments = std::move(arguments), .output_limit = limit});
}

/// "main" of "refs/heads/main", "v1" of "refs/tags/v1".
std::string_view short_name(std::string_view full_name) {
  for (const std::string_view prefix : {"refs/heads/", "refs/tags/"}) {
    if (full_name.starts_with(prefix)) return full_name.substr(prefix.size());
  }
  return full_name;
}

std::string_view take_field(std::string_view& rest, char end) {
  const std::size_t at = rest.find(end);
  const std::string_view field = rest.substr(0, at);
  rest.remove_prefix(at == rest.npos ? rest.size() : at + 1);
  return field;
}

/// One record per commit, fields ended by U+0000, which no commit message can hold.
constexpr std::string_view log_format = "%H%x00%an%x00%ae%x00%at%x00%s%x00%b%x00";

std::vector<Commit> parse_log(std::string_view log) {
  std::vector<Commit> commits;
  while (log.size() >= 40) {
    Commit commit;
    commit.revision = take_field(log, '\0');
    commit.author_name = readable(take_field(log, '\0'));
    commit.author_email = readable(take_field(log, '\0'));
    const std::string_view seconds = take_field(log, '\0');
    std::int64_t authored = 0;
    std::from_chars(seconds.data(), seconds.data() + seconds.size(), authored);
    commit.authored = from_milliseconds(authored * 1000);
    commit.subject = readable(take_field(log, '\0'));
    commit.body = readable(take_field(log, '\0'));
    while (commit.body.ends_with('\n')) commit.body.pop_back();
    if (log.starts_with('\n')) log.remove_prefix(1);
    commits.push_back(std::move(commit));
  }
  return commits;
}

}  // namespace

Reason reason(RepositoryRefusal refusal) {
  switch (refusal) {
    case RepositoryRefusal::invalid_ref_name:
      return {"invalid_ref_name", FailureKind::invalid};
    case RepositoryRefusal::invalid_file_path:
      return {"invalid_file_path", FailureKind::invalid};
    case RepositoryRefusal::invalid_revision:
      return {"invalid_revision", FailureKind::invalid};
    case RepositoryRefusal::repository_exists:
      return {"repository_exists", FailureKind::conflict};
    case RepositoryRefusal::repository_not_found:
      return {"repository_not_found", FailureKind::not_found};
    case RepositoryRefusal::ref_not_found:
      return {"ref_not_found", FailureKind::not_found};
    case RepositoryRefusal::file_not_found:
      return {"file_not_found", FailureKind::not_found};
    case RepositoryRefusal::file_too_large:
      return {"file_too_large", FailureKind::too_large};
    case RepositoryRefusal::git_failed:
      return {"git_failed", FailureKind::internal};
  }
  return {"internal", FailureKind::internal};
}

Result<void> check_ref_name(std::string_view name) {
  const auto invalid = [](std::string_view why) {
    return refuse(RepositoryRefusal::invalid_ref_name,
                  fmt::format("This is not a branch or tag name: {}.", why));
  };
  if (name.empty() || name.size() > 244) return invalid("it has 1 to 244 bytes");
  if (!is_utf8(name)) return invalid("it is UTF-8 text");
  if (name.front() == '-') return invalid("it does not begin with '-'");
  if (name.starts_with("refs/")) return invalid("it is the short name, without refs/");
  if (name == "@" || name == "HEAD") return invalid("\"@\" and \"HEAD\" are git's own");
  if (name.find("..") != name.npos || name.find("@{") != name.npos) {
    return invalid("it holds neither \"..\" nor \"@{\"");
  }
  const bool clean = std::ranges::all_of(name, [](char c) {
    return static_cast<unsigned char>(c) > 0x20 && c != 0x7f &&
           std::string_view("~^:?*[\\").find(c) == std::string_view::npos;
  });
  if (!clean) return invalid("it holds no space, control character or any of ~^:?*[\\");
  if (name.ends_with('/') || name.ends_with('.'))
    return invalid("it ends with neither '/' nor '.'");
  std::string_view rest = name;
  while (!rest.empty()) {
    const std::string_view part = take_field(rest, '/');
    if (part.empty() || part.front() == '.' || part.ends_with(".lock")) {
      return invalid("no part is empty, begins with '.' or ends with \".lock\"");
    }
  }
  return {};
}

std::string Repositories::path(std::string_view project_id) const {
  return directory_ + "/" + std::string(project_id) + ".git";
}

bool Repositories::exists(std::string_view project_id) const {
  std::error_code ignored;
  return is_uuid(project_id) && std::filesystem::exists(path(project_id) + "/HEAD", ignored);
}

Result<void> Repositories::known(std::string_view project_id) const {
  if (exists(project_id)) return {};
  return refuse(RepositoryRefusal::repository_not_found,
                "This server holds no repository of this project.");
}

Result<void> Repositories::create(std::string_view project_id,
                                  std::string_view default_branch) const {
  if (auto checked = check_ref_name(default_branch); !checked) return checked;
  if (!is_uuid(project_id) || exists(project_id)) {
    return refuse(RepositoryRefusal::repository_exists, "The project has a repository already.");
  }
  std::error_code problem;
  std::filesystem::create_directories(directory_, problem);
  if (problem) {
    return refuse(RepositoryRefusal::git_failed, "The directory of repositories cannot be made.",
                  problem.message());
  }
  const std::string where = path(project_id);
  // An empty template keeps the machine's sample hooks out.
  auto made = run({"init", "--quiet", "--bare",
                   "--template=", "--initial-branch=" + std::string(default_branch), where});
  if (!made) return pass_on(made);
  if (made->exit_code != 0) return git_failed(*made);
  for (const auto& [key, value] :
       {std::pair{"http.receivepack", "true"}, std::pair{"receive.fsckObjects", "true"},
        std::pair{"core.hooksPath", "/dev/null"}}) {
    auto set = run({"--git-dir=" + where, "config", key, value});
    if (!set) return pass_on(set);
    if (set->exit_code != 0) return git_failed(*set);
  }
  return {};
}

void Repositories::remove(std::string_view project_id) const {
  std::error_code ignored;
  if (is_uuid(project_id)) std::filesystem::remove_all(path(project_id), ignored);
}

Result<std::string> Repositories::resolve(std::string_view project_id,
                                          const std::string& full_ref) const {
  if (auto there = known(project_id); !there) return pass_on(there);
  auto found = run({"--git-dir=" + path(project_id), "rev-parse", "--verify", "--quiet",
                    "--end-of-options", full_ref + "^{commit}"});
  if (!found) return pass_on(found);
  while (found->out.ends_with('\n')) found->out.pop_back();
  if (found->exit_code != 0 || !is_revision(found->out)) {
    return refuse(RepositoryRefusal::ref_not_found,
                  fmt::format("The repository has no \"{}\".", full_ref));
  }
  return std::move(found->out);
}

Result<std::string> Repositories::resolve_branch(std::string_view project_id,
                                                 std::string_view branch) const {
  if (auto checked = check_ref_name(branch); !checked) return pass_on(checked);
  return resolve(project_id, "refs/heads/" + std::string(branch));
}

Result<std::string> Repositories::resolve_tag(std::string_view project_id,
                                              std::string_view tag) const {
  if (auto checked = check_ref_name(tag); !checked) return pass_on(checked);
  return resolve(project_id, "refs/tags/" + std::string(tag));
}

Result<std::vector<Ref>> Repositories::refs(std::string_view project_id) const {
  if (auto there = known(project_id); !there) return pass_on(there);
  // For an annotated tag the second column is what it points to; it is empty for all others.
  auto listed =
      run({"--git-dir=" + path(project_id), "for-each-ref",
           "--format=%(objectname) %(*objectname) %(refname)", "refs/heads/", "refs/tags/"},
          refs_limit);
  if (!listed) return pass_on(listed);
  if (listed->exit_code != 0) return git_failed(*listed);
  std::vector<Ref> refs;
  std::string_view rest = listed->out;
  while (!rest.empty()) {
    std::string_view line = take_field(rest, '\n');
    const std::string_view object = take_field(line, ' ');
    const std::string_view peeled = take_field(line, ' ');
    // What git stores and nobody here could name again: a pipeline of it could not be asked for,
    // nor stored where it is no text.
    if (!check_ref_name(short_name(line))) continue;
    refs.push_back({std::string(line), std::string(peeled.empty() ? object : peeled)});
  }
  return refs;
}

Result<std::string> Repositories::read_file(std::string_view project_id, std::string_view revision,
                                            std::string_view file, std::size_t limit) const {
  if (auto checked = check_revision(revision); !checked) return pass_on(checked);
  if (auto checked = check_file_path(file); !checked) return pass_on(checked);
  if (auto there = known(project_id); !there) return pass_on(there);
  auto read = run({"--git-dir=" + path(project_id), "cat-file", "blob",
                   std::string(revision) + ":" + std::string(file)},
                  limit);
  if (!read) return pass_on(read);
  if (read->exit_code != 0) {
    return refuse(RepositoryRefusal::file_not_found,
                  fmt::format("There is no file \"{}\" at commit {}.", file, revision),
                  read->error);
  }
  return std::move(read->out);
}

Result<Commit> Repositories::commit(std::string_view project_id, std::string_view revision) const {
  auto found = commits(project_id, revision, 1);
  if (!found) return pass_on(found);
  return std::move(found->front());
}

Result<std::vector<Commit>> Repositories::commits(std::string_view project_id,
                                                  std::string_view revision,
                                                  std::size_t limit) const {
  if (auto checked = check_revision(revision); !checked) return pass_on(checked);
  if (auto there = known(project_id); !there) return pass_on(there);
  auto log = run({"--git-dir=" + path(project_id), "log", "--no-show-signature",
                  fmt::format("--max-count={}", std::max<std::size_t>(limit, 1)),
                  fmt::format("--format={}", log_format), std::string(revision), "--"},
                 16 << 20);
  if (!log) return pass_on(log);
  auto commits = parse_log(log->out);
  if (log->exit_code != 0 || commits.empty()) {
    return refuse(RepositoryRefusal::ref_not_found,
                  fmt::format("The repository has no commit {}.", revision), log->error);
  }
  return commits;
}

}  // namespace imp::ci
