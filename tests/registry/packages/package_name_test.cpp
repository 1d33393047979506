#include "registry/packages/package_name.h"

#include <gtest/gtest.h>

namespace imp::registry {
namespace {

TEST(PackageName, AcceptsNewNames) {
  for (const char* text : {"a", "left-pad", "lodash.merge", "under_score", "0x", "@acme/pkg",
                           "@a/b", "@acme/-dash", "@acme/_under", "@acme-inc/fs", "@acme/http"}) {
    const auto name = PackageName::for_new(text);
    ASSERT_TRUE(name) << text;
    EXPECT_EQ(name->text(), text);
    EXPECT_TRUE(PackageName::for_read(text)) << text;
  }
}

struct Bad {
  std::string text;
  bool readable;  // whether an old package may be called so
};

TEST(PackageName, RefusesNewNames) {
  const std::vector<Bad> table = {
      {"", false},
      {" a", false},
      {"a ", false},
      {"a b", false},
      {".hidden", false},
      {"-dash", false},
      {"_under", false},
      {"node_modules", false},
      {"favicon.ico", false},
      {"NODE_MODULES", false},
      {"Capital", true},
      {"fs", true},
      {"worker_threads", true},
      {"a~b", true},
      {"excited!", true},
      {"it's", true},
      {"call()", true},
      {"star*", true},
      {std::string(215, 'a'), true},
      {std::string(513, 'a'), false},
      {"caf\xc3\xa9", false},
      {"a/b", false},  // a path, not a scope
      {"@acme", false},
      {"@acme/", false},
      {"@/pkg", false},
      {"@acme/a/b", false},
      {"@acme/.hidden", false},
      {"@../etc", false},  // a scope that is a path
      {"@acme/..", false},
      {"@.acme/pkg", false},
      {"@acme/-", false},  // "/@acme/-/x.tgz" would be a tarball of "@acme"
      {"-", false},
      {"@acme\\pkg", false},
      {"@acme%2fpkg", false},  // an escape that was not undone, or was encoded twice
      {"a%00", false},
      {std::string("a\0b", 3), false},
      {"a\nb", false},
      {"a?b", false},
      {"a#b", false},
      {"a:b", false},
      {"a@b", false},
      {"@acme/a@b", false},
      {"@@acme/a", false},
      {"@Acme/pkg", true},
  };
  for (const Bad& row : table) {
    const auto fresh = PackageName::for_new(row.text);
    ASSERT_FALSE(fresh) << row.text;
    EXPECT_EQ(fresh.error().code(), "invalid_package_name") << row.text;
    EXPECT_EQ(PackageName::for_read(row.text).has_value(), row.readable) << row.text;
  }
}

TEST(PackageName, NameAtTheLimitIsNew) {
  EXPECT_TRUE(PackageName::for_new(std::string(214, 'a')));
  EXPECT_TRUE(PackageName::for_new("@s/" + std::string(211, 'a')));
  EXPECT_FALSE(PackageName::for_new("@s/" + std::string(212, 'a')));
}

TEST(PackageName, RefusalDoesNotEchoControlCharacters) {
  const auto name = PackageName::for_new("a\r\nSet-Cookie: x");
  ASSERT_FALSE(name);
  EXPECT_EQ(name.error().message.find('\n'), std::string::npos);
}

TEST(PackageName, KnowsItsParts) {
  const auto scoped = PackageName::for_new("@acme/pkg").value();
  EXPECT_EQ(scoped.scope(), "acme");
  EXPECT_EQ(scoped.base(), "pkg");
  EXPECT_EQ(scoped.escaped(), "@acme%2fpkg");
  EXPECT_EQ(scoped.tarball_file("1.0.0-rc.1"), "pkg-1.0.0-rc.1.tgz");
  EXPECT_EQ(scoped.tarball_path("1.0.0"), "/@acme/pkg/-/pkg-1.0.0.tgz");
  const auto plain = PackageName::for_new("pkg").value();
  EXPECT_EQ(plain.scope(), "");
  EXPECT_EQ(plain.base(), "pkg");
  EXPECT_EQ(plain.escaped(), "pkg");
  EXPECT_EQ(plain.tarball_path("1.0.0"), "/pkg/-/pkg-1.0.0.tgz");
}

TEST(PackageName, IsToldFromAScope) {
  const struct {
    const char* text;
    bool scope;
  } table[] = {{"@acme", true},   {"@Acme.Inc", true},  {"acme", false}, {"", false},
               {"@", false},      {"@acme/lib", false}, {"lib", false},  {"a@b", false},
               {"@acme/", false},  // the beginning of a package's name
               {"@/lib", false},  {" @acme", false}};
  for (const auto& [text, scope] : table) EXPECT_EQ(is_scope(text), scope) << text;
}

TEST(PackageName, ReadsTheVersionOfATarball) {
  const auto name = PackageName::for_new("@acme/pkg-2").value();
  EXPECT_EQ(name.version_of_tarball("pkg-2-1.0.0.tgz"), "1.0.0");
  for (const char* file :
       {"pkg-2-.tgz", "pkg-2.tgz", "pkg-1.0.0.tgz", "pkg-2-1.0.0.tar.gz", "pkg-2_1.0.0.tgz", "",
        ".tgz", "@acme/pkg-2-1.0.0.tgz", "pkg-2-1.0.0.TGZ"}) {
    EXPECT_FALSE(name.version_of_tarball(file)) << file;
  }
}

}  // namespace
}  // namespace imp::registry
