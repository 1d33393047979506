#include "web/frame/fields.h"

#include <fmt/format.h>

#include "web/fixture.h"

namespace imp::web {
namespace {

using testing::HasSubstr;

class FieldsTest : public WebTest {
 protected:
  FieldsTest() {
    alice = person("alice");
    acme = organization("acme", alice);
    guard = ci_->services().contexts.create(acme.id, "guard", accounts::Actor::system()).value();
    publish("@acme/lib", "1.0.0", alice);
  }

  accounts::Person alice;
  accounts::Organization acme;
  ci::Context guard;
};

TEST_F(FieldsTest, ARefusedFormSaysWhichFieldOfWhichFormItWas) {
  Browser browser = signed_in("alice");
  enable_totp(alice);
  const std::string context = "/org/acme/contexts/" + guard.id;
  const std::string id = "11111111-2222-4333-8444-555555555555";
  const Fields publisher = {{"organization_id", id},
                            {"project_id", id},
                            {"pipeline_definition_id", id},
                            {"permission", "createPackage"}};
  Fields unconfirmed = publisher;
  unconfirmed.emplace_back("vcs_origin", "github.com/acme/lib");
  const struct {
    std::string form;
    Fields fields;
    std::string_view field, apart;
  } cases[] = {
      {"/org", {{"name", "No Such Name!"}}, "name display_name group token_name", "{}"},
      {"/org/acme/projects", {{"project_name", "/"}}, "project_name", "{}"},
      {"/org/acme/people", {{"person", "nobody"}, {"role", "member"}}, "person", "{}"},
      {"/org/acme/contexts", {{"context", "guard"}}, "context", "{}"},
      {context + "/variables",
       {{"variable", "1-bad"}, {"value", "secret"}},
       "variable",
       R"({&quot;variable&quot;:&quot;1-bad&quot;})"},
      {context + "/restrictions",
       {{"kind", "expression"}, {"value", "a ="}},
       "value",
       R"({&quot;kind&quot;:&quot;expression&quot;})"},
      {"/account/password", {{"new", "a"}, {"again", "b"}}, "again", "{}"},
      {"/account/password",
       {{"password", "wrong"}, {"new", "a"}, {"again", "a"}},
       "password",
       "{}"},
      {"/account/tokens", {{"token_name", "x"}}, "otp", "{}"},
      {"/account/tokens", {{"token_name", "x"}, {"otp", "000000"}}, "otp", "{}"},
      {"/package/@acme/lib/settings/publishers", publisher, "vcs_origin claims", "{}"},
      {"/package/@acme/lib/settings/publishers", unconfirmed, "otp", "{}"},
      {"/package/@acme/lib/hooks", {{"url", "ftp://x"}}, "url", "{}"},
      {"/package/@acme/lib/settings/check", {{"claims", "a = 1\na = 2"}}, "claims token", "{}"},
  };
  for (const auto& [form, fields, field, apart] : cases) {
    const Answer answer = browser.post(form, fields);
    EXPECT_GE(answer.status, 400) << form;
    EXPECT_THAT(answer.body,
                HasSubstr(fmt::format(R"(data-form="{}" data-apart="{}" data-field="{}")", form,
                                      apart, field)));
    EXPECT_FALSE(answer.has("value=\"secret\"")) << form;
    EXPECT_THAT(answer.body, HasSubstr("problem.js")) << form;
  }
  EXPECT_FALSE(browser.get("/org/acme").has("problem.js"));
}

TEST_F(FieldsTest, WhatWasTypedIsKept) {
  Browser browser = signed_in("alice");
  enable_totp(alice);
  const struct {
    std::string form;
    Fields fields;
    std::vector<std::string> kept;
  } cases[] = {
      {"/account/profile",
       {{"fullname", "Alice A."}, {"email", "a@b.example"}, {"otp", "000000"}},
       {"value=\"Alice A.\"", "value=\"a@b.example\""}},
      {"/org/acme/people",
       {{"person", "nobody"}, {"role", "admin"}},
       {"value=\"nobody\"", "value=\"admin\" selected", "<details open>"}},
      {"/org/acme/groups", {{"group", std::string(300, 'g')}}, {std::string(300, 'g')}},
      {"/org/acme/projects",
       {{"project_name", "/"}, {"default_branch", "trunk"}},
       {"value=\"trunk\""}},
  };
  for (const auto& [form, fields, kept] : cases) {
    const Answer answer = browser.post(form, fields);
    EXPECT_GE(answer.status, 400) << form;
    for (const std::string& text : kept) EXPECT_THAT(answer.body, HasSubstr(text)) << form;
  }
  // Not in other forms of the page.
  EXPECT_FALSE(browser.post("/account/password", {{"email", "a@b.example"}}).has("a@b.example"));
}

TEST_F(FieldsTest, ANameThatCannotBeIsSaidWhereItIsTyped) {
  Browser browser = signed_in("alice");
  const Answer answer = browser.get("/account/prepared?name=Bad%20Name");
  EXPECT_EQ(answer.status, 400);
  EXPECT_THAT(answer.body, HasSubstr("role=\"alert\""));
  EXPECT_THAT(answer.body, HasSubstr("value=\"Bad Name\""));
}

TEST_F(FieldsTest, TheCodeOfANewFactorHasAFieldOfItsOwn) {
  const accounts::Person bob = person("bob");
  Browser browser = signed_in("bob");
  ASSERT_TRUE(accounts_->second_factors.begin_totp(
      bob, accounts::Actor{.person_id = bob.id, .name = bob.name}));
  const Answer answer = browser.post("/account/second-factor/confirm", {{"code", "000000"}});
  EXPECT_THAT(answer.body, HasSubstr(R"(data-apart="{}" data-field="code")"));
}

TEST_F(FieldsTest, MembersCannotFindOutWhichAccountsExist) {
  const auto bob = person("bob");
  person("carol");
  ASSERT_TRUE(accounts_->organizations.set_member(acme, bob, accounts::Role::member,
                                                  accounts::Actor::system()));
  Browser member = signed_in("bob");
  const Answer existing = member.post("/org/acme/people/remove", {{"person", "carol"}});
  const Answer absent = member.post("/org/acme/people/remove", {{"person", "nobody"}});
  EXPECT_EQ(existing.status, 403);
  EXPECT_EQ(absent.status, 403);
  // But everybody may leave.
  EXPECT_EQ(member.post("/org/acme/people/remove", {{"person", "bob"}}).status, 303);
}

}  // namespace
}  // namespace imp::web
