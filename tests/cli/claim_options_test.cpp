#include "cli/claim_options.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

namespace imp::cli {
namespace {

TEST(ClaimOptions, AreTextsUnlessTheyLookLikeSomethingElse) {
  const auto claims = claims_of({"a=b", "id=123", "rerun=false", R"(list=["x"])", "eq=a=b",
                                 "e=", R"(workflow_ref={"file":"release.yml"})", "t=[not json"});
  ASSERT_TRUE(claims) << claims.error().message;
  EXPECT_EQ(*claims, boost::json::parse(R"({"a":"b","id":"123","rerun":false,"list":["x"],
      "eq":"a=b","e":"","workflow_ref":{"file":"release.yml"},"t":"[not json"})")
                         .as_object());
}

TEST(ClaimOptions, WhatIsNoClaimIsSaid) {
  for (const std::vector<std::string>& given :
       {std::vector<std::string>{"a"}, {"=b"}, {"a=b", "a=c"}}) {
    EXPECT_EQ(claims_of(given).error().code(), "unusable_argument") << given.back();
  }
}

}  // namespace
}  // namespace imp::cli
