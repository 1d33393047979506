#include "registry/packages/access.h"

#include <gtest/gtest.h>

namespace imp::registry {
namespace {

Caller person(std::string name, std::vector<Membership> organizations = {}) {
  return {std::move(name), std::move(organizations), std::nullopt};
}
Caller exchanged(std::string package) { return {"", {}, std::move(package)}; }

struct Row {
  const char* who;
  Caller caller;
  bool read_open, read_restricted, write, administer;
};

TEST(Access, ByCaller) {
  Caller both = exchanged("@other/pkg");  // a person's name must not widen such a token
  both.person = "ann";
  both.organizations = {{"org-acme", true}};
  const std::vector<Row> table = {
      {"anonymous", {}, true, false, false, false},
      {"stranger", person("eve"), true, false, false, false},
      {"maintainer", person("ann"), true, true, true, true},
      {"case differs", person("Ann"), true, false, false, false},
      {"member", person("bob", {{"org-acme", false}}), true, true, true, false},
      {"admin", person("cat", {{"org-acme", true}}), true, true, true, true},
      {"member of another", person("dan", {{"org-other", true}}), true, false, false, false},
      {"exchanged for it", exchanged("@acme/pkg"), true, true, true, false},
      {"exchanged for another of the scope", exchanged("@acme/pkg2"), true, false, false, false},
      {"exchanged, with a maintainer's name", both, true, false, false, false},
  };
  PackageAccess package{"@acme/pkg", "org-acme", Access::open, {"ann"}};
  for (const Row& row : table) {
    package.access = Access::open;
    EXPECT_EQ(may_read(row.caller, package), row.read_open) << row.who;
    package.access = Access::restricted;
    EXPECT_EQ(may_read(row.caller, package), row.read_restricted) << row.who;
    EXPECT_EQ(may_write(row.caller, package), row.write) << row.who;
    EXPECT_EQ(may_administer(row.caller, package), row.administer) << row.who;
  }
}

TEST(Access, NobodyIsNoMaintainer) {
  // An empty name in the list must not let anonymous callers in.
  const PackageAccess package{"pkg", std::nullopt, Access::restricted, {""}};
  EXPECT_FALSE(may_read({}, package));
  EXPECT_FALSE(may_write({}, package));
}

TEST(Access, PackageWithoutOwnerHasNoMembers) {
  const PackageAccess package{"pkg", std::nullopt, Access::restricted, {"ann"}};
  EXPECT_FALSE(may_write(person("bob", {{"", true}}), package));
}

TEST(Access, Creating) {
  const auto scoped = PackageName::for_new("@acme/pkg").value();
  const auto plain = PackageName::for_new("pkg").value();
  const auto own = PackageName::for_new("@ann/pkg").value();
  EXPECT_TRUE(may_create(person("ann"), plain, std::nullopt));
  EXPECT_FALSE(may_create({}, plain, std::nullopt));
  EXPECT_TRUE(may_create(person("bob", {{"org-acme", false}}), scoped, "org-acme"));
  EXPECT_FALSE(may_create(person("bob", {{"org-other", true}}), scoped, "org-acme"));
  EXPECT_FALSE(may_create(person("bob"), scoped, std::nullopt));
  EXPECT_TRUE(may_create(person("ann"), own, std::nullopt));
  // An organisation of the person's name wins: its members alone.
  EXPECT_FALSE(may_create(person("ann"), own, "org-ann"));
  EXPECT_TRUE(may_create(exchanged("pkg"), plain, std::nullopt));
  EXPECT_FALSE(may_create(exchanged("pkg"), scoped, "org-acme"));
}

TEST(Access, Words) {
  EXPECT_EQ(access_from("public"), Access::open);
  EXPECT_EQ(access_from("restricted"), Access::restricted);
  EXPECT_EQ(access_from("private"), Access::restricted);
  EXPECT_FALSE(access_from("Public"));
  EXPECT_FALSE(access_from(""));
  EXPECT_EQ(name(Access::restricted), "restricted");
}

}  // namespace
}  // namespace imp::registry
