#include <gtest/gtest.h>

#include "walk.h"

namespace imp::registry::model {
namespace {

constexpr std::uint64_t kSeeds = 10;  // each is a registry of its own
constexpr int kSteps = 400;

TEST(ModelTest, TheRegistryIsWhatTheModelSays) {
  std::map<std::string, int> outcomes;
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    Walk walk(seed);
    for (int step = 0; step < kSteps; ++step) ASSERT_TRUE(walk.step()) << walk.complaint();
    for (const auto& [outcome, count] : walk.outcomes()) outcomes[outcome] += count;
  }
  // A walk that never gets somewhere says nothing about it.
  for (const char* outcome : {"ok",
                              "died",
                              "replayed",
                              "run_ended",
                              "frozen",
                              "too_old",
                              "expired",
                              "no_matching_publisher",
                              "publish_token_invalid",
                              "other_package",
                              "publish_token_spent",
                              "permission_not_granted",
                              "version_already_published",
                              "version_unpublished",
                              "version_staged",
                              "stage_not_found",
                              "issuer_frozen",
                              "clock_set_back",
                              "held",
                              "trusted_publishing_only",
                              "staged_publishing_only",
                              "approver_is_stager",
                              "approved_already",
                              "not_the_stager",
                              "publish_token_forbidden",
                              "approved in part",
                              "withdrawn by a person",
                              "withdrawn by its run",
                              "released again by its token",
                              "publisher added again",
                              "policy changed by a wrong clock",
                              "job ended before the clock ran ahead",
                              "staged release over"}) {
    EXPECT_GE(outcomes[outcome], 1) << outcome;
  }
  EXPECT_GE(outcomes["ok"], 500);
}

}  // namespace
}  // namespace imp::registry::model
