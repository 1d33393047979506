#include "ci/projects/slug.h"

#include <gtest/gtest.h>

namespace imp::ci {
namespace {

TEST(ProjectSlug, LongProvidersAreReadAsShortOnes) {
  const std::pair<std::string, std::string> cases[] = {
      {"gh/acme/widgets", "gh/acme/widgets"},
      {"github/acme/widgets", "gh/acme/widgets"},
      {"bitbucket/acme/widgets", "bb/acme/widgets"},
      {"circleci/acme/wid.get_s-2", "circleci/acme/wid.get_s-2"},
  };
  for (const auto& [text, expected] : cases) EXPECT_EQ(parse_project_slug(text)->text(), expected);
}

TEST(ProjectSlug, OtherFormsAreRefused) {
  for (const std::string& bad :
       {std::string(), std::string("acme/widgets"), std::string("gl/acme/widgets"),
        std::string("gh/acme/widgets/x"), std::string("gh//widgets"), std::string("gh/acme/"),
        std::string("gh/acme/.."), std::string("gh/./x"), std::string("gh/acme/a b"),
        std::string("gh/acme/w%2f"), std::string("gh/acme/w\n"), std::string("GH/acme/widgets"),
        "gh/acme/" + std::string(101, 'a')}) {
    const auto slug = parse_project_slug(bad);
    ASSERT_FALSE(slug) << bad;
    EXPECT_EQ(slug.error().code(), "invalid_project_slug");
  }
}

TEST(ProjectName, Rules) {
  for (const char* good : {"widgets", "a", "9", "Wid.get_s-2"})
    EXPECT_TRUE(check_project_name(good));
  for (const char* bad : {"", ".", "..", "a/b", "-rf", "widgets.git", "wid gets", "w\u00efdgets"}) {
    EXPECT_FALSE(check_project_name(bad)) << bad;
  }
}

TEST(VcsOrigin, Rules) {
  for (const char* good : {"github.com/acme/widgets", "localhost:4873/acme/widgets",
                           "git.example/group/sub/widgets", "github.com/Acme/Widgets"}) {
    EXPECT_TRUE(check_vcs_origin(good)) << good;
  }
  for (const char* bad :
       {"", "github.com", "github.com/acme", "https://github.com/acme/widgets",
        "git@github.com/acme/widgets", "github.com/acme/widgets.git", "github.com/acme/widgets/",
        "GitHub.com/acme/widgets", "github.com//widgets", "github.com/acme/../x",
        "github.com:port/acme/widgets", "github.com:/acme/widgets", "github.com/acme/wid gets",
        "github.com/acme/w\n", "/acme/widgets", "github.com/acme/widgets?x", "github.com/a/b#c"}) {
    const auto checked = check_vcs_origin(bad);
    ASSERT_FALSE(checked) << bad;
    EXPECT_EQ(checked.error().code(), "invalid_vcs_origin");
  }
}

TEST(VcsOrigin, FromRepositoryUrl) {
  const std::pair<std::string, std::string> cases[] = {
      {"https://github.com/acme/widgets", "github.com/acme/widgets"},
      {"https://github.com/acme/widgets.git", "github.com/acme/widgets"},
      {"https://GitHub.com/acme/widgets/", "github.com/acme/widgets"},
      {"ssh://git@git.example:2222/acme/widgets.git", "git.example:2222/acme/widgets"},
      {"git@github.com:acme/widgets.git", "github.com/acme/widgets"},
      {"http://localhost:4873/acme/widgets.git", "localhost:4873/acme/widgets"},
      {"ssh://deploy-1@github.com/acme/widgets", "github.com/acme/widgets"},
  };
  for (const auto& [url, expected] : cases) {
    const auto origin = vcs_origin_of(url);
    ASSERT_TRUE(origin) << url;
    EXPECT_EQ(*origin, expected);
  }
  for (const char* bad :
       {"", "github.com/acme/widgets", "file:///etc/passwd", "ext::sh -c id", "https://github.com",
        "https://github.com/acme", "/srv/git/widgets.git", "https://github.com/acme/wid gets",
        "-upload-pack=x:y/z",
        // What is before the '@' is stored and shown, or read as an option.
        "https://user:token@github.com/acme/widgets.git", "https://token@github.com/acme/widgets",
        "git://u@github.com/acme/widgets", "ssh://git:secret@github.com/acme/widgets",
        "@github.com:acme/widgets", "ssh://-oProxyCommand=id@github.com/acme/widgets",
        "--upload-pack=id@github.com:acme/widgets", "a b@github.com:acme/widgets",
        "https://github.com\\@evil.example/acme/widgets"}) {
    EXPECT_FALSE(vcs_origin_of(bad)) << bad;
  }
  const auto refused = vcs_origin_of("https://user:hunter2@github.com/acme/widgets");
  EXPECT_FALSE(refused.error().message.contains("hunter2"));
}

}  // namespace
}  // namespace imp::ci
