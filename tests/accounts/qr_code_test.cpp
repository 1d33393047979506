#include "accounts/qr_code.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace imp::accounts {
namespace {

TEST(QrCode, SvgIsASquareWithAQuietZone) {
  // 11 characters at level M fit version 1: 21 modules and four on each side.
  const auto svg = qr_code_svg("hello world", "Scan <me>");
  ASSERT_TRUE(svg);
  EXPECT_TRUE(svg->contains("viewBox=\"0 0 29 29\""));
  // The finder pattern's first row: seven dark modules.
  EXPECT_TRUE(svg->contains("M4 4h7v1h-7z"));
  EXPECT_TRUE(svg->contains("<title>Scan &lt;me&gt;</title>"));
}

TEST(QrCode, TextHasTwoModulesALine) {
  const auto text = qr_code_text("hello world");
  ASSERT_TRUE(text);
  EXPECT_EQ(std::ranges::count(*text, '\n'), 15);  // 29 rows, rounded up
}

TEST(QrCode, SaysWhenTheTextIsTooLong) {
  EXPECT_FALSE(qr_code_svg(std::string(5000, 'a'), "x"));
  EXPECT_FALSE(qr_code_text(std::string(5000, 'a')));
}

}  // namespace
}  // namespace imp::accounts
