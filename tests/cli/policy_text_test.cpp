#include "cli/policy_text.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

namespace imp::cli {
namespace {

TEST(PolicyText, SaysWhatBindsAndWhatItComesOf) {
  EXPECT_EQ(policy_text(boost::json::parse(R"({
              "approvals": 2, "group": "release", "text": "2 approvals, by members of a named group",
              "own": "1 approval, by members of a named group", "organization": "2 approvals",
              "next": {"text": "1 approval", "group": "core", "from": "2027-01-01T00:00:00.000Z"}})")),
            "2 approvals, by members of a named group\n"
            "  group: release\n"
            "  the package's own: 1 approval, by members of a named group\n"
            "  its organisation's: 2 approvals\n"
            "  loosened, from 2027-01-01 00:00:00 UTC on: 1 approval (core)\n");
}

TEST(PolicyText, LeavesOutWhatThereIsNot) {
  EXPECT_EQ(policy_text(boost::json::parse(
                R"({"text": "1 approval", "group": null, "own": "1 approval",
                    "organization": null, "next": null})")),
            "1 approval\n  the package's own: 1 approval\n");
  EXPECT_EQ(policy_text(boost::json::parse(R"({"text": "3 approvals", "group": null,
                                               "next": null})")),
            "3 approvals\n");
  EXPECT_EQ(policy_text(boost::json::parse("[1]")), "\n");
}

// A terminal must not obey what a registry that is none says.
TEST(PolicyText, CannotSteerATerminal) {
  EXPECT_FALSE(policy_text(boost::json::parse(R"({"text": "\u001b[2Jx", "group": "\u001b[1m"})"))
                   .contains('\x1b'));
}

}  // namespace
}  // namespace imp::cli
