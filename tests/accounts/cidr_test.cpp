#include "accounts/cidr.h"

#include <gtest/gtest.h>

#include <string>

namespace imp::accounts {
namespace {

TEST(Cidr, Contains) {
  const struct {
    std::string_view block, address;
    bool inside;
  } cases[] = {
      {"10.0.0.0/8", "10.255.255.255", true},
      {"10.0.0.0/8", "11.0.0.0", false},
      {"10.1.2.3", "10.1.2.3", true},
      {"10.1.2.3", "10.1.2.4", false},
      {"10.1.2.3/32", "10.1.2.3", true},
      {"10.1.2.2/31", "10.1.2.3", true},
      {"10.1.2.2/31", "10.1.2.4", false},
      {"0.0.0.0/0", "255.255.255.255", true},
      {"0.0.0.0/0", "2001:db8::1", false},  // all of IPv4 is not all of IPv6
      {"::/0", "2001:db8::1", true},
      {"::/0", "10.0.0.1", true},
      {"2001:db8::/32", "2001:db8:ffff::1", true},
      {"2001:db8::/32", "2001:db9::1", false},
      {"10.0.0.0/8", "::ffff:10.1.1.1", true},  // the same client on a dual-stack socket
      {"::ffff:10.0.0.0/104", "10.1.1.1", true},
  };
  for (const auto& [block, address, inside] : cases) {
    const auto parsed = CidrBlock::parse(block);
    ASSERT_TRUE(parsed) << block;
    EXPECT_EQ(parsed->contains(*parse_address(address)), inside) << block << " " << address;
  }
}

TEST(Cidr, RefusesWhatIsNotABlock) {
  const std::string cases[] = {"",
                               "/",
                               "10.0.0.0/",
                               "10.0.0.0/33",
                               "10.0.0.0/-1",
                               "10.0.0.0/ 8",
                               "10.0.0.0/8x",
                               "10.0.0.0/08",
                               "10.0.0.1/8",  // bits beyond the prefix: a typing mistake
                               "10.0.0",
                               "010.0.0.1",
                               "0x0a.0.0.1",
                               "256.0.0.1",
                               "::/129",
                               "2001:db8::1/32",
                               "10.0.0.0/8/8",
                               "localhost",
                               "10.0.0.0/99999999999999999999",
                               std::string("10.0.0.1\0", 9),
                               "fe80::1%eth0"};
  for (const std::string& text : cases) EXPECT_FALSE(CidrBlock::parse(text)) << text;
}

}  // namespace
}  // namespace imp::accounts
