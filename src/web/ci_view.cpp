#include "web/ci_view.h"

#include "ci/pipelines/reader.h"
#include "web/model.h"

namespace imp::web {

namespace {

constexpr char kEscape = '\x1b';

/// How many characters an escape sequence takes (ECMA-48 §5.4, and the window titles of xterm).
std::size_t escape_length(std::string_view text) {
  if (text.size() < 2) return text.size();
  const auto between = [](char c, char first, char last) { return c >= first && c <= last; };
  std::size_t at = 2;
  if (text[1] == '[') {
    while (at < text.size() && between(text[at], ' ', '?')) ++at;
    return at < text.size() && between(text[at], '@', '~') ? at + 1 : at;
  }
  if (text[1] == ']') {
    while (at < text.size() && text[at] != '\a' && text[at] != kEscape && text[at] != '\n') ++at;
    if (at < text.size() && text[at] == '\a') return at + 1;
    return text.substr(at).starts_with("\x1b\\") ? at + 2 : at;
  }
  return 2;
}

}  // namespace

Result<ci::Project> visible_project(const Visit& visit, std::string_view project_id) {
  const auto hidden = [] {
    return refuse(WebRefusal::page_not_found, "There is nothing here, or it is not yours to see.");
  };
  auto project = visit.services.ci.projects.find(project_id);
  if (!project) {
    if (project.error().kind() == FailureKind::not_found) return hidden();
    return project;
  }
  const auto standing = ci::standing_in(visit.call(), project->organization_id);
  if (!standing) return pass_on(standing);
  if (!standing->member) return hidden();
  return project;
}

std::string ref_text(const ci::Pipeline& pipeline) {
  if (pipeline.pull_request != 0) return fmt::format("pull/{}", pipeline.pull_request);
  return pipeline.tag.empty() ? pipeline.branch : pipeline.tag;
}

std::string took_text(const std::optional<Time>& from, const std::optional<Time>& until, Time now) {
  if (!from) return {};
  return duration_text(until.value_or(std::max(now, *from)) - *from);
}

std::string joined(const std::vector<std::string>& words) {
  return fmt::format("{}", fmt::join(words, ", "));
}

std::string plain_output(std::string_view bytes) {
  const std::string text = ci::readable(bytes);
  std::string plain;
  plain.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const std::string_view rest = std::string_view(text).substr(at);
    if (rest.front() == kEscape) {
      at += escape_length(rest);
    } else if (rest.front() == '\r') {
      plain += '\n';
      at += rest.starts_with("\r\n") ? 2 : 1;
    } else {
      plain += rest.front();
      ++at;
    }
  }
  return plain;
}

}  // namespace imp::web
