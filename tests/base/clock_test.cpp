#include "base/clock.h"

#include <gtest/gtest.h>

#include "base/uuid.h"

namespace imp {
namespace {

TEST(Clock, Iso8601RoundTrips) {
  const Time time = from_milliseconds(1795468602123);
  EXPECT_EQ(iso8601(time), "2026-11-23T21:16:42.123Z");
  EXPECT_EQ(parse_iso8601("2026-11-23T21:16:42.123Z"), time);
  EXPECT_EQ(time_text(time), "2026-11-23 21:16:42 UTC");
  EXPECT_EQ(parse_iso8601("2026-11-23T21:16:42Z"), from_milliseconds(1795468602000));
  EXPECT_EQ(parse_iso8601("2024-02-29T00:00:00.5Z"), from_milliseconds(1709164800500));
}

TEST(Clock, Iso8601RefusesOtherForms) {
  for (const char* bad : {"", "2026-11-23", "2026-11-23T21:16:42", "2026-11-23T21:16:42+01:00",
                          "2025-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-11-23T24:00:00Z"}) {
    EXPECT_FALSE(parse_iso8601(bad)) << bad;
  }
}

TEST(Clock, HttpDate) {
  EXPECT_EQ(http_date(from_milliseconds(784111777000)), "Sun, 06 Nov 1994 08:49:37 GMT");
}

TEST(Uuid, OrderedOnesBeginWithTheirTime) {
  // RFC 9562 appendix A.6.
  const std::string a = new_ordered_uuid(from_milliseconds(0x017F22E279B0));
  EXPECT_TRUE(is_uuid(a));
  EXPECT_TRUE(a.starts_with("017f22e2-79b0-7")) << a;
  EXPECT_NE(std::string_view("89ab").find(a[19]), std::string_view::npos) << a;
  EXPECT_NE(a, new_ordered_uuid(from_milliseconds(0x017F22E279B0)));
  EXPECT_LT(a, new_ordered_uuid(from_milliseconds(0x017F22E279B1)));
}

TEST(Uuid, IsRandomVersion4) {
  const std::string a = new_uuid();
  EXPECT_TRUE(is_uuid(a));
  EXPECT_EQ(a[14], '4');
  EXPECT_NE(a, new_uuid());
  for (const char* bad :
       {"", "0f0e", "0f0e0000-0000-4000-8000-00000000000g", "0f0e0000-0000-4000-8000-0000000000000",
        "0f0e00000-000-4000-8000-000000000000"}) {
    EXPECT_FALSE(is_uuid(bad)) << bad;
  }
}

}  // namespace
}  // namespace imp
