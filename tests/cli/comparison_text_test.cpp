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
      {"claim": "sub", "expected": "c", "received": "c", "agreed": true}],
      "unasked": [{"claim": "environment", "received": "npm"}]}, 7])");
  EXPECT_EQ(comparison_text(publishers.as_array()),
            "  publisher p1: other issuer (https://ci.example)\n"
            "  publisher p2\n"
            "    differs  ref\n"
            "             expected a\n"
            "             received b\n"
            "    agrees   sub: c\n"
            "    not required  environment: npm\n"
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

// An escape sequence, in the form of C1 too, and a mark that turns the line around.
TEST(ComparisonText, ATerminalIsNotTold) {
  const std::string text = attempt_text({{"action", "publish"},
                                         {"package", "a\x1b[2Jb"},
                                         {"outcome",
                                          "c\xc2\x9b"
                                          "31md"},
                                         {"message",
                                          "e\xe2\x80\xae"
                                          "f\ng"}});
  EXPECT_TRUE(text.contains("a<U+001B>[2Jb: c<U+009B>31md")) << text;
  EXPECT_TRUE(text.contains("e<U+202E>f<U+000A>g")) << text;
}

TEST(AttemptText, SaysWhatItRanOn) {
  EXPECT_TRUE(attempt_text(boost::json::parse(R"({"action": "publish", "runner": "self-hosted"})"))
                  .contains("  ran on self-hosted\n"));
}

TEST(AttemptLine, IsWhenWhatAndWhich) {
  EXPECT_EQ(attempt_line(boost::json::parse(R"({"id": "a1", "at": "then", "action": "publish",
      "version": "1.0.0", "outcome": "granted"})")),
            "then publish of 1.0.0: granted  a1\n");
  EXPECT_EQ(attempt_line(boost::json::parse(R"({"id": "a2", "at": "then", "action": "exchange",
      "outcome": "claim_\u001b[1mmismatch"})")),
            "then exchange: claim_<U+001B>[1mmismatch  a2\n");
}

}  // namespace
}  // namespace imp::cli
