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

}  // namespace
}  // namespace imp::cli
