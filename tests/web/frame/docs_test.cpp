#include "web/fixture.h"
#include "web/frame/markdown.h"

namespace imp::web {
namespace {

class DocsTest : public WebTest {};

TEST_F(DocsTest, AreForEverybodyUnderTheirPaths) {
  Browser stranger{*this};
  const Answer index = stranger.get("/-/docs");
  EXPECT_EQ(index.status, 200);
  EXPECT_TRUE(index.has("href=\"/-/docs/guide/troubleshooting.md\""));
  EXPECT_TRUE(index.has("href=\"/-/docs/wire.md\""));
  EXPECT_EQ(stranger.get("/-/docs/guide/nothing.md").status, 404);
  EXPECT_EQ(stranger.get("/-/docs/guide/%2e%2e/wire.md").status, 400);
}

TEST_F(DocsTest, HaveAnAnchorForEachCode) {
  Browser stranger{*this};
  const Answer page = stranger.get("/-/docs/guide/troubleshooting.md");
  ASSERT_EQ(page.status, 200);
  for (const std::string_view code : {"claim_mismatch", "replayed", "not_signed_in"}) {
    EXPECT_TRUE(page.has("<a id=\"" + std::string(code) + "\"></a>")) << code;
  }
  EXPECT_TRUE(page.has("<a id=\"claim_mismatch-403\"></a>"));
  EXPECT_TRUE(page.has("href=\"contexts.md#reasons\""));  // as in the repository
  EXPECT_TRUE(stranger.get("/-/docs/guide/contexts.md").has("<a id=\"reasons\"></a>"));
}

TEST_F(DocsTest, ARefusedPageLeadsToItsCode) {
  Browser stranger{*this};
  EXPECT_TRUE(stranger.get("/package/nothing")
                  .has("href=\"/-/docs/guide/troubleshooting.md#page_not_found\"") ||
              stranger.get("/package/nothing")
                  .has("href=\"/-/docs/guide/troubleshooting.md#package_not_found\""));
}

TEST(Markdown, HasTablesAndNoRawHtml) {
  EXPECT_EQ(html_of_markdown("| a | b |\n| --- | --- |\n| 1 | 2 |\n").find("<table>"), 0u);
  const std::string html =
      html_of_markdown("<script>x</script>\n\n[a](javascript:x) <img src=x onerror=y>\n");
  EXPECT_FALSE(html.contains("<script"));
  EXPECT_FALSE(html.contains("javascript:"));
  EXPECT_FALSE(html.contains("<img"));
}

TEST(Markdown, AnchorsAreThoseOfUsualHosts) {
  EXPECT_TRUE(html_of_markdown("## Branch, tag and *version*").contains("<a id=\"branch-tag-and-"));
  const std::string html = html_of_markdown("### `some_code` (401)");
  EXPECT_TRUE(html.contains("<a id=\"some_code-401\"></a>"));
  EXPECT_TRUE(html.contains("<a id=\"some_code\"></a>"));
  EXPECT_TRUE(html_of_markdown("# a\"><b>").contains("<a id=\"ab\"></a>"));
}

}  // namespace
}  // namespace imp::web
