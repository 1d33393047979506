#include "app/descriptor_limit.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

namespace imp::app {
namespace {

class DescriptorLimitTest : public testing::Test {
 protected:
  void SetUp() override { ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before_), 0); }
  void TearDown() override { ::setrlimit(RLIMIT_NOFILE, &before_); }
  void start_with(rlim_t soft) {
    const rlimit limit{soft, before_.rlim_max};
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &limit), 0);
  }
  rlimit before_{};
};

TEST_F(DescriptorLimitTest, IsRaisedToWhatIsWantedAndNeverLowered) {
  start_with(200);
  EXPECT_EQ(descriptor_limit(), 200u);
  EXPECT_EQ(allow_descriptors(300), 300u);
  EXPECT_EQ(allow_descriptors(100), 300u);
  EXPECT_EQ(descriptor_limit(), 300u);
}

TEST_F(DescriptorLimitTest, EndsAtWhatTheSystemAllows) {
  start_with(200);
  const auto most = static_cast<std::size_t>(before_.rlim_max);
  if (before_.rlim_max == RLIM_INFINITY) GTEST_SKIP() << "the system sets no limit";
  EXPECT_EQ(allow_descriptors(most + 1000), most);
}

}  // namespace
}  // namespace imp::app
