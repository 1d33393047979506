#include <gmock/gmock.h>
#include <atomic>

#include <thread>

#include "fixture.h"

namespace imp::accounts {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::Not;

class OrganizationsTest : public AccountsTest {
 protected:
  OrganizationsTest() : AccountsTest(true) {}
};

TEST_F(OrganizationsTest, FounderIsAdminAndItIsFoundByEverything) {
  const Person alice = person("alice");
  const auto acme = accounts_->organizations.create(
      {.name = "acme", .display_name = "Acme Inc.", .vcs_type = "github"}, alice, actor(alice));
  ASSERT_TRUE(acme);
  EXPECT_EQ(acme->slug, "gh/acme");
  auto& organizations = accounts_->organizations;
  for (const std::string& key : {acme->id, std::string("acme"), std::string("@acme"),
                                 std::string("gh/acme"), std::string("github/acme")}) {
    EXPECT_EQ(organizations.by_any(key)->id, acme->id) << key;
  }
  EXPECT_EQ(code_of(organizations.by_any("gh/other")), "organization_not_found");
  EXPECT_EQ(code_of(organizations.by_any("githubx/acme")), "organization_not_found");
  EXPECT_EQ(organizations.role(acme->id, alice.id).value(), Role::admin);
  ASSERT_EQ(organizations.of_person(alice.id)->size(), 1u);
  EXPECT_EQ(organizations.of_person(alice.id)->front().organization.display_name, "Acme Inc.");
}

TEST_F(OrganizationsTest, SlugsByKindOfOrigin) {
  const Person alice = person("alice");
  const auto create = [&](std::string name, std::string vcs) {
    return accounts_->organizations.create({.name = std::move(name), .vcs_type = std::move(vcs)},
                                           alice, actor(alice));
  };
  const auto standalone = create("one", "circleci");
  EXPECT_EQ(standalone->slug, "circleci/" + standalone->id);
  EXPECT_EQ(create("two", "bitbucket")->slug, "bb/two");
  EXPECT_EQ(code_of(create("three", "gitlab")), "name_invalid");
}

TEST_F(OrganizationsTest, NamesAreSharedWithPeople) {
  const Person alice = person("alice");
  for (const char* name : {"alice", "Acme", "a/b", ""}) {
    EXPECT_FALSE(accounts_->organizations.create({.name = name}, alice, actor(alice))) << name;
  }
  organization("acme", alice);
  EXPECT_EQ(code_of(accounts_->organizations.create({.name = "acme"}, alice, actor(alice))),
            "name_taken");
}

TEST_F(OrganizationsTest, OnlyAdminsChangeMembers) {
  const Person alice = person("alice"), bob = person("bob"), eve = person("eve");
  const Person root = person("root", true);
  const Organization acme = organization("acme", alice);
  auto& organizations = accounts_->organizations;
  ASSERT_TRUE(organizations.set_member(acme, bob, Role::member, actor(alice)).value());
  EXPECT_FALSE(organizations.set_member(acme, bob, Role::member, actor(alice)).value());
  const Actor nobody = Actor::anonymous("192.0.2.1");
  for (const Actor& actor : {actor(bob), actor(eve), nobody}) {
    EXPECT_EQ(code_of(organizations.set_member(acme, eve, Role::admin, actor)),
              "organization_forbidden");
    EXPECT_EQ(code_of(organizations.remove_member(acme, alice, actor)), "organization_forbidden");
    EXPECT_EQ(code_of(organizations.rename(acme, "Evil", actor)), "organization_forbidden");
  }
  // A member cannot promote themselves either.
  EXPECT_EQ(code_of(organizations.set_member(acme, bob, Role::admin, actor(bob))),
            "organization_forbidden");
  EXPECT_TRUE(organizations.set_member(acme, eve, Role::member, actor(root)));
  EXPECT_TRUE(organizations.set_member(acme, eve, Role::admin, Actor::system()));
  EXPECT_EQ(organizations.role(acme.id, eve.id).value(), Role::admin);
}

TEST_F(OrganizationsTest, TheLastAdminNeitherLeavesNorStepsDown) {
  const Person alice = person("alice"), bob = person("bob");
  const Organization acme = organization("acme", alice);
  auto& organizations = accounts_->organizations;
  EXPECT_EQ(code_of(organizations.remove_member(acme, alice, actor(alice))), "last_admin");
  EXPECT_EQ(code_of(organizations.set_member(acme, alice, Role::member, actor(alice))),
            "last_admin");
  ASSERT_TRUE(organizations.set_member(acme, bob, Role::member, actor(alice)));
  EXPECT_EQ(code_of(organizations.remove_member(acme, alice, actor(alice))), "last_admin");
  ASSERT_TRUE(organizations.set_member(acme, bob, Role::admin, actor(alice)));
  EXPECT_TRUE(organizations.remove_member(acme, alice, actor(alice)));
  EXPECT_EQ(organizations.role(acme.id, alice.id).value(), std::nullopt);
}

TEST_F(OrganizationsTest, TwoAdminsLeavingAtOnceCannotBothGo) {
  const Person alice = person("alice"), bob = person("bob");
  for (int round = 0; round < 10; ++round) {
    const Organization org = organization("org" + std::to_string(round), alice);
    ASSERT_TRUE(accounts_->organizations.set_member(org, bob, Role::admin, actor(alice)));
    std::atomic<int> left = 0;
    {
      std::vector<std::jthread> threads;
      for (const Person* person : {&alice, &bob}) {
        threads.emplace_back([&, person] {
          if (accounts_->organizations.remove_member(org, *person, actor(*person))) ++left;
        });
      }
    }
    EXPECT_EQ(left, 1);
  }
}

TEST_F(OrganizationsTest, RemovalTakesGroupsAndAsksTheListeners) {
  const Person alice = person("alice"), bob = person("bob");
  const Organization acme = organization("acme", alice), corp = organization("corp", alice);
  auto& organizations = accounts_->organizations;
  for (const Organization& org : {acme, corp}) {
    ASSERT_TRUE(organizations.set_member(org, bob, Role::member, actor(alice)));
    const auto group = accounts_->groups.create(org, "release", actor(alice));
    ASSERT_TRUE(accounts_->groups.add(org, *group, bob, actor(alice)).value());
  }
  std::vector<std::string> heard;
  organizations.on_member_removed([&](db::Session& session, const Organization& org,
                                      const Person& person, const Actor&) -> Result<AfterRemoval> {
    // The listener sees the state after the removal, in the same transaction.
    EXPECT_FALSE(role_of(session, org.id, person.id));
    heard.push_back(person.name + " left " + org.name);
    return [&, id = org.id] {
      EXPECT_FALSE(organizations.role(id, bob.id).value()) << "not before it is durable";
      heard.push_back("afterwards");
    };
  });
  organizations.on_member_removed([](db::Session&, const Organization&, const Person&,
                                     const Actor&) -> Result<AfterRemoval> { return nullptr; });
  ASSERT_TRUE(organizations.remove_member(acme, bob, actor(bob)));  // members may leave
  EXPECT_THAT(heard, ElementsAre("bob left acme", "afterwards"));
  EXPECT_TRUE(accounts_->groups.ids_of(acme.id, bob.id)->empty());
  EXPECT_EQ(accounts_->groups.ids_of(corp.id, bob.id)->size(), 2u);
  EXPECT_EQ(code_of(organizations.remove_member(acme, bob, actor(alice))), "member_not_found");
}

TEST_F(OrganizationsTest, AFailingListenerUndoesTheRemoval) {
  const Person alice = person("alice"), bob = person("bob");
  const Organization acme = organization("acme", alice);
  auto& organizations = accounts_->organizations;
  ASSERT_TRUE(organizations.set_member(acme, bob, Role::member, actor(alice)));
  organizations.on_member_removed(
      [](db::Session&, const Organization&, const Person&, const Actor&) -> Result<AfterRemoval> {
        return refuse(AccountRefusal::too_busy, "Not now.");
      });
  EXPECT_EQ(code_of(organizations.remove_member(acme, bob, actor(alice))), "too_busy");
  EXPECT_EQ(organizations.role(acme.id, bob.id).value(), Role::member);
  EXPECT_THAT(audited(), Not(Contains("organization.member_remove")));
}

TEST(Role, NpmRoles) {
  EXPECT_EQ(role_from_npm("owner"), Role::admin);
  EXPECT_EQ(role_from_npm("admin"), Role::admin);
  EXPECT_EQ(role_from_npm("developer"), Role::member);
  for (const char* word : {"", "Owner", "member", "root"}) EXPECT_FALSE(role_from_npm(word));
  EXPECT_EQ(npm_role(Role::admin), "admin");
  EXPECT_EQ(npm_role(Role::member), "developer");
}

}  // namespace
}  // namespace imp::accounts
