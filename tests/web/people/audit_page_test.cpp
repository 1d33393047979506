#include "web/fixture.h"

namespace imp::web {
namespace {

using AuditPageTest = WebTest;

TEST_F(AuditPageTest, OperatorsSeeEveryDecisionAndOthersNoPage) {
  person("root", true);
  const auto bob = person("bob");
  organization("acme", bob);
  const Answer hidden = signed_in("bob").get("/account/audit");
  EXPECT_EQ(hidden.status, 404);
  EXPECT_FALSE(hidden.has("organization.create"));
  EXPECT_FALSE(signed_in("bob").get("/account").has("/account/audit"));
  EXPECT_EQ((Browser{*this}.get("/account/audit").status), 303);

  Browser browser = signed_in("root");
  EXPECT_TRUE(browser.get("/account").has("/account/audit"));
  const Answer all = browser.get("/account/audit");
  EXPECT_EQ(all.status, 200);
  EXPECT_TRUE(all.has("account.create"));
  EXPECT_TRUE(all.has("organization.create"));
}

TEST_F(AuditPageTest, AnOrganisationsAdminsSeeItsOwn) {
  const auto ann = person("ann");
  organization("acme", ann);
  organization("other", person("bob"));
  const Answer page = signed_in("ann").get("/org/acme/audit?action=organization.");
  EXPECT_EQ(page.status, 200);
  EXPECT_TRUE(page.has("organization:acme"));
  EXPECT_FALSE(page.has("organization:other"));
  EXPECT_TRUE(page.has("action=\"/org/acme/audit\""));
  EXPECT_EQ(signed_in("bob").get("/org/acme/audit").status, 404);
}

TEST_F(AuditPageTest, FiltersAndPages) {
  person("root", true);
  const auto bob = person("bob");
  for (int i = 0; i < 60; ++i) organization("org-" + std::to_string(i), bob);
  Browser browser = signed_in("root");
  const Answer first = browser.get("/account/audit?action=organization.create");
  EXPECT_FALSE(first.has("account.create"));
  EXPECT_TRUE(first.has("organization:org-59"));
  EXPECT_FALSE(first.has("organization:org-9<"));
  const auto link = first.body.find("&amp;before=");
  ASSERT_NE(link, std::string::npos);
  const std::string before = first.body.substr(link + 12, first.body.find('"', link) - link - 12);
  const Answer second = browser.get("/account/audit?action=organization.create&before=" + before);
  EXPECT_TRUE(second.has("organization:org-9<"));
  EXPECT_FALSE(second.has("organization:org-59"));
  EXPECT_FALSE(second.has("&amp;before="));
  const Answer one = browser.get("/account/audit?subject=organization:org-7");
  EXPECT_TRUE(one.has("organization:org-7<"));
  EXPECT_FALSE(one.has("organization:org-8<"));
  EXPECT_TRUE(browser.get("/account/audit?action=%22%3E%3Cscript%3E").has("No record matches"));
  EXPECT_FALSE(browser.get("/account/audit?action=%22%3E%3Cscript%3E").has("\"><script>"));
}

}  // namespace
}  // namespace imp::web
