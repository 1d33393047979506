#include "registry/api/refusals.h"
#include "registry/api/registry_fixture.h"

// Refusals beyond the limit on records: what the log and "Publish attempts" say of them.

namespace imp::registry::test {
namespace {

using Lines = std::vector<std::string>;
using Which = audit::Suppressed::Which;

class SuppressedRefusals : public RegistryTest {
 protected:
  SuppressedRefusals() {
    EXPECT_EQ(publish(alice.token, "@acme/lib", "1.0.0").status, 201);
    trust_job("@acme/lib", {true, true, false});
  }
  void window_ends() {
    clock_.advance(accounts::kThrottleWindow);
    EXPECT_TRUE(accounts_->tidy());
  }
  /// "action message" of the attempts that stand for many, the newest first.
  Lines suppressed_attempts(std::string_view package) {
    Lines lines;
    for (const trust::Attempt& attempt : attempts(package)) {
      if (attempt.outcome == "suppressed") {
        lines.push_back(attempt.action + " " + attempt.message.substr(0, 20));
      }
    }
    return lines;
  }

  User alice = add_user("alice"), mallory = add_user("mallory");
  accounts::Organization acme = add_organization("acme", alice);
};

TEST_F(SuppressedRefusals, AreCountedInTheLogAsOften) {
  for (int i = 0; i < 150; ++i) EXPECT_EQ(publish("", "@acme/lib", "1.1.0").status, 401);
  window_ends();
  EXPECT_TRUE(
      counted("registry_refusals_total{action=\"package.publish\",code=\"not_signed_in\"} 150"));
  const Lines records = audited("package.publish", acme.id);
  EXPECT_EQ(std::ranges::count(records, "package.publish not_signed_in"), 100);
  EXPECT_EQ(std::ranges::count(records, "package.publish suppressed"), 1);
  EXPECT_EQ(audit_detail("package.publish").at("count"), json::value(50));
  EXPECT_EQ(audit_detail("package.publish").at("codes"),
            json::value(json::object{{"not_signed_in", 50}}));
  EXPECT_EQ(suppressed_attempts("@acme/lib"), Lines{"publish 50 more were refused"});
}

// One address and one limit, but each what it is about.
TEST_F(SuppressedRefusals, AreToldApartByWhatTheyAreAbout) {
  const std::string token = publish_token("@acme/lib");
  for (int i = 0; i < 100; ++i) publish("", "@acme/lib", "1.1.0");
  EXPECT_EQ(publish(mallory.token, "@acme/lib", "1.1.0").status, 403);
  EXPECT_EQ(publish(token, "@acme/lib", "1.0.0").outcome(), "403 version_already_published");
  EXPECT_EQ(ask({.method = Method::put,
                 .target = "/-/package/@acme%2flib/dist-tags/x",
                 .token = token,
                 .body = "\"1.0.0\""})
                .status,
            403);
  EXPECT_EQ(get("/-/package/@acme%2flib/trust", mallory.token).status, 403);
  accounts_->trail.refused(accounts::Actor::anonymous("192.0.2.1", "r"), "authenticate", "",
                           Failure{{"token_invalid", FailureKind::unauthenticated}, "No.", {}});
  window_ends();
  EXPECT_EQ(suppressed_attempts("@acme/lib").size(), 3u);
  EXPECT_EQ(count("SELECT COUNT(*) FROM audit_records WHERE outcome = 'suppressed' AND "
                  "organization IS NULL"),
            1);  // that of accounts
  EXPECT_EQ(count("SELECT COUNT(*) FROM audit_records WHERE outcome = 'suppressed'"), 5);
  EXPECT_EQ(count("SELECT COUNT(*) FROM publish_attempt WHERE outcome = 'suppressed' AND "
                  "proved = 1"),
            2);  // those of the job
}

TEST_F(SuppressedRefusals, OfANameWithoutAPackageAreNoAttempts) {
  for (int i = 0; i < 101; ++i) publish("", "@acme/none", "1.0.0");
  window_ends();
  EXPECT_EQ(suppressed_attempts("@acme/none"), Lines());
  EXPECT_EQ(audited("package.publish", acme.id).back(), "package.publish suppressed");
}

}  // namespace
}  // namespace imp::registry::test
