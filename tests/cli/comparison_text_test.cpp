#include "cli/comparison_text.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

namespace imp::cli {
namespace {

TEST(ComparisonText, HasALineForEachClaim) {
  const auto publishers = boost::json::parse(R"([
    {"publisher": "p1", "outcome": "other_issuer", "issuer": "https://ci.example", "claims": []},
    {"publisher": "p2", "claims": [
      {"claim": "ref", "expected": "a", "received": "b", "agreed": false},
      {"claim": "sub", "expected": "c", "received": "c", "agreed": true}]}, 7])");
  EXPECT_EQ(comparison_text(publishers.as_array()),
            "  publisher p1: other issuer (https://ci.example)\n"
            "  publisher p2\n"
            "    differs  ref\n"
            "             expected a\n"
            "             received b\n"
            "    agrees   sub: c\n"
            "  publisher \n");
}

TEST(AttemptText, TellsTheExchangeBehindAPublish) {
  const auto attempt = boost::json::parse(R"({
    "id": "a2", "package": "@acme/lib", "at": "t2", "action": "publish", "outcome": "granted",
    "message": "", "actor": "publisher:p1", "issuer": "https://ci.example", "proved": true,
    "address": "192.0.2.1", "publishers": [], "publisher": "p1", "version": "1.0.0",
    "exchange": {"id": "a1", "package": "@acme/lib", "at": "t1", "action": "exchange",
      "outcome": "granted", "message": "", "actor": "identity token", "issuer": "https://x.example",
      "proved": false, "address": "192.0.2.2", "publishers": []}})");
  EXPECT_EQ(
      attempt_text(attempt),
      "publish of @acme/lib@1.0.0: granted\n"
      "  attempt a2 at t2 by publisher:p1 from 192.0.2.1\n"
      "  issuer https://ci.example\n"
      "  by publisher p1\n"
      "its token came of the exchange of @acme/lib: granted\n"
      "  attempt a1 at t1 by identity token from 192.0.2.2\n"
      "  issuer https://x.example (claimed, not proved)\n"
      "  no publisher was compared: the token was refused before, or none is of its issuer\n");
}

TEST(ComparisonText, ATerminalIsNotTold) {
  EXPECT_EQ(printable("a\x1b[2Jb\r\nc\x7fü"), "a [2Jb  c ü");
}

}  // namespace
}  // namespace imp::cli
