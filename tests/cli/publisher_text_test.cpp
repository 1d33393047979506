#include "cli/publisher_text.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

namespace imp::cli {
namespace {

TEST(PublisherText, NamesClaimsAndPermissions) {
  EXPECT_EQ(publisher_text(boost::json::parse(R"({"id": "p1", "type": "github",
      "issuer": "https://ci.example", "permissions": ["createPackage", "manageDistTags"],
      "claims": {"repository": "acme/w", "workflow_ref": {"file": "r.yml"}}})"),
                           "+ "),
            "+ github (https://ci.example) p1\n"
            "+   repository: acme/w\n"
            "+   workflow_ref: {\"file\":\"r.yml\"}\n"
            "+   permissions: createPackage, manageDistTags\n");
}

TEST(PublisherText, HasTheIdentifiersThatItRequires) {
  EXPECT_EQ(publisher_text(boost::json::parse(R"({"type": "github", "claims": {},
      "learnt": {"repository_id": "42"}, "permissions": ["createPackage"]})")),
            "github\n"
            "  repository_id: 42 (the identifier behind a name)\n"
            "  permissions: createPackage\n");
}

TEST(PublisherText, SaysThatThereIsNoPackageYet) {
  EXPECT_EQ(no_package_note(boost::json::parse(R"([{"pending": true}])"), "@acme/widgte"),
            "there is no package @acme/widgte yet: this waits for its first version\n");
  for (const char* of_a_package : {"[]", R"([{"id": "p1"}])", R"({"pending": true})"}) {
    EXPECT_EQ(no_package_note(boost::json::parse(of_a_package), "@acme/widget"), "");
  }
}

TEST(PublisherText, SaysWhenItBeginsAndEnds) {
  EXPECT_EQ(publisher_text(boost::json::parse(R"({"id": "p1", "type": "github",
      "usableFrom": "2026-09-21T14:13:20.000Z", "expiresAt": "2026-09-23T14:13:20.000Z\u001b[1m",
      "permissions": ["createPackage"], "claims": {}})")),
            "github p1\n"
            "  permissions: createPackage\n"
            "  can be used from 2026-09-21 14:13:20 UTC on\n"
            "  ends at 2026-09-23T14:13:20.000Z<U+001B>[1m unless something is published with it "
            "before\n");
}

TEST(PublisherText, SaysWhoseMakerHasLeftAndWhatEnded) {
  EXPECT_TRUE(
      publisher_text(boost::json::parse(R"({"type": "github", "makerLeft": true})"), "")
          .contains("added by somebody who may not decide here any more: keep or remove it\n"));
  EXPECT_TRUE(
      publisher_text(
          boost::json::parse(R"({"type": "github", "makerLeft": true, "keepBy": "then"})"), "")
          .contains("added by somebody who may not decide here any more: it ends at then unless "
                    "somebody keeps it\n"));
  EXPECT_TRUE(
      publisher_text(
          boost::json::parse(R"({"type": "github", "endedAt": "then", "reason": "unused"})"), "")
          .contains("ended: then (unused)\n"));
}

}  // namespace
}  // namespace imp::cli
