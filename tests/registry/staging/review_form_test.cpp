#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "registry/staging/release_review.h"

namespace imp::registry {
namespace {

// What an identity token calls its claims is printed like everything else that others have written.
TEST(ReviewForm, NamesOfClaimsSteerNoTerminal) {
  ReleaseReview review;
  review.release.candidate.name = "@acme/lib";
  review.release.candidate.version = "1.0.0";
  review.release.run = {{"sub\nintegrity sha512-forged", "x"}, {"\x1b[2Jref", "main"}};
  const std::string text = review.to_text();
  EXPECT_FALSE(text.contains('\x1b')) << text;
  EXPECT_FALSE(text.contains("\nintegrity sha512-forged")) << text;
  EXPECT_TRUE(text.contains("ref: main")) << text;
}

}  // namespace
}  // namespace imp::registry
