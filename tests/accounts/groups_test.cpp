#include <gmock/gmock.h>

#include "fixture.h"

namespace imp::accounts {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

class GroupsTest : public AccountsTest {
 protected:
  Person alice_ = person("alice"), bob_ = person("bob"), eve_ = person("eve");
  Organization acme_ = organization("acme", alice_);
  Groups& groups_ = accounts_->groups;
};

TEST_F(GroupsTest, MembersCarryTheirGroupsAndTheWholeOrganisation) {
  ASSERT_TRUE(accounts_->organizations.set_member(acme_, bob_, Role::member, actor(alice_)));
  const auto release = groups_.create(acme_, "release", actor(alice_));
  const auto quality = groups_.create(acme_, "quality", actor(alice_));
  ASSERT_TRUE(groups_.add(acme_, *release, bob_, actor(alice_)).value());
  EXPECT_FALSE(groups_.add(acme_, *release, bob_, actor(alice_)).value());
  EXPECT_THAT(groups_.ids_of(acme_.id, bob_.id).value(),
              UnorderedElementsAre(acme_.id, release->id));
  EXPECT_THAT(groups_.ids_of(acme_.id, alice_.id).value(), ElementsAre(acme_.id));
  EXPECT_THAT(groups_.ids_of(acme_.id, eve_.id).value(), IsEmpty());
  EXPECT_THAT(groups_.ids_of("", "").value(), IsEmpty());
  ASSERT_EQ(groups_.members(*release)->size(), 1u);
  EXPECT_EQ(groups_.members(*release)->front().name, "bob");
  EXPECT_EQ(groups_.list(acme_.id)->size(), 2u);
  EXPECT_EQ(groups_.by_name(acme_.id, "quality")->id, quality->id);

  EXPECT_TRUE(groups_.remove_person(acme_, *release, bob_, actor(alice_)).value());
  EXPECT_FALSE(groups_.remove_person(acme_, *release, bob_, actor(alice_)).value());
  EXPECT_THAT(groups_.ids_of(acme_.id, bob_.id).value(), ElementsAre(acme_.id));
}

TEST_F(GroupsTest, StrangersCannotBeAdded) {
  const auto release = groups_.create(acme_, "release", actor(alice_));
  EXPECT_EQ(code_of(groups_.add(acme_, *release, eve_, actor(alice_))), "member_not_found");
}

TEST_F(GroupsTest, OnlyAdminsOfTheOrganisationChangeThem) {
  ASSERT_TRUE(accounts_->organizations.set_member(acme_, bob_, Role::member, actor(alice_)));
  const auto release = groups_.create(acme_, "release", actor(alice_));
  for (const Actor& actor : {actor(bob_), actor(eve_), Actor::anonymous("192.0.2.1")}) {
    EXPECT_EQ(code_of(groups_.create(acme_, "x", actor)), "organization_forbidden");
    EXPECT_EQ(code_of(groups_.add(acme_, *release, bob_, actor)), "organization_forbidden");
    EXPECT_EQ(code_of(groups_.remove_person(acme_, *release, bob_, actor)),
              "organization_forbidden");
    EXPECT_EQ(code_of(groups_.remove(acme_, *release, actor)), "organization_forbidden");
  }
}

TEST_F(GroupsTest, AGroupOfAnotherOrganisationIsOutOfReach) {
  // Eve administers her own organisation and names acme's group in her requests.
  const Organization evil = organization("evil", eve_);
  const auto release = groups_.create(acme_, "release", actor(alice_));
  EXPECT_EQ(code_of(groups_.by_id(evil.id, release->id)), "group_not_found");
  EXPECT_EQ(code_of(groups_.add(evil, *release, eve_, actor(eve_))), "group_not_found");
  EXPECT_EQ(code_of(groups_.remove(evil, *release, actor(eve_))), "group_not_found");
  EXPECT_FALSE(groups_.remove_person(evil, *release, alice_, actor(eve_)).value());
  EXPECT_TRUE(groups_.by_id(acme_.id, release->id));
}

TEST_F(GroupsTest, Names) {
  const std::string bad[] = {"",     std::string(101, 'x'), " a",         "a ", "a/b", "a:b", "a\n",
                             "\xff", "All members",         "all MEMBERS"};
  for (const std::string& name : bad) {
    EXPECT_EQ(code_of(groups_.create(acme_, name, actor(alice_))), "name_invalid") << name;
  }
  EXPECT_TRUE(groups_.create(acme_, "Release managers", actor(alice_)));
  EXPECT_EQ(code_of(groups_.create(acme_, "Release managers", actor(alice_))), "group_exists");
  EXPECT_TRUE(groups_.create(organization("corp", alice_), "Release managers", actor(alice_)));
}

TEST_F(GroupsTest, ARemovedGroupIsGoneFromItsMembers) {
  const auto release = groups_.create(acme_, "release", actor(alice_));
  ASSERT_TRUE(groups_.add(acme_, *release, alice_, actor(alice_)));
  ASSERT_TRUE(groups_.remove(acme_, *release, actor(alice_)));
  EXPECT_THAT(groups_.ids_of(acme_.id, alice_.id).value(), ElementsAre(acme_.id));
  EXPECT_EQ(code_of(groups_.remove(acme_, *release, actor(alice_))), "group_not_found");
}

}  // namespace
}  // namespace imp::accounts
