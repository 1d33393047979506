#include "http/addresses.h"

#include <gtest/gtest.h>

#include "http/forwarded.h"

namespace imp::http {
namespace {

TEST(Address, ReadsBothFamilies) {
  EXPECT_EQ(Address::parse("127.0.0.1"), Address::parse("::ffff:127.0.0.1"));
  EXPECT_EQ(Address::parse("::ffff:127.0.0.1")->text(), "127.0.0.1");
  EXPECT_EQ(Address::parse("2001:DB8:0::1")->text(), "2001:db8::1");
  for (const char* bad :
       {"", "localhost", "127.1", "0x7f.0.0.1", "1.2.3.4:80", "::1%lo", "[::1]"}) {
    EXPECT_FALSE(Address::parse(bad)) << bad;
  }
}

TEST(AddressBlock, ContainsTable) {
  const struct {
    const char* block;
    const char* address;
    bool contains;
  } table[] = {
      {"10.0.0.0/8", "10.255.0.1", true},
      {"10.0.0.0/8", "11.0.0.1", false},
      {"10.0.0.0/9", "10.127.0.1", true},
      {"10.0.0.0/9", "10.128.0.1", false},
      {"10.0.0.1", "10.0.0.1", true},
      {"10.0.0.1", "10.0.0.2", false},
      {"0.0.0.0/0", "8.8.8.8", true},
      {"0.0.0.0/0", "2001::1", false},
      {"::/0", "8.8.8.8", true},
      {"fd00::/8", "fd12::1", true},
      {"::ffff:10.0.0.0/104", "10.1.1.1", true},
  };
  for (const auto& row : table) {
    EXPECT_EQ(AddressBlock::parse(row.block)->contains(*Address::parse(row.address)), row.contains)
        << row.block << " " << row.address;
  }
  for (const char* bad :
       {"10.0.0.0/33", "::/129", "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/8x", "x/8"}) {
    EXPECT_FALSE(AddressBlock::parse(bad)) << bad;
  }
}

TEST(Address, OnlyThePublicInternetIsPublic) {
  for (const char* text :
       {"8.8.8.8", "1.1.1.1", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "64:ff9b::8.8.8.8"}) {
    EXPECT_TRUE(is_public(*Address::parse(text))) << text;
  }
  for (const char* text : {"127.0.0.1",
                           "127.255.255.254",
                           "0.0.0.0",
                           "10.0.0.1",
                           "172.16.0.1",
                           "172.31.255.255",
                           "192.168.1.1",
                           "169.254.169.254",
                           "100.64.0.1",
                           "192.0.0.8",
                           "198.18.0.1",
                           "203.0.113.1",
                           "224.0.0.1",
                           "240.0.0.1",
                           "255.255.255.255",
                           "::",
                           "::1",
                           "fe80::1",
                           "fc00::1",
                           "fd00::1",
                           "ff02::1",
                           "2001:db8::1",
                           "2001::1",
                           "fec0::1",
                           "::ffff:127.0.0.1",   // mapped
                           "::127.0.0.1",        // the abandoned compatible form
                           "64:ff9b::10.0.0.1",  // NAT64 of a private address
                           "2002:7f00:1::1"}) {  // 6to4 of loopback
    EXPECT_FALSE(is_public(*Address::parse(text))) << text;
  }
}

TEST(Forwarded, CountsOnlyFromTrustedProxies) {
  const std::vector<AddressBlock> proxies = {*AddressBlock::parse("10.0.0.0/8"),
                                             *AddressBlock::parse("127.0.0.1")};
  const struct {
    const char* what;
    const char* peer;
    Headers headers;
    const char* address;
    bool secure;
  } table[] = {
      {"nothing forwarded", "10.0.0.1", {}, "10.0.0.1", false},
      {"an untrusted peer lies",
       "8.8.8.8",
       {{"X-Forwarded-For", "1.2.3.4"}, {"X-Forwarded-Proto", "https"}},
       "8.8.8.8",
       false},
      {"one hop",
       "10.0.0.1",
       {{"X-Forwarded-For", "1.2.3.4"}, {"X-Forwarded-Proto", "https"}},
       "1.2.3.4",
       true},
      {"the client prepended a lie",
       "10.0.0.1",
       {{"X-Forwarded-For", "6.6.6.6, 1.2.3.4"}},
       "1.2.3.4",
       false},
      {"two trusted hops",
       "10.0.0.1",
       {{"X-Forwarded-For", "1.2.3.4 ,10.0.0.2"}},
       "1.2.3.4",
       false},
      {"nonsense in the list",
       "10.0.0.1",
       {{"X-Forwarded-For", "1.2.3.4, unknown"}},
       "10.0.0.1",
       false},
      {"two lines: the proxy's is the last",
       "10.0.0.1",
       {{"X-Forwarded-For", "6.6.6.6"}, {"X-Forwarded-For", "1.2.3.4"}},
       "1.2.3.4",
       false},
      {"the nearest proxy's protocol",
       "10.0.0.1",
       {{"X-Forwarded-Proto", "https, http"}},
       "10.0.0.1",
       false},
      {"IPv6", "127.0.0.1", {{"X-Forwarded-For", "2001:db8::7"}}, "2001:db8::7", false},
  };
  for (const auto& row : table) {
    Request request;
    request.headers = row.headers;
    resolve_client(request, *Address::parse(row.peer), false, proxies);
    EXPECT_EQ(request.remote_address, row.address) << row.what;
    EXPECT_EQ(request.secure, row.secure) << row.what;
  }
}

}  // namespace
}  // namespace imp::http
