#include "registry/review/manifest_changes.h"

#include <gtest/gtest.h>

#include <fmt/format.h>
#include <boost/json.hpp>

namespace imp::registry {
namespace {

std::vector<std::string> seen(std::string_view before, std::string_view after) {
  std::vector<std::string> seen;
  for (const auto& change : manifest_changes(boost::json::parse(before).as_object(),
                                             boost::json::parse(after).as_object())) {
    seen.push_back(fmt::format("{}{}: {} -> {}", change.warning ? "!" : "", change.what,
                               change.before, change.after));
  }
  return seen;
}

TEST(ManifestChanges, ScriptsAndDependenciesAreCompared) {
  const std::vector<std::string> expected = {"!script postinstall:  -> b",
                                             "dependency left-pad: 1 -> 2", "dependency odd:  -> 3",
                                             "program lib:  -> cli.js", "main: x.js -> y.js"};
  EXPECT_EQ(
      seen(R"({"scripts":{"test":"a"},"dependencies":{"left-pad":"1"},"main":"x.js"})",
           R"({"scripts":{"test":"a","postinstall":"b"},"dependencies":{"left-pad":"2","odd":"3"},
               "main":"y.js","bin":{"lib":"cli.js"}})"),
      expected);
}

// The entry point has many names, and many forms.
TEST(ManifestChanges, EveryWayIntoThePackageIsCompared) {
  const std::vector<std::string> expected = {"program lib: cli.js -> ",
                                             R"(main: ["x.js"] -> y.js)",
                                             R"(exports: {".":"./x.js"} -> {".":"./y.js"})",
                                             R"(browser:  -> {"fs":false})",
                                             "bin:  -> evil.js",
                                             R"(bundleDependencies:  -> ["odd"])"};
  EXPECT_EQ(seen(R"({"main":["x.js"],"exports":{".":"./x.js"},"bin":{"lib":"cli.js"}})",
                 R"({"main":"y.js","exports":{".":"./y.js"},"browser":{"fs":false},
                     "bin":"evil.js","bundleDependencies":["odd"]})"),
            expected);
}

TEST(ManifestChanges, ManifestsOfOtherShapesDoNoHarm) {
  const auto odd = boost::json::parse(R"({"scripts":[1],"dependencies":null,"bin":"x","main":{}})");
  EXPECT_EQ(manifest_changes(odd.as_object(), odd.as_object()).size(), 0u);
  EXPECT_EQ(
      manifest_changes({}, boost::json::parse(R"({"scripts":{"a":{"b":1}}})").as_object()).size(),
      1u);
}

}  // namespace
}  // namespace imp::registry
