#include "registry/api/registry_fixture.h"

namespace imp::registry::test {
namespace {

/// npm 11 reads `error` alone, the exchange `message` alone: each refusal has to carry both.
class RefusalBodies : public RegistryTest {};

void expect_both_keys(const Answer& answer, const std::string& what) {
  ASSERT_GE(answer.status, 400) << what << " " << answer.body;
  EXPECT_LT(answer.status, 500) << what << " " << answer.body;
  EXPECT_EQ(answer.header("content-type"), "application/json") << what;
  EXPECT_FALSE(answer.text("error").empty()) << what << " " << answer.body;
  EXPECT_EQ(answer.text("error"), answer.text("message")) << what;
  EXPECT_FALSE(answer.text("code").empty()) << what;
  EXPECT_TRUE(answer.text("help").starts_with("/-/docs/")) << what;
}

constexpr std::string_view kMethods[] = {"GET", "POST", "PUT", "DELETE"};

TEST_F(RefusalBodies, CarryErrorAndMessageWhereverTheyComeFrom) {
  User alice = add_user("alice", true);
  const User mallory = add_user("mallory");
  ASSERT_EQ(publish(alice.token, "@alice/lib", "1.0.0", otp(alice)).status, 201);
  trust_job("@alice/lib", {false, true, false});
  const std::string job = publish_token("@alice/lib");
  accounts::NewToken read_only;
  read_only.reach.all_packages = true;
  const std::vector<std::pair<std::string, std::string>> credentials = {
      {"nobody", ""},
      {"a wrong token", "imp_wrong"},
      {"a wrong publish token", "imp_pub_wrong"},
      {"a stranger", mallory.token},
      {"the owner without code", alice.token},
      {"a limited token", granular_token(alice, read_only)},
      {"a job", job}};
  const std::vector<std::string> paths = {"/@alice%2flib",
                                          "/@alice%2fabsent",
                                          "/.hidden",
                                          "/@alice%2flib/9.9.9",
                                          "/@alice%2flib/-/lib-9.9.9.tgz",
                                          "/@alice%2flib/-rev/0-stale",
                                          "/@alice%2flib/-/lib-1.0.0.tgz/-rev/0-stale",
                                          "/-/package/@alice%2flib/dist-tags",
                                          "/-/package/@alice%2flib/dist-tags/1.0",
                                          "/-/package/@alice%2flib/access",
                                          "/-/package/@alice%2flib/collaborators",
                                          "/-/package/@alice%2fabsent/visibility",
                                          "/-/package/@alice%2flib/trust",
                                          "/-/package/@alice%2flib/trust/unknown",
                                          exchange_path("@alice/lib"),
                                          "/-/stage",
                                          "/-/stage/unknown",
                                          "/-/stage/0a1b2c3d-1111-4111-8111-111111111111",
                                          "/-/stage/0a1b2c3d-1111-4111-8111-111111111111/approve",
                                          "/-/stage/0a1b2c3d-1111-4111-8111-111111111111/tarball",
                                          "/-/stage/package/@alice%2flib",
                                          "/-/v1/done/unknown",
                                          "/-/user/org.couchdb.user:alice",
                                          "/-/user/nobody",
                                          "/-/user/token/unknown",
                                          "/-/whoami",
                                          "/-/npm/v1/user",
                                          "/-/npm/v1/tokens",
                                          "/-/org/unknown/user",
                                          "/-/org/unknown/team",
                                          "/-/org/unknown/package",
                                          "/-/team/unknown/unknown",
                                          "/-/team/unknown/unknown/user",
                                          "/-/user/unknown/package",
                                          "/-/npm/v1/tokens/token/unknown",
                                          "/-/nothing/here",
                                          "/%zz"};
  const std::vector<Method> methods = {Method::get, Method::post, Method::put, Method::del};
  int refusals = 0;
  for (const auto& [who, token] : credentials) {
    for (const std::string& path : paths) {
      for (std::size_t i = 0; i < methods.size(); ++i) {
        const std::string body = methods[i] == Method::get ? "" : "[\"not what is expected\"]";
        const Answer answer =
            ask({.method = methods[i], .target = path, .token = token, .body = body});
        if (answer.status < 400) continue;
        expect_both_keys(answer, std::string(kMethods[i]) + " " + path + " by " + who);
        ++refusals;
      }
    }
  }
  EXPECT_GT(refusals, 600);
}

TEST_F(RefusalBodies, OfIdentityCarryANotice) {
  User alice = add_user("alice");
  ASSERT_EQ(publish(alice.token, "@alice/lib", "1.0.0").status, 201);
  const User mallory = add_user("mallory");
  for (const std::string& token : {std::string(), std::string("imp_pub_wrong"), mallory.token}) {
    const Answer answer = publish(token, "@alice/lib", "1.1.0");
    EXPECT_FALSE(answer.header("npm-notice").empty());
  }
}

TEST_F(RefusalBodies, OfAStoreThatIsStoppingAreRefusalsToo) {
  const User alice = add_user("alice");
  ASSERT_EQ(get("/-/whoami", alice.token).status, 200);
  database_->stop();
  for (const Answer& answer :
       {get("/@alice%2flib"), exchange(identity_token(), "@alice/lib"),
        publish(alice.token, "@alice/lib", "1.0.0"), get("/-/stage", alice.token)}) {
    EXPECT_EQ(answer.status, 503) << answer.body;
    EXPECT_FALSE(answer.text("error").empty());
    EXPECT_EQ(answer.text("error"), answer.text("message"));
  }
}

}  // namespace
}  // namespace imp::registry::test
