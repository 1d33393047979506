#include "registry/review/manifest_changes.h"

#include <gtest/gtest.h>

#include <fmt/format.h>
#include <boost/json.hpp>

namespace imp::registry {
namespace {

TEST(ManifestChanges, ScriptsAndDependenciesAreCompared) {
  const auto before = boost::json::parse(
      R"({"scripts":{"test":"a"},"dependencies":{"left-pad":"1"},"main":"x.js"})");
  const auto after = boost::json::parse(
      R"({"scripts":{"test":"a","postinstall":"b"},"dependencies":{"left-pad":"2","odd":"3"},
          "main":"y.js","bin":{"lib":"cli.js"}})");
  std::vector<std::string> seen;
  for (const auto& change : manifest_changes(before.as_object(), after.as_object())) {
    seen.push_back(fmt::format("{}{}: {} -> {}", change.warning ? "!" : "", change.what,
                               change.before, change.after));
  }
  const std::vector<std::string> expected = {"!script postinstall:  -> b",
                                             "dependency left-pad: 1 -> 2", "dependency odd:  -> 3",
                                             "program lib:  -> cli.js", "main: x.js -> y.js"};
  EXPECT_EQ(seen, expected);
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
