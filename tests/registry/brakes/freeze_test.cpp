#include "registry/brakes/freeze.h"

#include <boost/json.hpp>

#include "../packages/database_fixture.h"

namespace imp::registry {
namespace {

namespace json = boost::json;

class FreezeTest : public DatabaseTest {
 protected:
  void SetUp() override {
    DatabaseTest::SetUp();
    ASSERT_TRUE(database->migrate(brake_migrations()));
  }
  Result<Freeze> add(const FreezeTarget& target, std::string_view reason = "An incident.") {
    return database->write(
        [&](db::Session& session) { return add_freeze(session, target, reason, "system", now); });
  }
  /// The target of what covers the package; empty when nothing does.
  std::string covering(std::string_view name) {
    return read<std::string>([&](db::Session& session) {
      const auto freeze = freeze_of(session, PackageName::for_read(name).value());
      return freeze ? freeze->target.key() : std::string();
    });
  }
};

std::string target_of(std::string_view request) {
  const auto target = FreezeTarget::parse(json::parse(request).as_object());
  return target ? target->key() : std::string(target.error().code());
}

TEST(FreezeTarget, IsReadFromExactlyOneMember) {
  for (const auto& [request, expected] : {
           std::pair{R"({"package": "lib"})", "lib"},
           {R"({"package": "@acme/widget", "reason": "x"})", "@acme/widget"},
           {R"({"scope": "@acme"})", "@acme/"},
           {R"({"everything": true})", "/"},
           {R"({})", "invalid_freeze"},
           {R"({"everything": false})", "invalid_freeze"},
           {R"({"everything": "true"})", "invalid_freeze"},
           {R"({"package": "lib", "everything": true})", "invalid_freeze"},
           {R"({"package": 1})", "invalid_freeze"},
           {R"({"scope": "acme"})", "invalid_freeze"},
           {R"({"scope": "@"})", "invalid_freeze"},
           {R"({"scope": "@acme/widget"})", "invalid_freeze"},
           {R"({"scope": "@../x"})", "invalid_freeze"},
           // Names that some old packages could have: they reach no further than they say.
           {R"({"package": "*"})", "*"},
           {R"({"package": "@acme/*"})", "@acme/*"},
           {R"({"package": "../x"})", "invalid_package_name"},
           {R"({"package": "/"})", "invalid_package_name"},
           {R"({"package": "@acme/"})", "invalid_package_name"},
       }) {
    EXPECT_EQ(target_of(request), expected) << request;
  }
}

TEST(FreezeTarget, CoversWhatItSays) {
  const FreezeTarget scope = FreezeTarget::scope("@acme").value();
  EXPECT_TRUE(scope.covers("@acme/widget"));
  for (const char* other : {"@acme2/widget", "@acm/e", "acme", "lib"}) {
    EXPECT_FALSE(scope.covers(other)) << other;
  }
  const FreezeTarget package = FreezeTarget::package("@acme/widget").value();
  EXPECT_TRUE(package.covers("@acme/widget"));
  EXPECT_FALSE(package.covers("@acme/widget2"));
  EXPECT_TRUE(FreezeTarget::everything().covers("lib"));
  EXPECT_FALSE(FreezeTarget::package("*").value().covers("lib"));
  EXPECT_FALSE(FreezeTarget::package("@acme/*").value().covers("@acme/widget"));
  EXPECT_EQ(scope.text(), "the scope @acme");
  EXPECT_EQ(scope.subject(), "scope:@acme");
  EXPECT_EQ(package.subject(), "package:@acme/widget");
  EXPECT_EQ(FreezeTarget::everything().subject(), "registry");
}

TEST_F(FreezeTest, TheNarrowestIsTold) {
  EXPECT_EQ(covering("@acme/x"), "");
  ASSERT_TRUE(add(FreezeTarget::everything()));
  EXPECT_EQ(covering("@acme/x"), "/");
  ASSERT_TRUE(add(FreezeTarget::scope("@acme").value()));
  EXPECT_EQ(covering("@acme/x"), "@acme/");
  EXPECT_EQ(covering("@acme2/x"), "/");
  ASSERT_TRUE(add(FreezeTarget::package("@acme/x").value()));
  EXPECT_EQ(covering("@acme/x"), "@acme/x");
  EXPECT_EQ(covering("lib"), "/");
}

TEST_F(FreezeTest, IsOfOneTargetOnceAndEndsById) {
  const auto first = add(FreezeTarget::package("lib").value());
  ASSERT_TRUE(first);
  EXPECT_EQ(add(FreezeTarget::package("lib").value()).error().code(), "freeze_exists");
  const auto end = [&](const std::string& id) {
    return database->write([&](db::Session& session) { return remove_freeze(session, id); });
  };
  EXPECT_EQ(end("lib").error().code(), "freeze_not_found");
  EXPECT_EQ(end(first->id)->target.key(), "lib");
  EXPECT_EQ(end(first->id).error().code(), "freeze_not_found");
  EXPECT_EQ(covering("lib"), "");
}

TEST_F(FreezeTest, NeedsAReasonOfOneLine) {
  for (const std::string& reason :
       {std::string(), std::string("   "), std::string("a\nb"), std::string("\x1b[2J"),
        std::string("\xff"), std::string(501, 'x')}) {
    EXPECT_EQ(add(FreezeTarget::everything(), reason).error().code(), "invalid_freeze") << reason;
  }
  EXPECT_TRUE(add(FreezeTarget::everything(), std::string(500, 'x')));
}

}  // namespace
}  // namespace imp::registry
