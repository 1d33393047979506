#pragma once

#include <string>
#include <string_view>

#include "base/failure.h"

namespace imp::ci {

/// The three parts of a project slug. `provider` is one of "circleci", "gh", "bb": the long forms
/// "github" and "bitbucket" are read as their short ones.
struct ProjectSlug {
  std::string provider;
  std::string organization;
  std::string project;

  std::string text() const { return provider + "/" + organization + "/" + project; }
};

/// Reads `provider/org/project`. Each part is letters, digits, '.', '_' and '-', at most 100
/// characters, and neither "." nor "..".
Result<ProjectSlug> parse_project_slug(std::string_view text);

/// A project's name: the rules of one slug part.
Result<void> check_project_name(std::string_view name);

/// Checks the `vcs-origin` form: `host[:port]/path/…`, at least three parts, no scheme, no user, no
/// ".git", no trailing slash. The host is compared in lower case only.
Result<void> check_vcs_origin(std::string_view origin);

/// The `vcs-origin` of a clone URL: without scheme, user and ".git"
/// ("git@github.com:acme/widgets.git" and "https://github.com/acme/widgets" both give
/// "github.com/acme/widgets"). A URL with a password is refused, and so is any user over http: the
/// URL is stored as it is and shown to every member. The user of ssh is letters, digits, '.', '_'
/// and '-', and does not begin with '-'.
Result<std::string> vcs_origin_of(std::string_view repository_url);

}  // namespace imp::ci
