#include <cstdio>
#include <cstdlib>

#include "jobtool/commands.h"

namespace imp::jobtool {

namespace {

constexpr char usage[] = "usage: circleci env subst [TEXT]   (without TEXT: standard input)\n";

bool is_letter(char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_'; }
bool is_name(char c) { return is_letter(c) || (c >= '0' && c <= '9'); }

std::size_t name_end(const std::string& text, std::size_t at) {
  if (at >= text.size() || !is_letter(text[at])) return at;
  while (at < text.size() && is_name(text[at])) ++at;
  return at;
}

/// $NAME, ${NAME}, ${NAME-default} and ${NAME:-default}; an unset variable is empty. Any other use
/// of `$` stays as it is, but a `${` that does not parse is a mistake that would go unnoticed.
bool substitute(const std::string& text, std::string& out, std::string& problem) {
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t dollar = text.find('$', at);
    out.append(text, at, dollar - at);
    if (dollar == std::string::npos) return true;
    const bool braces = dollar + 1 < text.size() && text[dollar + 1] == '{';
    const std::size_t start = dollar + (braces ? 2 : 1);
    std::size_t end = name_end(text, start);
    const std::string name = text.substr(start, end - start);
    if (name.empty() && !braces) {
      out += '$';
      at = dollar + 1;
      continue;
    }
    std::string fallback;
    bool empty_counts_as_unset = false;
    if (braces) {
      const std::size_t brace = text.find('}', end);
      empty_counts_as_unset = text.compare(end, 2, ":-") == 0;
      const bool has_fallback = empty_counts_as_unset || text.compare(end, 1, "-") == 0;
      if (name.empty() || brace == std::string::npos || (!has_fallback && brace != end)) {
        problem = "not a substitution: " + text.substr(dollar, 40);
        return false;
      }
      if (has_fallback) {
        const std::size_t from = end + (empty_counts_as_unset ? 2 : 1);
        fallback = text.substr(from, brace - from);
      }
      end = brace + 1;
    }
    // NOLINTNEXTLINE(concurrency-mt-unsafe): one thread
    const char* value = std::getenv(name.c_str());
    const bool missing = value == nullptr || (empty_counts_as_unset && *value == '\0');
    out += missing ? fallback : std::string(value);
    at = end;
  }
  return true;
}

}  // namespace

int env_subst(const Words& words) {
  std::string text;
  if (words.size() > 1) return usage_error("more than one text given", usage);
  if (!words.empty() && words[0] == "--help") {
    std::fputs(usage, stdout);
    return 0;
  }
  if (!words.empty()) {
    text = words[0];
  } else {
    char buffer[4096];
    std::size_t count = 0;
    while ((count = std::fread(buffer, 1, sizeof buffer, stdin)) > 0) text.append(buffer, count);
  }
  std::string out;
  std::string problem;
  if (!substitute(text, out, problem)) return refusal(problem);
  std::fwrite(out.data(), 1, out.size(), stdout);
  return std::fflush(stdout) == 0 ? 0 : refusal("the result could not be written");
}

}  // namespace imp::jobtool
