#include "registry/trust/attempt.h"

#include "base/uuid.h"
#include "trust_fixture.h"

namespace imp::trust::test {
namespace {

class AttemptTest : public TrustTest {
 protected:
  void record(std::string outcome, bool proved, std::string_view name = "@acme/widget") {
    clock.advance(Milliseconds(1));
    Attempt attempt;
    attempt.id = new_uuid();
    attempt.package_name = name;
    attempt.at = clock.now();
    attempt.action = "exchange";
    attempt.outcome = std::move(outcome);
    attempt.issuer = kBase;
    attempt.proved = proved;
    const auto done = write([&](db::Session& session) -> Result<void> {
      record_attempt(session, attempt);
      return {};
    });
    ASSERT_TRUE(done) << done.error().detail;
  }
};

TEST_F(AttemptTest, TheLastHundredAreKept) {
  for (int i = 0; i < kKeptAttempts + 30; ++i) record("try-" + std::to_string(i), true);
  const auto kept = attempts();
  ASSERT_EQ(kept.size(), static_cast<std::size_t>(kKeptAttempts));
  EXPECT_EQ(kept.front().outcome, "try-129");
  EXPECT_EQ(kept.back().outcome, "try-30");
}

TEST_F(AttemptTest, StrangersCannotPushOutTheOthers) {
  record("granted", true);
  for (int i = 0; i < 200; ++i) record("bad_signature", false);
  const auto kept = attempts();
  EXPECT_EQ(kept.size(), static_cast<std::size_t>(kKeptUnproved) + 1);
  EXPECT_EQ(kept.back().outcome, "granted");
}

TEST_F(AttemptTest, ArePerPackage) {
  add_package("@acme/other");
  record("granted", true, "@acme/other");
  for (int i = 0; i < kKeptAttempts + 1; ++i) record("granted", true);
  EXPECT_EQ(attempts("@acme/other").size(), 1u);
  EXPECT_TRUE(attempts("@acme/absent").empty());
}

TEST_F(AttemptTest, KeepTheComparison) {
  const auto expected = required(publisher_claims()).value();
  const json::object line = comparison_json(
      kOther, compare(expected, changed(job_claims(), claim("vcs-origin"), "\"github.com/a/b\"")));
  EXPECT_EQ(line.at("publisher"), json::value(kOther));
  const json::object origin = line.at("claims").as_array().at(3).as_object();
  EXPECT_EQ(origin.at("claim"), json::value(claim("vcs-origin")));
  EXPECT_EQ(origin.at("expected"), json::value(kOrigin));
  EXPECT_EQ(origin.at("received"), json::value("github.com/a/b"));
  EXPECT_EQ(origin.at("agreed"), json::value(false));
}

}  // namespace
}  // namespace imp::trust::test
