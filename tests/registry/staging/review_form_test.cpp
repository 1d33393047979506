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

TEST(ReviewForm, SaysWhatItNeedsAndWhyThatIsMoreThanThePolicySays) {
  ReleaseReview review;
  review.policy = {.approvals = 2, .different_person = true};
  review.group_name = "release";
  review.needed = 2;
  EXPECT_EQ(review.needs(), "2 approvals, by somebody else than who is behind it (release)");
  review.needed = approvals_needed(review.policy, "");
  EXPECT_EQ(review.needs(),
            "2 approvals, by somebody else than who is behind it (release); 3 approvals, because "
            "nobody here knows who that is");
}

}  // namespace
}  // namespace imp::registry
