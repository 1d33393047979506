#include "ci/api/git_places.h"

#include <gtest/gtest.h>

#include "ci/api/git_backend.h"

namespace imp::ci {
namespace {

TEST(GitPlaces, AreGivenBackWithTheLastHolder) {
  GitPlaces places(2);
  auto first = places.take(), second = places.take();
  ASSERT_TRUE(first && second);
  EXPECT_FALSE(places.take());
  EXPECT_FALSE(places.take());  // a refusal takes nothing
  const auto copy = first;
  first.reset();
  EXPECT_FALSE(places.take());
  second.reset();
  EXPECT_TRUE(places.take());
}

TEST(GitPlaces, NoProgramIsStartedBeyondThem) {
  GitPlaces places(0);
  const auto refused = GitBackend::start(places, {}, nullptr);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), "too_many_git_programs");
  EXPECT_EQ(refused.error().kind(), FailureKind::unavailable);
}

}  // namespace
}  // namespace imp::ci
