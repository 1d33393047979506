#include "web/fixture.h"

namespace imp::web {
namespace {

class HomeTest : public WebTest {
 protected:
  std::string home(const std::string& name) { return signed_in(name).get("/").body; }

  accounts::Person ada = person("ada", true), bob = person("bob");
};

TEST_F(HomeTest, ListsTheOrganisationsThatOneIsAMemberOf) {
  organization("acme", bob);
  EXPECT_THAT(home("bob"), testing::HasSubstr("@acme · admin"));
  EXPECT_THAT(home("bob"), testing::Not(testing::HasSubstr("server's administrator")));
}

// Nobody looks at the projects and packages of hundreds of organisations to show one's own.
TEST_F(HomeTest, NamesTheOthersToAnAdministratorOfTheServer) {
  organization("own", ada);
  EXPECT_THAT(home("ada"), testing::Not(testing::HasSubstr("server's administrator")));
  organization("acme", bob);
  organization("beta", bob);
  const std::string page = home("ada");
  EXPECT_THAT(page, testing::HasSubstr("@own · admin"));
  EXPECT_THAT(page, testing::HasSubstr("2 organisations that you administer as the server"));
  EXPECT_THAT(page, testing::HasSubstr(R"(<a href="/org/acme">@acme</a>)"));
  EXPECT_THAT(page, testing::Not(testing::HasSubstr("@acme · ")));
}

}  // namespace
}  // namespace imp::web
