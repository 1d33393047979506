#include "cli/switches_text.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

namespace imp::cli {
namespace {

TEST(SwitchesText, IsALineForEach) {
  EXPECT_EQ(switches_text(boost::json::parse(R"({
      "trustedOnly": {"on": true, "scope": true, "setBy": "alice", "endsAt": null},
      "stagedOnly": {"on": true, "scope": false, "setBy": "bob", "endsAt": "2026-11-27"},
      "secondFactor": {"on": false, "scope": false, "setBy": null, "endsAt": null}})")),
            "trustedOnly: on, for the whole scope, by alice\n"
            "stagedOnly: on, by bob, relaxed: in force until 2026-11-27\n"
            "secondFactor: off\n");
  EXPECT_EQ(switches_text(boost::json::parse("[1]")), "");
}

}  // namespace
}  // namespace imp::cli
